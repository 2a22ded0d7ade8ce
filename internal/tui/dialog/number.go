package dialog

import (
	"fmt"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form/input"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// NumberQuestion asks for a whole number.
type NumberQuestion struct {
	ID string
	Heading
	// Label names the number: "groups".
	Label string
	// Value is what it is now; Min and Max bound it, inclusively.
	Value, Min, Max int
	// Explain, if not nil, says what a number would mean: "2 groups, 32 chips".
	// It is called while a person types and has to be quick.
	Explain func(n int) string
}

// NumberPane shows a NumberQuestion.
type NumberPane struct {
	frame
	q     NumberQuestion
	input *input.Input
}

// numberWidth is the room for a number that is typed, in cells.
const numberWidth = 6

// NewNumber returns a pane with the present value in the input.
func NewNumber(s *styles.Styles, q NumberQuestion) *NumberPane {
	p := &NumberPane{frame: newFrame(s, q.Heading), q: q, input: input.New(s)}
	p.input.SetValue(strconv.Itoa(q.Value))
	return p
}

// SetStyles sets the styles.
func (p *NumberPane) SetStyles(s *styles.Styles) {
	p.s = s
	p.input.SetStyles(s)
}

// SetSize sets the room. The dialog takes Height rows of it.
func (p *NumberPane) SetSize(w, h int) {
	p.resize(w, h)
	p.input.SetWidth(p.inputWidth())
}

func (p *NumberPane) inputWidth() int {
	return min(max(p.w-ansi.StringWidth(p.label()), 0), numberWidth)
}

// Height is the number of rows of View.
func (p *NumberPane) Height() int { return p.height(2) }

func (p *NumberPane) label() string { return safetext.Line(p.q.Label) + ": " }

// number is what stands in the input, or what is wrong with it.
func (p *NumberPane) number() (n int, problem string) {
	text := strings.TrimSpace(p.input.Value())
	n, err := strconv.Atoi(text)
	switch {
	case text == "":
		return 0, "write a number " + p.bounds()
	case err != nil:
		return 0, "not a whole number; write one " + p.bounds()
	case n < p.q.Min || n > p.q.Max:
		return 0, "out of range; write a number " + p.bounds()
	}
	return n, ""
}

func (p *NumberPane) bounds() string { return fmt.Sprintf("from %d to %d", p.q.Min, p.q.Max) }

// Update takes keys and pasted text.
func (p *NumberPane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.PasteMsg:
		if !p.done {
			p.input.Paste(msg.Content)
		}
	}
	return nil
}

// HandleKey takes a key and reports whether it belongs to the dialog.
func (p *NumberPane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.done {
		return nil, modal(k)
	}
	switch k.String() {
	case "esc":
		return p.answer(Dismissed{p.q.ID}), true
	case "enter":
		if n, problem := p.number(); problem == "" {
			return p.answer(Entered{p.q.ID, n}), true
		}
		return nil, true
	case "up":
		p.step(1)
		return nil, true
	case "down":
		p.step(-1)
		return nil, true
	case "pgup":
		p.scroll(-1, 2)
		return nil, true
	case "pgdown":
		p.scroll(1, 2)
		return nil, true
	}
	return nil, p.input.HandleKey(k) || modal(k)
}

// step counts up or down. From a number out of range it leads into the range.
func (p *NumberPane) step(by int) {
	n, err := strconv.Atoi(strings.TrimSpace(p.input.Value()))
	if err != nil {
		n, by = p.q.Value, 0
	}
	p.input.SetValue(strconv.Itoa(max(min(n, p.q.Max-by)+by, p.q.Min)))
}

// View draws the input, what is wrong with the number beside it, and what the
// number would mean below.
func (p *NumberPane) View() string {
	n, problem := p.number()
	row := p.s.Prompt.Render(p.label()) + pad(p.input.View(), p.inputWidth())
	explained := ""
	switch {
	case problem != "":
		row += " " + p.s.Bad.Render(p.s.Glyphs.Failed+" "+problem)
	default:
		row += " " + p.s.Muted.Render(p.bounds())
		if p.q.Explain != nil {
			explained = safetext.Line(p.q.Explain(n))
		}
	}
	return p.render([]string{row, p.s.Text.Render(explained)})
}

// Cursor is where the terminal's cursor belongs.
func (p *NumberPane) Cursor() *tea.Cursor {
	row := strings.Count(p.View(), "\n") - 1
	if p.w == 0 || row < 0 {
		return nil
	}
	return tea.NewCursor(min(ansi.StringWidth(p.label())+p.input.CursorX(), p.w-1), row)
}

// Bindings returns the keys in the order of their importance.
func (p *NumberPane) Bindings() []key.Binding {
	return []key.Binding{
		bind("enter", "take this number", "enter"), bind("esc", "leave it as it is", "esc"),
		bind("up", "one more", "up"), bind("down", "one less", "down"),
	}
}
