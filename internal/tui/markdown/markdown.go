// Package markdown shows Markdown that is still being written in a terminal.
//
// A Document is appended to, piece by piece. It is a row of sections: a
// paragraph, an item of a list, some lines of code, a table. A section is
// closed by the line that begins the next one, and is laid out once for a
// width; only the last, open one is laid out anew as text comes. So what a
// piece costs depends on the section that it ends, never on the whole.
//
// Where a section ends is decided line by line and never looked back upon.
// Hence the rows are those of the text, whatever pieces it came in. The price
// is that nothing acts on what is already shown: references of links stay as
// they are written, and blank lines are shown where they are written instead
// of making a whole list loose.
//
// No row is wider than asked, and none holds a control character but those of
// the styles: the text may come from anywhere. Marks that carry meaning stay
// visible (the fences of code, the signs of a heading), so that nothing is
// said by colour alone.
package markdown

import (
	"bytes"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Document is a text and how it is shown.
type Document struct {
	layout *layout
	w      int
	plain  bool

	state
	sections []*section
	partial  []byte // the last line, while its end has not come, as it came
	shown    *shown // what was before the partial line was shown
}

// shown is what a document goes back to when a line goes on that was shown
// before its end.
type shown struct {
	state    state
	sections int
	last     section
}

// New returns an empty document of Markdown.
func New(s *styles.Styles) *Document { return &Document{layout: newLayout(s)} }

// NewPlain returns an empty document in which nothing is markup.
func NewPlain(s *styles.Styles) *Document {
	return &Document{layout: newLayout(s), plain: true}
}

// SetStyles sets the styles.
func (d *Document) SetStyles(s *styles.Styles) {
	d.layout = newLayout(s)
	for _, s := range d.sections {
		s.rows = nil
	}
	if d.shown != nil {
		d.shown.last.rows = nil
	}
}

// Reset takes the text away.
func (d *Document) Reset() {
	*d = Document{layout: d.layout, w: d.w, plain: d.plain}
}

// SetWidth sets how wide rows may be, in cells. Sections are laid out anew as
// they are looked at.
func (d *Document) SetWidth(w int) { d.w = max(w, 0) }

// maxLine bounds a line that is laid out as one, in bytes. The rest of a longer
// one is shown as further lines.
const maxLine = 4 << 10

// Append adds text. A character or a mark may be split over two calls.
func (d *Document) Append(text string) {
	if text == "" {
		return
	}
	d.takeBack()
	d.partial = append(d.partial, text...)
	rest := d.partial
	for {
		if end := bytes.IndexByte(rest[:min(len(rest), maxLine+1)], '\n'); end >= 0 {
			d.add(rest[:end])
			d.within = false
			rest = rest[end+1:]
			continue
		}
		if len(rest) <= maxLine {
			break
		}
		end := pieceEnd(rest[:maxLine+1])
		d.add(rest[:end])
		d.within = true
		rest = rest[end:]
	}
	d.partial = append(d.partial[:0], rest...)
}

// Sections is the number of sections. Those in front of the last one do not
// change any more.
func (d *Document) Sections() int {
	d.show()
	return len(d.sections)
}

// Rows are the rows of a section, the blank one in front of it included. They
// are not to be changed.
func (d *Document) Rows(section int) []string {
	d.show()
	s := d.sections[section]
	if s.rows == nil || s.w != d.w {
		s.rows, s.w = s.layOut(d.layout, d.w), d.w
	}
	return s.rows
}

// Lines are all rows.
func (d *Document) Lines() []string {
	var all []string
	for i := range d.Sections() {
		all = append(all, d.Rows(i)...)
	}
	return all
}

// show adds the partial line as if it ended here.
func (d *Document) show() {
	if len(d.partial) == 0 || d.shown != nil {
		return
	}
	d.shown = &shown{state: d.state, sections: len(d.sections)}
	if n := len(d.sections); n > 0 {
		d.shown.last = *d.sections[n-1]
	}
	d.add(d.partial)
}

// takeBack undoes show.
func (d *Document) takeBack() {
	if d.shown == nil {
		return
	}
	d.state, d.sections = d.shown.state, d.sections[:d.shown.sections]
	if n := len(d.sections); n > 0 {
		*d.sections[n-1] = d.shown.last
	}
	d.shown = nil
}
