package tui

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// chatPlace is where a conversation goes. It says whether the model can be
// asked, why not and when, and how to ask it.
type chatPlace struct {
	st      *styles.Styles
	ask     string // the command that asks the model
	snap    status.Snapshot
	seen    bool
	outlook forecast.Forecast
	now     time.Time
}

// view returns at most h lines of w cells.
func (c chatPlace) view(w, h int) string {
	if w <= 2 || h <= 0 {
		return ""
	}
	var lines []string
	add := func(style func(...string) string, text string) {
		for line := range strings.SplitSeq(ansi.Wordwrap(safetext.Line(text), w-2, ""), "\n") {
			lines = append(lines, " "+ansi.Truncate(style(line), w-2, c.st.Glyphs.Ellipsis))
		}
	}
	switch {
	case !c.seen:
		add(c.st.Muted.Render, "There is nothing to ask yet.")
	case c.snap.Phase == status.Serving, c.snap.Phase == status.Ready, c.snap.Phase == status.Degraded:
		add(c.st.Text.Render, "The model answers. Ask it from another terminal:")
		add(c.st.Command.Render, c.ask)
	case c.snap.Phase == status.Failed:
		add(c.st.Text.Render, "The model cannot answer: the start-up failed.")
	default:
		add(c.st.Text.Render, c.waiting())
		if at := c.outlook.ReadyText(c.now); at != "" {
			add(c.st.Text.Render, "It can answer at about "+at+".")
		}
	}
	if len(lines) > h {
		lines = lines[:h]
	}
	return strings.Join(lines, "\n")
}

// waiting says in a sentence what the model is doing.
func (c chatPlace) waiting() string {
	if step, ok := c.outlook.Current(); ok {
		return "The model cannot answer yet. In progress: " + step.Title + ", " + forecast.Clock(step.Elapsed) + "."
	}
	if c.snap.Cause != "" {
		return "The model cannot answer yet: " + c.snap.Cause + "."
	}
	return "The model cannot answer yet."
}
