package tui

// Rect is a rectangle of cells.
type Rect struct{ X, Y, W, H int }

// Empty reports whether nothing can be shown in it.
func (r Rect) Empty() bool { return r.W <= 0 || r.H <= 0 }

// Contains reports whether a cell lies in it.
func (r Rect) Contains(x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}

// Pane names a pane.
type Pane int

// The panes, in the order of their number keys.
const (
	PaneGroups Pane = iota
	PaneMilestones
	PaneLogs
	PaneEvents
	PaneChat
	paneCount
)

// Mode is how much fits on the terminal.
type Mode int

// The modes.
const (
	// Small shows one pane at a time, below a line for the step in progress.
	//
	//	header
	//	cause lines
	//	step in progress
	//	─ focused pane ──────
	//	…
	//	keys
	Small Mode = iota
	// Medium shows groups and milestones beside each other, and one pane below.
	//
	//	header (2)
	//	─ Groups ────┬─ Milestones ─
	//	…            │ …
	//	─ Logs, Events or Chat ─────
	//	…
	//	keys
	Medium
	// Wide shows the chat beside the logs or events as well.
	//
	//	header (2)
	//	─ Groups ────┬─ Milestones ─
	//	…            │ …
	//	─ Logs ──────┴─ Chat ───────
	//	…            │ …
	//	keys
	Wide
)

// Breakpoints, in cells.
const (
	mediumWidth, mediumHeight = 76, 18
	wideWidth, wideHeight     = 104, 28
	// gutter is the width of the line between two columns.
	gutter = 3
	// milestoneRows is how many rows the timeline takes without scrolling.
	milestoneRows = 20
	// bottomRows is the least height of the panes at the bottom.
	bottomRows = 6
)

// Layout is where everything is. Rectangles of panes hold their content; the
// title is in the row above. What is not shown is empty.
type Layout struct {
	Mode   Mode
	W, H   int
	Header Rect
	Cause  Rect
	Step   Rect // the step in progress, in the small mode
	Panes  [paneCount]Rect
	// Split is the column of the line between left and right; 0 without one.
	Split  int
	Footer Rect
}

// View is what the layout depends on beside the size.
type View struct {
	Focus Pane
	// Bottom is the pane that was chosen for the bottom: logs, events or chat.
	Bottom Pane
	// Zoomed shows only the pane with the focus.
	Zoomed bool
	// Cause is how many lines the cause takes.
	Cause int
}

// NewLayout computes the layout for a size. It is total: sizes too small for
// anything give empty rectangles, never negative ones.
func NewLayout(w, h int, v View) Layout {
	w, h = max(w, 0), max(h, 0)
	l := Layout{W: w, H: h, Mode: modeFor(w, h)}
	row := 0
	take := func(n int) Rect {
		n = max(min(n, h-row), 0)
		r := Rect{0, row, w, n}
		row += n
		return r
	}
	header := 2
	if l.Mode == Small || v.Zoomed && v.Focus == PaneChat {
		header = 1
	}
	l.Header = take(header)
	l.Cause = take(v.Cause)
	if l.Mode == Small {
		l.Step = take(min(1, max(h-row-4, 0)))
	}
	footer := min(1, max(h-row-2, 0))
	l.Footer = Rect{0, h - footer, w, footer}
	body := h - row - footer

	if l.Mode == Small || v.Zoomed {
		l.Panes[v.Focus] = content(Rect{0, row, w, body})
		return l
	}
	top := max(body-bottomRows-1, body/2)
	top = min(top, max(milestoneRows+1, (body+1)/2))
	right := min(max(w*9/25, 34), 58)
	left := w - right - gutter
	l.Split = left + 1
	l.Panes[PaneGroups] = content(Rect{0, row, left, top})
	l.Panes[PaneMilestones] = content(Rect{left + gutter, row, right, top})
	low := Rect{0, row + top, w, body - top}
	if l.Mode == Medium {
		l.Panes[v.Bottom] = content(low)
		return l
	}
	bottom := v.Bottom
	if bottom == PaneChat {
		bottom = PaneLogs
	}
	l.Panes[bottom] = content(Rect{0, low.Y, left, low.H})
	l.Panes[PaneChat] = content(Rect{left + gutter, low.Y, right, low.H})
	return l
}

func modeFor(w, h int) Mode {
	switch {
	case w >= wideWidth && h >= wideHeight:
		return Wide
	case w >= mediumWidth && h >= mediumHeight:
		return Medium
	default:
		return Small
	}
}

// content is what remains of a pane below its title.
func content(r Rect) Rect {
	if r.H <= 0 {
		return Rect{}
	}
	return Rect{r.X, r.Y + 1, max(r.W, 0), r.H - 1}
}

// At returns the pane at a cell.
func (l Layout) At(x, y int) (Pane, bool) {
	for p, r := range l.Panes {
		if r.Contains(x, y) {
			return Pane(p), true
		}
	}
	return 0, false
}
