package markdown

import "strings"

type kind int

const (
	prose  kind = iota // blocks of Markdown
	inline             // one paragraph, whatever it begins with
	code               // lines between fences
	plain              // lines of a text without markup
)

// none is the number of a section that is no item of a list.
const none = -1

// section is a part of the text that is laid out by itself.
type section struct {
	kind   kind
	margin int  // columns of the items that it lies in
	gap    bool // a blank row stands in front of it

	text   []byte // of prose
	head   string // of the table that it goes on with
	number int    // of the item that it begins with

	lines          []codeLine
	fenced, closed bool // it begins, ends with a fence
	info           string

	w    int
	rows []string // for the width w; nil if they are to be made
}

// codeLine is a line of code, or the rest of one that was too long.
type codeLine struct {
	text   string
	within bool
}

// layOut makes the rows of a section.
func (s *section) layOut(l *layout, w int) []string {
	rows := []string{}
	if w <= 0 {
		return rows
	}
	margin := min(s.margin, w/2)
	room := w - margin
	var own []string
	switch s.kind {
	case prose:
		own = l.prose(s.head+string(s.text), s.number, room)
	case inline:
		own = l.paragraph(string(s.text), room)
	case plain:
		for _, line := range s.lines {
			own = append(own, l.wrap([]run{{text: line.text}}, room, true)...)
		}
	case code:
		if s.fenced {
			own = append(own, l.fence(s.info, room))
		}
		for _, line := range s.lines {
			own = append(own, l.verbatim(line.text, attrCode, room, line.within)...)
		}
		if s.closed {
			own = append(own, l.fence("", room))
		}
	}
	if s.gap {
		rows = append(rows, "")
	}
	indent := strings.Repeat(" ", margin)
	for _, row := range own {
		if row != "" {
			row = indent + row
		}
		rows = append(rows, row)
	}
	return rows
}
