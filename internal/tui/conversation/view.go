package conversation

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/editor"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// mostInput is how many rows the input grows to where there is room.
const mostInput = 8

// promptWidth is the room of the sign in front of the input.
const promptWidth = 2

// place gives the input its room and says what it is for.
func (p *Pane) place() {
	p.input.SetSize(p.w-p.promptWidth(), min(max(p.h/3, 1), mostInput))
	switch {
	case p.focus && p.away:
		p.input.SetPlaceholder("enter or i types here")
	case !p.model.Open:
		p.input.SetPlaceholder("type ahead if you like")
	default:
		p.input.SetPlaceholder("ask the model; /help lists commands")
	}
}

func (p *Pane) promptWidth() int {
	if p.w <= 3*promptWidth {
		return 0
	}
	return promptWidth
}

// layout is how many rows each part has, from the top.
type layout struct{ body, foot, input int }

func (p *Pane) layout() layout {
	l := layout{input: min(p.input.Height(), p.h)}
	rest := p.h - l.input
	most := rest
	if len(p.turns) > 0 {
		most = (rest + 1) / 2
	}
	l.foot = len(p.foot(most))
	l.body = rest - l.foot
	return l
}

// foot are the rows above the input, at most most. Where they are too few, the
// last message keeps its beginning and those before it go.
func (p *Pane) foot(most int) []string {
	messages := p.messages()
	var rows []string
	for i := len(messages) - 1; i >= 0 && len(rows) < most; i-- {
		m := messages[i]
		lines := cells.WrapAtMost(m.text, p.w, most-len(rows), p.s.Glyphs.Ellipsis)
		for n := range lines {
			lines[n] = m.style.Render(lines[n])
		}
		rows = append(lines, rows...)
	}
	return rows
}

// message is a sentence and how loud it is.
type message struct {
	style lipgloss.Style
	text  string
}

// messages are what must be known before something is sent; the last is the
// most important.
func (p *Pane) messages() []message {
	var all []message
	add := func(style lipgloss.Style, text string) {
		all = append(all, message{style, safetext.Line(text)})
	}
	switch {
	case p.model.Open && p.model.Tunnel != "" && p.model.Tunnel != connected:
		add(p.s.Warn, "tunnel: "+p.model.Tunnel)
	case p.model.Open:
	case len(p.model.Lines) == 0:
		add(p.s.Text, "The model cannot answer yet.")
	default:
		style := p.s.Text
		if p.model.Gone {
			style = p.s.Bad
		}
		for _, line := range p.model.Lines {
			add(style, line)
		}
	}
	if hint := p.hint(); hint != "" {
		if p.note.text == "" {
			add(p.s.Muted, hint)
		}
	} else if c := p.counted(); !p.input.Empty() && !p.running() {
		switch {
		case c.err != nil && refusal(c.err) == p.note.text: // said below, when it was refused
		case c.err != nil:
			add(p.s.Warn, refusal(c.err))
		case c.cut:
			add(p.s.Warn, "the text is too long for the model: its beginning will not be sent")
		case c.dropped > 0:
			add(p.s.Warn, dropped(c.dropped)+" and will not be sent")
		}
	}
	if p.note.text != "" {
		style := p.s.Text
		if p.note.bad {
			style = p.s.Bad
		}
		add(style, p.note.text)
	}
	switch {
	case p.asking():
		add(p.s.Loud, "Send the held prompt? enter sends, esc edits")
	case p.held:
		add(p.s.Warn, "held: when the model answers, you are asked and enter sends it; esc edits")
	}
	return all
}

// refusal is why a text is not sent, with what here lets it be sent.
func refusal(err error) string {
	var long *chat.TooLongError
	if errors.As(err, &long) && !long.System {
		return err.Error() + " with /trim on"
	}
	return err.Error()
}

func dropped(n int) string {
	if n == 1 {
		return "the oldest turn no longer fits into the model's context"
	}
	return fmt.Sprintf("the oldest %d turns no longer fit into the model's context", n)
}

// View returns at most the pane's rows, none wider than it.
func (p *Pane) View() string {
	if p.w == 0 || p.h == 0 {
		return ""
	}
	l := p.layout()
	rows := make([]string, 0, p.h)
	rows = p.body(rows, l.body)
	rows = append(rows, p.foot(l.foot)...)
	return strings.Join(p.inputRows(rows, l.input), "\n")
}

// body appends the visible rows of the transcript.
func (p *Pane) body(rows []string, h int) []string {
	have := len(rows)
	if len(p.turns) == 0 {
		rows = append(rows, p.empty(h)...)
	} else if h > 0 {
		at, ok := p.first(), true
		for ; ok && len(rows)-have < h; at, ok = p.next(at) {
			rows = append(rows, p.fit(p.row(at), p.w))
		}
	}
	for len(rows)-have < h {
		rows = append(rows, "")
	}
	return rows
}

// empty says what can be done here.
func (p *Pane) empty(h int) []string {
	var rows []string
	for _, text := range []string{
		"Nothing was asked yet. enter sends, alt+enter breaks the line.",
		"/help lists the commands.",
	} {
		for _, row := range cells.Wrap(text, p.w) {
			rows = append(rows, p.s.Muted.Render(row))
		}
	}
	if len(rows) > h {
		return nil
	}
	return rows
}

// inputRows appends the rows of the input.
func (p *Pane) inputRows(rows []string, h int) []string {
	look := p.s.Muted
	if p.Capturing() {
		look = p.s.Prompt
	}
	above, _ := p.input.More()
	for i, row := range p.input.View() {
		if i == h {
			break
		}
		sign := " "
		switch {
		case i == 0 && p.asking():
			sign = "?"
		case i == 0 && p.held:
			sign = "="
		case i == 0 && above > 0:
			sign = p.s.Glyphs.Ellipsis
		case i == 0:
			sign = ">"
		}
		if p.promptWidth() > 0 {
			row = look.Render(sign) + " " + row
		}
		rows = append(rows, row)
	}
	return rows
}

// Cursor is where the terminal's cursor belongs while text is typed.
func (p *Pane) Cursor() *tea.Cursor {
	if !p.Capturing() || p.w == 0 || p.h == 0 {
		return nil
	}
	x, y := p.input.Cursor()
	l := p.layout()
	return tea.NewCursor(min(p.promptWidth()+x, p.w-1), min(l.body+l.foot+y, p.h-1))
}

// cut says that a text was too long for the input.
func (p *Pane) cut(left int) {
	if left > 0 {
		p.note = note{fmt.Sprintf("the text was cut: %s are taken at most, %s were left out", size(editor.MaxBytes), size(left)), true}
	}
}
