package markdown

import "strings"

// state is what the lines so far mean for the next one. It is a value, so that
// a line can be tried.
type state struct {
	items  [maxDepth]item // the items of lists that the last line lies in
	depth  int
	fence  fence
	coding bool // the fence is open
	open   bool // the next line may go on with the last section
	blank  bool // the last line was
	within bool // what comes next is the rest of a line that was too long
}

// maxDepth bounds how deep lists are nested. Deeper items are text of the
// deepest one.
const maxDepth = 16

// item is an item of a list that is not closed yet.
type item struct {
	column int // at which its text begins
	kind   byte
	next   int // the number of the next one
}

const (
	// maxProse bounds a section of prose in bytes, and maxCode one of code in
	// lines, since the last section is laid out for every frame.
	maxProse = 4 << 10
	maxCode  = 32
	// indented is how far code is indented that has no fence.
	indented = 4
)

// add takes the next line, or a part of it if it is too long.
func (d *Document) add(raw []byte) {
	line := printable(raw)
	switch {
	case d.plain:
		d.code(plain, line, d.within)
	case d.coding:
		d.inFence(line)
	case strings.TrimSpace(line) == "":
		d.blank, d.open = true, false
	case d.within:
		d.rest(line)
	default:
		d.prose(line)
	}
}

func (d *Document) inFence(line string) {
	last := d.sections[len(d.sections)-1]
	if !d.within && d.fence.closedBy(line) {
		last.closed, last.rows = true, nil
		d.coding, d.blank = false, false
		return
	}
	if !d.within {
		line = unindent(line, last.margin+d.fence.indent)
	}
	d.code(code, line, d.within)
}

// code adds a line to a section of lines.
func (d *Document) code(kind kind, line string, within bool) {
	last := &section{kind: kind}
	if n := len(d.sections); n > 0 {
		last = d.sections[n-1]
	}
	if len(d.sections) == 0 || len(last.lines) >= maxCode {
		last = &section{kind: kind, margin: last.margin}
		d.sections = append(d.sections, last)
	}
	last.lines = append(last.lines, codeLine{line, within})
	last.rows = nil
}

// rest adds the rest of a line that was too long. It cannot begin anything.
func (d *Document) rest(line string) {
	last := section{}
	if n := len(d.sections); n > 0 {
		last = *d.sections[n-1]
	}
	d.begin(&section{kind: inline, margin: last.margin, number: none}, line)
	d.open = false
}

// prose adds a line that is neither blank nor code between fences.
func (d *Document) prose(line string) {
	indent := indentation(line)
	depth, base := d.enclosing(indent)
	text := line[indent:]
	if indent-base < indented {
		if mark, ok := itemAt(text); ok && !isBreak(text) && d.mayBegin(mark, depth) {
			d.item(line, mark, depth, base)
			return
		}
		if fence, info, ok := fenceAt(text); ok {
			d.depth = depth
			d.openFence(fence, info, base, indent)
			return
		}
		if isHeading(text) {
			d.depth = depth
			d.begin(&section{margin: base, number: none}, unindent(line, base))
			d.open = false
			return
		}
	}
	if d.open {
		d.goOn(line)
		return
	}
	d.depth = depth
	d.begin(&section{margin: base, number: none}, unindent(line, base))
}

// enclosing returns how many of the open items a line with an indentation lies
// in, and at which column the text of the innermost one begins.
func (d *Document) enclosing(indent int) (depth, column int) {
	for depth < d.depth && d.items[depth].column <= indent {
		column = d.items[depth].column
		depth++
	}
	return depth, column
}

// mayBegin reports whether a mark begins an item. Within a paragraph a number
// is mostly a number.
func (d *Document) mayBegin(m itemMark, depth int) bool {
	if depth == maxDepth {
		return false
	}
	inParagraph := d.open && depth == d.depth
	return !inParagraph || !m.empty && (!m.ordered() || m.number == 1)
}

func (d *Document) item(line string, m itemMark, depth, base int) {
	number := m.number
	if before := d.items[depth]; d.depth > depth && before.kind == m.kind {
		number = before.next
	}
	indent := indentation(line)
	column := indent + m.width
	d.items[depth] = item{column: column, kind: m.kind, next: number + 1}
	d.depth = depth + 1
	if m.empty {
		d.begin(&section{margin: base, number: number}, unindent(line, base))
		return
	}
	if fence, info, ok := fenceAt(strings.TrimLeft(line[column:], " ")); ok {
		d.begin(&section{margin: base, number: number}, unindent(line[:column], base))
		d.openFence(fence, info, column, column)
		return
	}
	d.begin(&section{margin: base, number: number}, unindent(line, base))
}

func (d *Document) openFence(f fence, info string, base, indent int) {
	f.indent = indent - base
	d.fence, d.coding, d.open = f, true, false
	d.sections = append(d.sections, &section{kind: code, margin: base, gap: d.gap(), fenced: true, info: info})
}

// goOn adds a line to the last section, or to one behind it once that is full.
func (d *Document) goOn(line string) {
	last := d.sections[len(d.sections)-1]
	line = unindent(line, last.margin)
	if len(last.text)+len(line) < maxProse {
		last.text = append(append(last.text, '\n'), line...)
		last.rows = nil
		return
	}
	next := &section{margin: last.margin, number: none, head: last.head}
	if head, ok := tableHead(last.head + string(last.text)); ok && strings.Contains(line, "|") {
		next.head = head
	}
	d.begin(next, line)
}

// begin adds a section of prose with its first line.
func (d *Document) begin(s *section, line string) {
	s.gap = d.gap()
	s.text = append(s.text, line...)
	d.sections = append(d.sections, s)
	d.open = true
}

// gap reports whether a blank row stands in front of the next section.
func (d *Document) gap() bool {
	blank := d.blank
	d.blank = false
	return blank && len(d.sections) > 0
}
