package markdown

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/parser"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// layout lays out sections, one at a time.
type layout struct {
	*paints
	blockParser, paragraphParser parser.Parser

	text  []byte // of the runs being wrapped
	atoms []atom
}

func newLayout(s *styles.Styles) *layout {
	return &layout{paints: newPaints(s), blockParser: blockParser(), paragraphParser: paragraphParser()}
}

// run is text of one look. A newline in it ends the row.
type run struct {
	attr attr
	text string
}

// atom is a character in the text of a layout.
type atom struct {
	from, to int32
	cells    int8
	space    bool
	newline  bool
	attr     attr
}

// split makes atoms of runs. What is wider than a row is replaced, and what a
// run begins with that would change the sign in front of it is left out.
func (l *layout) split(runs []run, w int) {
	l.text, l.atoms = l.text[:0], l.atoms[:0]
	for _, r := range runs {
		for at := 0; at < len(r.text); {
			size, width := cells.Character(r.text[at:])
			from := len(l.text)
			if at == 0 && cells.Joins(r.text) {
				at += size
				continue
			}
			if width > w {
				l.text = append(l.text, ansi.Truncate(l.s.Glyphs.Ellipsis, w, "")...)
				width = w
			} else {
				l.text = append(l.text, r.text[at:at+size]...)
			}
			c := r.text[at]
			if c == '\n' {
				width = 0
			}
			l.atoms = append(l.atoms, atom{int32(from), int32(len(l.text)), int8(width), c == ' ', c == '\n', r.attr})
			at += size
		}
	}
}

// maxRow bounds a row in bytes, since characters without width can follow each
// other without end.
func maxRow(w int) int { return 256 + 16*w }

// wrap breaks runs into rows of at most w cells: between words, behind wide
// characters, and within a word that is wider than a row. The spaces at a break
// are left out, unless all are to be kept that a line begins with.
func (l *layout) wrap(runs []run, w int, indent bool) []string {
	l.split(runs, w)
	var rows []string
	start, used, size, may := 0, 0, 0, -1
	begin := func(at int, first bool) {
		for !first && at < len(l.atoms) && l.atoms[at].space {
			at++
		}
		start, used, size, may = at, 0, 0, -1
	}
	begin(0, indent)
	for i := start; i < len(l.atoms); i++ {
		a := l.atoms[i]
		if a.newline {
			rows = append(rows, l.row(start, i))
			begin(i+1, indent)
			i = max(start-1, i)
			continue
		}
		bytes := int(a.to - a.from)
		if used+int(a.cells) > w || size+bytes > maxRow(w) {
			end := i
			if !a.space && may > start {
				end = may
			}
			if end == start { // a single character is wider or longer than a row
				end = i + 1
			}
			rows = append(rows, l.row(start, end))
			begin(end, false)
			i = start - 1
			continue
		}
		used += int(a.cells)
		size += bytes
		if a.space || a.cells == 2 {
			may = i + 1
		}
	}
	if start < len(l.atoms) || len(rows) == 0 {
		rows = append(rows, l.row(start, len(l.atoms)))
	}
	return rows
}

// row paints atoms, without the spaces at their end.
func (l *layout) row(from, to int) string {
	for to > from && l.atoms[to-1].space {
		to--
	}
	return l.painted(from, to)
}

func (l *layout) painted(from, to int) string {
	var b strings.Builder
	for from < to {
		end := from + 1
		for end < to && l.atoms[end].attr == l.atoms[from].attr {
			end++
		}
		look := l.of(l.atoms[from].attr)
		b.WriteString(look.open)
		b.Write(l.text[l.atoms[from].from:l.atoms[end-1].to])
		b.WriteString(look.close)
		from = end
	}
	return b.String()
}

// verbatim breaks a line of code into rows of at most w cells, anywhere. The
// rows behind the first begin with a mark.
func (l *layout) verbatim(line string, a attr, w int, within bool) []string {
	l.split([]run{{a, line}}, w)
	mark, room := l.paint(attrMuted, l.s.Glyphs.Wrapped)+" ", w-2
	if w < 6 {
		mark, room = "", w
	}
	var rows []string
	start, used, size := 0, 0, 0
	for i, a := range l.atoms {
		width := w
		if within {
			width = room
		}
		bytes := int(a.to - a.from)
		if i > start && (used+int(a.cells) > width || size+bytes > maxRow(w)) {
			rows = append(rows, marked(mark, within)+l.painted(start, i))
			start, used, size, within = i, 0, 0, true
		}
		used += int(a.cells)
		size += bytes
	}
	return append(rows, marked(mark, within)+l.painted(start, len(l.atoms)))
}

func marked(mark string, within bool) string {
	if within {
		return mark
	}
	return ""
}

// fence is a row above or below code.
func (l *layout) fence(info string, w int) string {
	return l.paint(attrMuted, ansi.Truncate("```"+info, w, l.s.Glyphs.Ellipsis))
}
