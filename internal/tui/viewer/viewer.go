// Package viewer shows a text to read: YAML, details, help.
//
// A frame costs as much as its visible rows, however long the text is: lines
// are indexed when the text is set, and a very long line is shown as several.
// The text may come from anywhere; nothing of it but printable characters
// reaches the terminal.
package viewer

import (
	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form/input"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Closed says that the reader is done.
type Closed struct{}

// Copied asks for the text to be put on the clipboard.
type Copied struct{ Title, Text string }

// Pane shows one text.
type Pane struct {
	s     *styles.Styles
	keys  keyMap
	w, h  int
	title string
	doc   *document
	wrap  bool
	top   position
	x     int // the first column, where lines are not wrapped
	rows  rows
	search
}

// rows are the rows of the line that was looked at last, since the next look
// is mostly at the same one.
type rows struct {
	doc     *document
	line, w int
	ends    []int
}

// position is a row of the text: a line and, where lines are wrapped, one of
// its rows.
type position struct{ line, row int }

// New returns a pane without text.
func New(s *styles.Styles) *Pane {
	return &Pane{s: s, keys: keys(), doc: newDocument(""), search: search{input: input.New(s), match: none}}
}

// SetStyles sets the styles.
func (p *Pane) SetStyles(s *styles.Styles) {
	p.s = s
	p.input.SetStyles(s)
}

// SetSize sets the room.
func (p *Pane) SetSize(w, h int) {
	p.w, p.h = max(w, 0), max(h, 0)
	p.input.SetWidth(min(max(p.w-1, 0), maxQuery))
	p.clamp()
}

// SetWrap chooses whether lines wider than the pane are wrapped.
func (p *Pane) SetWrap(on bool) {
	if p.wrap != on {
		p.wrap, p.x, p.top.row = on, 0, 0
		p.clamp()
	}
}

// Open shows a text from its beginning.
func (p *Pane) Open(title, text string) {
	p.title, p.doc = title, newDocument(text)
	p.top, p.x = position{}, 0
	p.forget()
}

// SetText replaces the text and stays where the reader is.
func (p *Pane) SetText(text string) {
	p.doc = newDocument(text)
	p.match, p.note = none, ""
	p.top.row = 0
	p.clamp()
}

// SetTitle replaces the title.
func (p *Pane) SetTitle(title string) { p.title = title }

// Typing reports whether letters go to the search.
func (p *Pane) Typing() bool { return p.typing }

// Update takes keys, the mouse wheel and pasted text.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			p.scroll(-wheelRows)
		case tea.MouseWheelDown:
			p.scroll(wheelRows)
		default:
		}
	case tea.PasteMsg:
		if p.typing {
			p.input.Paste(msg.Content)
			p.seek()
		}
	}
	return nil
}

const (
	wheelRows = 3
	// sideways is how many columns a key moves.
	sideways = 8
	// maxQuery is the room for a query in cells.
	maxQuery = 60
)

// rowsOf returns the ends of the rows of a line.
func (p *Pane) rowsOf(line int) []int {
	from, to := p.doc.span(line)
	if !p.wrap {
		return []int{to - from}
	}
	if p.rows.doc != p.doc || p.rows.line != line || p.rows.w != p.w {
		p.rows = rows{p.doc, line, p.w, wrapped(p.doc.text[from:to], p.w)}
	}
	return p.rows.ends
}

// scroll moves by rows, within the text.
func (p *Pane) scroll(n int) {
	p.top = p.moved(p.top, n)
	p.clamp()
}

// moved is the position n rows below, or above if n is negative.
func (p *Pane) moved(at position, n int) position {
	if !p.wrap {
		return position{line: min(max(at.line+n, 0), p.doc.lines()-1)}
	}
	at.row = min(at.row, len(p.rowsOf(at.line))-1)
	for ; n > 0; n-- {
		if at.row+1 < len(p.rowsOf(at.line)) {
			at.row++
		} else if at.line+1 < p.doc.lines() {
			at = position{line: at.line + 1}
		}
	}
	for ; n < 0; n++ {
		if at.row > 0 {
			at.row--
		} else if at.line > 0 {
			at = position{at.line - 1, len(p.rowsOf(at.line-1)) - 1}
		}
	}
	return at
}

// last is the position at which the end of the text is at the bottom.
func (p *Pane) last() position {
	end := p.doc.lines() - 1
	return p.moved(position{end, len(p.rowsOf(end)) - 1}, 1-max(p.body(), 1))
}

// clamp keeps the last row of the text at the bottom or below it.
func (p *Pane) clamp() {
	p.top.line = min(max(p.top.line, 0), p.doc.lines()-1)
	p.top.row = min(max(p.top.row, 0), len(p.rowsOf(p.top.line))-1)
	if last := p.last(); last.before(p.top) {
		p.top = last
	}
}

func (a position) before(b position) bool {
	return a.line < b.line || a.line == b.line && a.row < b.row
}

// body is the number of rows for the text: there is a title above if three
// rows are free, and a line below if two are.
func (p *Pane) body() int {
	switch {
	case p.h >= 3:
		return p.h - 2
	case p.h == 2:
		return 1
	default:
		return p.h
	}
}
