package timeline

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

const (
	// noteIndent puts notes below the titles.
	noteIndent = 2
	// maxNotes is how many lines a note may take.
	maxNotes = 2
)

// Widths of the columns. What does not fit is given up in this order: the time
// of day, what is expected, and last the end of the title.
const (
	glyphWidth   = 2
	clockWidth   = 9 // a gap and 15:04:05
	elapsedWidth = 7 // a gap and 12m03s
	leastTitle   = 20
	mostTitle    = 28
)

// columns are the widths of a row; 0 leaves a column out.
type columns struct{ title, clock, elapsed, expected int }

// expectedWidth is the width of the column for what is expected, 0 if nothing
// is. It looks at all milestones, done or not.
func expectedWidth(steps []forecast.Step) int {
	w := 0
	for _, s := range steps {
		if s.Expected.Known() {
			w = max(w, 1+ansi.StringWidth("of "+s.Expected.String()))
		}
	}
	return w
}

// columnsFor divides w cells, of which what is expected needs some.
func columnsFor(w, expected int) columns {
	c := columns{clock: clockWidth, elapsed: elapsedWidth, expected: expected}
	room := func() int { return w - glyphWidth - c.clock - c.elapsed - c.expected }
	if room() < leastTitle {
		c.clock = 0
	}
	if room() < leastTitle {
		c.expected = 0
	}
	if room() < leastTitle/2 {
		c.elapsed = 0
	}
	c.title = max(room(), 0)
	if c.expected > 0 {
		c.title = min(c.title, mostTitle)
	}
	return c
}

// row draws one milestone.
func (p *Pane) row(s forecast.Step, c columns) string {
	ell := p.styles.Glyphs.Ellipsis
	glyph, style := p.mark(s)
	head := glyph + " " + p.title(s)
	if c.expected == 0 && s.State == milestone.Active && expectation(s) != "" {
		// Of the milestone in progress nobody wants to miss how long it takes,
		// so it gives up the alignment rather than that.
		tail := " " + elapsed(s) + " " + expectation(s)
		if ansi.StringWidth(head)+ansi.StringWidth(tail) <= p.w {
			return style.Render(cells.Left(head, p.w-ansi.StringWidth(tail), ell) + tail)
		}
	}
	tail := ""
	if c.clock > 0 {
		tail += cells.Right(when(s), c.clock, ell)
	}
	if c.elapsed > 0 {
		tail += cells.Right(elapsed(s), c.elapsed, ell)
	}
	tail += p.margin(s, c)
	head = cells.Left(head, min(glyphWidth+c.title, p.w), ell)
	tail = strings.TrimRight(cells.Cut(tail, p.w-ansi.StringWidth(head), ""), " ")
	if s.State == milestone.Active {
		return style.Render(head + tail)
	}
	if tail == "" {
		head = strings.TrimRight(head, " ")
	}
	return style.Render(head) + p.styles.Muted.Render(tail)
}

// margin is what stands right of the elapsed time: what is expected and, where
// it fits, how long the milestone took the last time. A milestone that is done
// expects nothing; if the time of day has no column it takes the place.
func (p *Pane) margin(s forecast.Step, c columns) string {
	if s.State == milestone.Done {
		if c.clock == 0 && c.expected >= clockWidth {
			return cells.Right(when(s), clockWidth, "")
		}
		return ""
	}
	text := ""
	if c.expected > 0 {
		text = " " + expectation(s)
	}
	if took := p.previous[s.ID]; took > 0 {
		last := cells.Left(text, c.expected, "") + "  last time " + forecast.Clock(took)
		if ansi.StringWidth(last) <= p.w-glyphWidth-c.title-c.clock-c.elapsed {
			text = last
		}
	}
	return text
}

// mark returns the glyph and the style that stand for a milestone's state.
func (p *Pane) mark(s forecast.Step) (string, lipgloss.Style) {
	g := p.styles.Glyphs
	switch {
	case s.State == milestone.Active && s.Stalled, s.Short:
		return g.Stalled, p.styles.Warn
	case s.State == milestone.Active:
		return g.Active, p.styles.Busy
	case s.State == milestone.Done && s.Implied:
		return g.Done, p.styles.Text
	case s.State == milestone.Done:
		return g.Done, p.styles.Good
	default:
		return g.Pending, p.styles.Muted
	}
}

// title is a milestone's name with how many of its parts are complete and, of
// the devices, how many there are.
func (p *Pane) title(s forecast.Step) string {
	text := s.Label()
	if s.ID == milestone.Mesh && s.Detail != "" {
		text += " " + p.styles.Glyphs.Dot + " " + safetext.Line(s.Detail)
	}
	return text
}

// when is the time of day at which a milestone was completed or, if it is in
// progress, began.
func when(s forecast.Step) string {
	at := time.Time{}
	switch s.State {
	case milestone.Active:
		at = s.Started
	case milestone.Done:
		if s.Implied {
			return "implied"
		}
		at = s.Finished
	case milestone.Pending:
	}
	if at.IsZero() {
		return ""
	}
	return at.Local().Format(time.TimeOnly)
}

// elapsed is empty where no two lines tell when a milestone began and ended.
func elapsed(s forecast.Step) string {
	switch {
	case s.State == milestone.Pending, s.Implied, s.Started.IsZero() && s.Elapsed == 0:
		return ""
	default:
		return forecast.Clock(s.Elapsed)
	}
}

// expectation is how long a milestone usually takes, as it stands right of how
// long it has taken.
func expectation(s forecast.Step) string {
	switch {
	case !s.Expected.Known() || s.State == milestone.Done:
		return ""
	case s.State == milestone.Active:
		return "of " + s.Expected.String()
	default:
		return s.Expected.String()
	}
}

// remark is what a milestone that does not go as it should has to say for
// itself.
func remark(s forecast.Step) string {
	switch {
	case s.Short && s.ID == milestone.WarmUp:
		return fmt.Sprintf("%d of %d compiled: a compilation failed silently", s.Count, s.Of)
	case s.Short:
		return fmt.Sprintf("ended after %d of %d parts", s.Count, s.Of)
	case s.State != milestone.Active || !s.Stalled:
		return ""
	case s.Hint == "":
		return "stalled: it takes longer than is plausible"
	default:
		return "stalled: " + safetext.Line(s.Hint)
	}
}

func (p *Pane) note(l line) string {
	return p.styles.Warn.Render(cells.Cut(cells.Blank(noteIndent)+l.note, p.w, p.styles.Glyphs.Ellipsis))
}

// frontOf returns how far a start-up has come: the furthest milestone in
// progress, else the last that is done, else the first; -1 without any.
func frontOf(steps []forecast.Step) int {
	front := min(0, len(steps)-1)
	for _, state := range []milestone.State{milestone.Done, milestone.Active} {
		for i, s := range steps {
			if s.State == state {
				front = i
			}
		}
	}
	return front
}
