package dialog

import (
	"fmt"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form/input"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// List asks for one of several things.
type List struct {
	ID    string
	Title string
	// Columns are the headings; the first column names the rows.
	Columns []string
	Rows    [][]string
}

// ListPane shows a List. Letters narrow it down.
type ListPane struct {
	s        *styles.Styles
	l        List
	w, h     int
	input    *input.Input
	widths   []int // of the columns
	matching []int // indices of the rows that the filter lets through
	selected int   // in matching
	first    int   // the first visible one of them
	done     bool
}

// NewList returns a pane with the first row selected.
func NewList(s *styles.Styles, l List) *ListPane {
	p := &ListPane{s: s, l: l, input: input.New(s)}
	p.input.SetPlaceholder("type to filter")
	p.SetRows(l.Rows)
	return p
}

// SetStyles sets the styles.
func (p *ListPane) SetStyles(s *styles.Styles) {
	p.s = s
	p.input.SetStyles(s)
}

// SetSize sets the room. The dialog takes Height rows of it.
func (p *ListPane) SetSize(w, h int) {
	p.w, p.h = max(w, 0), max(h, 0)
	p.input.SetWidth(p.inputWidth())
	p.follow()
}

func (p *ListPane) inputWidth() int {
	return min(max(p.w-len(filterPrompt)-countWidth, 0), filterWidth)
}

const (
	filterPrompt = " filter: "
	// countWidth is the room for "12 of 345" behind the filter.
	countWidth  = 14
	filterWidth = 24
	columnGap   = 3
	// chrome are the rows above the list: title, filter, headings.
	chrome = 3
)

// Height is the number of rows of View. It does not change while a person
// filters.
func (p *ListPane) Height() int { return min(p.h, chrome+len(p.l.Rows)) }

// SetRows replaces the rows. What was selected stays so, if it is still there.
func (p *ListPane) SetRows(rows [][]string) {
	name := p.name()
	p.l.Rows = make([][]string, len(rows))
	p.widths = make([]int, len(p.l.Columns))
	for i, heading := range p.l.Columns {
		p.widths[i] = ansi.StringWidth(heading)
	}
	for i, row := range rows {
		p.l.Rows[i] = make([]string, len(p.l.Columns))
		for c := range min(len(row), len(p.l.Columns)) {
			cell := safetext.Line(row[c])
			p.l.Rows[i][c] = cell
			p.widths[c] = max(p.widths[c], ansi.StringWidth(cell))
		}
	}
	p.filter(name)
}

// name is the first cell of the selected row.
func (p *ListPane) name() string {
	if p.selected >= len(p.matching) || len(p.l.Columns) == 0 {
		return ""
	}
	return p.l.Rows[p.matching[p.selected]][0]
}

// filter finds the rows whose names hold every word of the filter, and selects
// the one with the name, else the first.
func (p *ListPane) filter(name string) {
	p.matching, p.selected = p.matching[:0], 0
	words := strings.Fields(p.input.Value())
	for i, row := range p.l.Rows {
		if len(row) > 0 && !holds(row[0], words) {
			continue
		}
		if len(row) > 0 && row[0] == name {
			p.selected = len(p.matching)
		}
		p.matching = append(p.matching, i)
	}
	p.follow()
}

// holds reports whether a text has all words in it. A word without capitals
// finds either case.
func holds(text string, words []string) bool {
	for _, word := range words {
		in := text
		if !strings.ContainsFunc(word, unicode.IsUpper) {
			in = strings.ToLower(text)
		}
		if !strings.Contains(in, word) {
			return false
		}
	}
	return true
}

// room is the number of visible rows.
func (p *ListPane) room() int { return max(p.Height()-p.chrome(), 0) }

// chrome is how many rows are not of the list: in little room the headings go
// first, then the title.
func (p *ListPane) chrome() int { return min(max(p.h-1, 0), chrome) }

// follow keeps the selected row in sight.
func (p *ListPane) follow() {
	p.selected = max(min(p.selected, len(p.matching)-1), 0)
	room := max(p.room(), 1)
	p.first = min(p.first, p.selected)
	p.first = max(p.first, p.selected-room+1, 0)
	p.first = max(min(p.first, len(p.matching)-room), 0)
}

func (p *ListPane) move(by int) {
	p.selected += by
	p.follow()
}

// Update takes keys, the mouse wheel and pasted text.
func (p *ListPane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			p.move(-1)
		case tea.MouseWheelDown:
			p.move(1)
		default:
		}
	case tea.PasteMsg:
		if !p.done {
			name := p.name()
			p.input.Paste(msg.Content)
			p.filter(name)
		}
	}
	return nil
}

