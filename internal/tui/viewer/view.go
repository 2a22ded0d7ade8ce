package viewer

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

func width(s string) int { return ansi.StringWidth(s) }

// View draws the title, the visible rows and a line with the place in the text
// or the search.
func (p *Pane) View() string {
	if p.w == 0 || p.h == 0 {
		return ""
	}
	var lines []string
	if p.h >= 3 {
		lines = append(lines, p.s.Strong.Render(p.cut(safetext.Line(p.title))))
	}
	at := p.top
	for range p.body() {
		row, ok := p.row(at)
		lines = append(lines, row)
		if !ok {
			continue
		}
		if at.row+1 < len(p.rowsOf(at.line)) {
			at.row++
		} else {
			at = position{line: at.line + 1}
		}
	}
	switch {
	case p.h >= 2:
		lines = append(lines, p.status())
	case p.typing:
		lines = []string{p.status()}
	}
	return strings.Join(lines, "\n")
}

func (p *Pane) cut(s string) string { return ansi.Truncate(s, p.w, p.s.Glyphs.Ellipsis) }

// row draws one row of the text; behind its end there is none.
func (p *Pane) row(at position) (string, bool) {
	if at.line >= p.doc.lines() {
		return "", false
	}
	from, to := p.doc.span(at.line)
	if p.wrap {
		ends := p.rowsOf(at.line)
		start := p.offset(at)
		end := from + ends[at.row]
		// A wide character may be wider than the pane.
		_, n, _ := columns(p.doc.text[start:end], 0, p.w)
		return p.marked(start, start+n), true
	}
	left, right, gap := columns(p.doc.text[from:to], p.x, p.w)
	if from+right == to {
		return strings.Repeat(" ", gap) + p.marked(from+left, to), true
	}
	// The line goes on: its last column says so.
	left, right, gap = columns(p.doc.text[from:to], p.x, p.w-1)
	return strings.Repeat(" ", gap) + p.marked(from+left, from+right) + p.s.Muted.Render(p.s.Glyphs.Ellipsis), true
}

// marked is a part of the text with what the search found in it.
func (p *Pane) marked(from, to int) string {
	if p.query == "" || from >= to {
		return p.s.Text.Render(p.doc.text[from:max(from, to)])
	}
	hay := p.doc.haystack(p.query)
	var b strings.Builder
	at := from
	next := max(from-len(p.query)+1, 0)
	limit := min(to+len(p.query)-1, len(hay))
	for next < limit {
		i := strings.Index(hay[next:limit], p.query)
		if i < 0 {
			break
		}
		begin, end := next+i, next+i+len(p.query)
		next = end
		begin, end = max(begin, at), min(end, to)
		if begin >= end {
			continue
		}
		style := p.s.Match
		if next-len(p.query) == p.match {
			style = p.s.Current
		}
		b.WriteString(p.s.Text.Render(p.doc.text[at:begin]))
		b.WriteString(style.Render(p.doc.text[begin:end]))
		at = end
	}
	b.WriteString(p.s.Text.Render(p.doc.text[at:to]))
	return b.String()
}

// status is the line at the bottom.
func (p *Pane) status() string {
	left := ""
	switch {
	case p.typing:
		left = p.s.Prompt.Render("/") + p.input.View()
	case p.query != "":
		left = p.s.Muted.Render("/" + safetext.Line(p.query))
	}
	if p.note != "" {
		if left != "" {
			left += "  "
		}
		left += p.s.Warn.Render(p.note)
	}
	right := p.s.Muted.Render(p.place())
	if room := p.w - width(left) - width(right); left == "" || room >= 2 {
		return p.cut(left + strings.Repeat(" ", max(room, 0)) + right)
	}
	return p.cut(left)
}

// place says which lines are visible.
func (p *Pane) place() string {
	first := p.top.line + 1
	last := min(p.moved(p.top, max(p.body()-1, 0)).line+1, p.doc.lines())
	text := fmt.Sprintf("lines %d-%d of %d", first, last, p.doc.lines())
	if p.wrap {
		text += " " + p.s.Glyphs.Dot + " wrapped"
	}
	if p.x > 0 {
		text += fmt.Sprintf(" %s from column %d", p.s.Glyphs.Dot, p.x+1)
	}
	return text
}

// Cursor is where the terminal's cursor belongs: in the search while one is
// typed.
func (p *Pane) Cursor() *tea.Cursor {
	if !p.typing || p.w == 0 || p.h == 0 {
		return nil
	}
	return tea.NewCursor(min(1+p.input.CursorX(), p.w-1), p.h-1)
}
