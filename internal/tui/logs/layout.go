package logs

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// stamps says how timestamps are shown.
type stamps int

const (
	clock stamps = iota // the time of day
	full                // date, time and zone
	none
	stampKinds
)

const (
	clockFormat = "15:04:05"
	// fullFormat is RFC 3339 with a zone that always takes the same cells.
	fullFormat = "2006-01-02T15:04:05.000-07:00"
)

// Least widths of the text for which there are columns beside it.
const (
	besideClock = 16
	besideFull  = 24
	leastLabel  = 4
)

// columns are the widths of what is beside each other on a row.
//
//	▌14:39:50 leader/jax-tpu restoring params from …
//	cursor stamp label text
//
// Stamp and label include the space after them. The cells add up to the width
// of the pane.
type columns struct {
	cursor, stamp, label, text int
	format                     string // of the stamp
}

// newColumns lays out w cells. What does not fit beside a readable text is
// left out: a narrow pane shows the time only, or no time.
func newColumns(w int, kind stamps, label int) columns {
	var c columns
	c.cursor = min(1, w/8)
	room := w - c.cursor
	if kind == full && room-len(fullFormat)-1 < besideFull {
		kind = clock
	}
	if kind == clock && room-len(clockFormat)-1 < besideClock {
		kind = none
	}
	switch kind {
	case full:
		c.format = fullFormat
	case clock:
		c.format = clockFormat
	default:
	}
	if c.format != "" {
		c.stamp = len(c.format) + 1
		room -= c.stamp
	}
	if label = min(label, room/3); label >= leastLabel {
		c.label = label + 1
	}
	c.text = room - c.label
	return c
}

// layout computes everything that depends on the size and on what is shown
// beside the lines.
func (p *Pane) layout() {
	if p.styles == nil {
		return
	}
	label := 0
	if p.all() {
		for _, o := range p.origins {
			label = max(label, ansi.StringWidth(o.label))
		}
	}
	p.columns = newColumns(p.w, p.stamps, label)
	if width := p.columns.label - 1; width > 0 {
		for i := range p.origins {
			o := &p.origins[i]
			cell := ansi.Truncate(o.label, width, p.styles.Glyphs.Ellipsis)
			o.cell = cell + strings.Repeat(" ", max(0, width-ansi.StringWidth(cell))) + " "
		}
	}
	height := p.h
	if p.notice != "" {
		height--
	}
	if p.input != nil {
		height--
	}
	for _, g := range []*pager{p.live, p.previous} {
		g.height = max(1, height)
		g.wrap = 0
		// A wide character needs two cells.
		if p.wrap && p.columns.text >= 2 {
			g.wrap = p.columns.text
		}
	}
}

// clip cuts text to the width of the pane.
func (p *Pane) clip(text string) string {
	return ansi.Truncate(text, p.w, p.styles.Glyphs.Ellipsis)
}
