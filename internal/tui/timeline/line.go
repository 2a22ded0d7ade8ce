package timeline

import (
	"fmt"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
)

// Line is the timeline in one line of at most w cells, for terminals with room
// for no more: the milestone in progress with its time, or how far the
// start-up has come.
func (p *Pane) Line(w int) string {
	front := frontOf(p.forecast.Steps)
	if front < 0 || w <= 0 {
		return ""
	}
	s := p.forecast.Steps[front]
	glyph, style := p.mark(s)
	text := glyph + " " + p.title(s)
	switch {
	case s.State == milestone.Active:
		text += active(s)
	case s.State == milestone.Done && front+1 < len(p.forecast.Steps):
		text += fmt.Sprintf(" done, next %s", p.forecast.Steps[front+1].Title)
	case s.State == milestone.Done:
		text += " done"
	}
	if p.label != "" {
		text = p.label + ": " + text
	}
	return style.Render(cells.Cut(text, w, p.styles.Glyphs.Ellipsis))
}

// active is what follows the name of a milestone in progress.
func active(s forecast.Step) string {
	text := ""
	if s.Stalled {
		text = " stalled"
	}
	if took := elapsed(s); took != "" {
		text += " " + took
	}
	if e := expectation(s); e != "" {
		text += " " + e
	}
	return text
}
