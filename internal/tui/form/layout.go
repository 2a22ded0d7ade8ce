package form

// layout is where the parts of the form are, in cells.
//
//	header
//	rows, scrolled      │  preview
//	─────────────────   │
//	detail              │
//	button              │
//
// In a narrow terminal the preview is below, if there is room, or takes the
// place of the form while it is read.
type layout struct {
	header, rows, detail, button int // heights
	width                        int // of the form
	preview                      rect
}

type rect struct{ x, y, w, h int }

func (r rect) shown() bool { return r.w > 0 && r.h > 0 }

// Breakpoints, in cells.
const (
	besideWidth = 100 // the preview is beside the form
	belowHeight = 34  // the preview is below the form
	gutter      = 3   // the line between form and preview
)

func (p *Pane) layout() layout { return newLayout(p.w, p.h, p.reading) }

// newLayout is total: what has no room has no cells.
func newLayout(w, h int, reading bool) layout {
	l := layout{width: w}
	height := h
	switch {
	case w >= besideWidth:
		l.width = min(max(w*9/20, 52), 72)
		l.preview = rect{l.width + gutter, 0, w - l.width - gutter, h}
	case h >= belowHeight:
		height = max(h/2, 20)
		l.preview = rect{0, height + 1, w, h - height - 1}
	case reading:
		return layout{preview: rect{0, 0, w, h}}
	}
	rest := height
	take := func(n, from int) int {
		if height < from {
			return 0
		}
		rest -= n
		return n
	}
	l.header = take(1, 7)
	l.button = take(1, 2)
	switch {
	case height >= 13:
		l.detail = take(4, 0)
	case height >= 9:
		l.detail = take(2, 0)
	}
	l.rows = rest
	return l
}

// fit gives the parts their sizes and keeps the focus in sight.
func (p *Pane) fit() {
	l := p.layout()
	p.preview.SetSize(l.preview.w, l.preview.h)
	width := max(l.width-p.column(), 0)
	for _, in := range p.inputs {
		in.SetWidth(width)
	}
	total := 0
	for _, e := range p.entries() {
		if e.stop == p.focus && !e.fixed {
			at := total
			if p.focus.kind == stopProfile {
				at += p.profile // its line is the one below
			}
			end := at + 2
			if p.focus.kind == stopMore {
				end = at + 1
			}
			p.top = min(max(p.top, end-l.rows), at)
		}
		total += e.height
	}
	if p.focus.kind == stopDeploy {
		p.top = total
	}
	p.top = max(min(p.top, total-l.rows), 0)
}