// HandleKey takes a key and reports whether it belongs to the dialog.
func (p *ListPane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.done {
		return nil, modal(k)
	}
	switch k.String() {
	case "esc":
		if p.input.Value() != "" {
			name := p.name()
			p.input.SetValue("")
			p.filter(name)
			return nil, true
		}
		p.done = true
		dismissed := Dismissed{p.l.ID}
		return func() tea.Msg { return dismissed }, true
	case "enter":
		if len(p.matching) == 0 {
			return nil, true
		}
		p.done = true
		chosen := Chosen{p.l.ID, p.matching[p.selected]}
		return func() tea.Msg { return chosen }, true
	case "up", "shift+tab":
		p.move(-1)
	case "down", "tab":
		p.move(1)
	case "pgup":
		p.move(-max(p.room()-1, 1))
	case "pgdown":
		p.move(max(p.room()-1, 1))
	default:
		name := p.name()
		if !p.input.HandleKey(k) {
			return nil, modal(k)
		}
		p.filter(name)
	}
	return nil, true
}

// View draws the rows in sight.
func (p *ListPane) View() string {
	if p.w == 0 || p.h == 0 {
		return ""
	}
	count := fmt.Sprintf("  %d of %d", len(p.matching), len(p.l.Rows))
	top := []string{
		" " + p.s.Strong.Render(safetext.Line(p.l.Title)),
		p.s.Prompt.Render(filterPrompt) + pad(p.input.View(), p.inputWidth()) + p.s.Muted.Render(count),
		" " + p.s.Muted.Render(p.cells(p.l.Columns)),
	}
	lines := top[:p.chrome()]
	if p.chrome() == 1 {
		lines = top[1:2]
	}
	for i := range p.room() {
		switch at := p.first + i; {
		case at < len(p.matching):
			lines = append(lines, p.row(at))
		case i == 0:
			lines = append(lines, " "+p.s.Warn.Render("nothing matches; esc clears the filter"))
		default:
			lines = append(lines, "")
		}
	}
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], p.w, p.s.Glyphs.Ellipsis)
	}
	return strings.Join(lines, "\n")
}

func (p *ListPane) row(at int) string {
	text := p.cells(p.l.Rows[p.matching[at]])
	if at == p.selected {
		return p.s.Glyphs.Cursor + p.s.Selected.Render(ansi.Truncate(text, max(p.w-1, 0), p.s.Glyphs.Ellipsis))
	}
	return " " + p.s.Text.Render(text)
}

// cells aligns a row. The first column gives way if there is too little room.
func (p *ListPane) cells(row []string) string {
	others := 0
	for _, w := range p.widths[min(1, len(p.widths)):] {
		others += columnGap + w
	}
	var b strings.Builder
	for i, cell := range row {
		w := p.widths[i]
		if i == 0 {
			w = min(w, max(p.w-1-others, 10))
		}
		cell = ansi.Truncate(cell, w, p.s.Glyphs.Ellipsis)
		b.WriteString(cell)
		if i+1 < len(row) {
			b.WriteString(strings.Repeat(" ", w-ansi.StringWidth(cell)+columnGap))
		}
	}
	return b.String()
}

// Cursor is where the terminal's cursor belongs: in the filter.
func (p *ListPane) Cursor() *tea.Cursor {
	row := 1
	switch p.chrome() {
	case 0:
		return nil
	case 1:
		row = 0
	}
	if p.w == 0 {
		return nil
	}
	return tea.NewCursor(min(len(filterPrompt)+p.input.CursorX(), p.w-1), row)
}

// Bindings returns the keys in the order of their importance.
func (p *ListPane) Bindings() []key.Binding {
	return []key.Binding{
		bind("enter", "take the selected one", "enter"), bind("esc", "clear the filter, or leave", "esc"),
		bind("up", "the one above", "up"), bind("down", "the one below", "down"),
		bind("pgup", "a page up", "pgup"), bind("pgdown", "a page down", "pgdown"),
	}
}
