package dialog

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form/input"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Question asks for a yes or a no.
type Question struct {
	ID string
	Heading
	// Yes and No say what the answers do: "delete it", "keep it".
	Yes, No string
	// Typed, if not empty, has to be typed for a yes.
	Typed string
}

// QuestionPane shows a Question.
type QuestionPane struct {
	frame
	q     Question
	input *input.Input // only if something has to be typed
	yes   bool         // the selected answer
	note  string
}

// NewQuestion returns a pane with no as the selected answer.
func NewQuestion(s *styles.Styles, q Question) *QuestionPane {
	p := &QuestionPane{frame: newFrame(s, q.Heading), q: q}
	if q.Typed != "" {
		p.input = input.New(s)
		p.heading.Text = append(append([]string(nil), q.Text...), fmt.Sprintf("Type %s to %s.", q.Typed, q.Yes))
	}
	return p
}

// SetStyles sets the styles.
func (p *QuestionPane) SetStyles(s *styles.Styles) {
	p.s = s
	if p.input != nil {
		p.input.SetStyles(s)
	}
}

// SetSize sets the room. The dialog takes Height rows of it.
func (p *QuestionPane) SetSize(w, h int) {
	p.resize(w, h)
	if p.input != nil {
		p.input.SetWidth(p.inputWidth())
	}
}

func (p *QuestionPane) inputWidth() int {
	return min(max(p.w-len(prompt), 0), ansi.StringWidth(p.q.Typed)+2)
}

const prompt = "> "

// Height is the number of rows of View.
func (p *QuestionPane) Height() int { return p.height(1) }

// Update takes keys and pasted text.
func (p *QuestionPane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.PasteMsg:
		if p.input != nil && !p.done {
			p.input.Paste(msg.Content)
			p.note = ""
		}
	}
	return nil
}

// HandleKey takes a key and reports whether it belongs to the dialog.
func (p *QuestionPane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.done {
		return nil, modal(k)
	}
	switch k.String() {
	case "esc":
		return p.answer(Answered{p.q.ID, false}), true
	case "up":
		p.scroll(-1, 1)
		return nil, true
	case "down":
		p.scroll(1, 1)
		return nil, true
	}
	if p.input != nil {
		return p.typeKey(k)
	}
	switch k.String() {
	case "y", "Y":
		return p.answer(Answered{p.q.ID, true}), true
	case "n", "N":
		return p.answer(Answered{p.q.ID, false}), true
	case "enter":
		return p.answer(Answered{p.q.ID, p.yes}), true
	case "left", "right", "tab", "shift+tab":
		p.yes = !p.yes
		return nil, true
	}
	return nil, modal(k)
}

func (p *QuestionPane) typeKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if k.String() != "enter" {
		if p.input.HandleKey(k) {
			p.note = ""
			return nil, true
		}
		return nil, modal(k)
	}
	switch p.input.Value() {
	case p.q.Typed:
		return p.answer(Answered{p.q.ID, true}), true
	case "":
		return p.answer(Answered{p.q.ID, false}), true
	}
	p.note = fmt.Sprintf("not %s; nothing was done", p.q.Typed)
	return nil, true
}

// View draws the question and its answers.
func (p *QuestionPane) View() string {
	if p.input != nil {
		row, beside := p.s.Prompt.Render(prompt)+p.input.View(), ""
		switch {
		case p.note != "":
			beside = p.s.Bad.Render(safetext.Line(p.note))
		case p.input.Value() == p.q.Typed:
			beside = p.s.Warn.Render("enter: " + safetext.Line(p.q.Yes))
		}
		if beside != "" {
			row = pad(row, len(prompt)+p.inputWidth()) + " " + beside
		}
		return p.render([]string{row})
	}
	no := p.button("n", p.q.No, !p.yes)
	yes := p.button("y", p.q.Yes, p.yes)
	return p.render([]string{no + "  " + yes})
}

// button draws an answer with its key. The selected one has a mark in front.
func (p *QuestionPane) button(letter, label string, selected bool) string {
	text := fmt.Sprintf("[%s] %s", letter, safetext.Line(label))
	if selected {
		return p.s.Glyphs.Cursor + p.s.Selected.Render(text)
	}
	return " " + p.s.Text.Render(text)
}

// Cursor is where the terminal's cursor belongs, if something is typed.
func (p *QuestionPane) Cursor() *tea.Cursor {
	if p.input == nil || p.w == 0 || p.h == 0 {
		return nil
	}
	return tea.NewCursor(min(len(prompt)+p.input.CursorX(), p.w-1), strings.Count(p.View(), "\n"))
}

// Bindings returns the keys in the order of their importance.
func (p *QuestionPane) Bindings() []key.Binding {
	if p.input != nil {
		return []key.Binding{
			bind("esc", p.q.No, "esc"),
			bind("enter", p.q.Yes+", with the name typed", "enter"),
		}
	}
	return []key.Binding{
		bind("y", p.q.Yes, "y"), bind("n", p.q.No, "n", "esc"),
		bind("enter", "the selected answer", "enter"), bind("tab", "select the other answer", "tab", "left", "right"),
	}
}

func bind(help, desc string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
}
