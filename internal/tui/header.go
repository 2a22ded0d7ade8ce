package tui

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// header is what stands above everything: which deployment this is, what it is
// doing, how long that still takes, and whether what is shown is fresh.
type header struct {
	st                       *styles.Styles
	context, namespace, name string
	snapshot                 status.Snapshot
	seen                     bool
	outlook                  forecast.Forecast
	now                      time.Time
	// doing replaces the phase while nothing can be observed yet.
	doing string
}

// lines returns the header in at most n lines of w cells. In one line the
// phase has precedence over the name.
func (h header) lines(w, n int) []string {
	st := h.st
	dot := " " + st.Glyphs.Dot + " "
	name := st.Strong.Render(safetext.Line(h.name))
	if h.name == "" {
		name = st.Strong.Render("kubectl jetstream")
	}
	where := st.Muted.Render(dot + safetext.Line(h.namespace) + dot + safetext.Line(h.context))
	first := ends(" "+name+where, h.phase()+" ", w, st.Glyphs.Ellipsis)
	if n < 2 {
		return []string{first}
	}
	return []string{first, ends(" "+st.Muted.Render(strings.Join(h.about(), dot)), h.connection()+" ", w, st.Glyphs.Ellipsis)}
}

// phase is the headline: the phase in a word, for how long, of how long, and
// when the model can answer.
func (h header) phase() string {
	st := h.st
	if !h.seen {
		return st.Busy.Render(h.doing)
	}
	s := h.snapshot
	word := phaseStyle(st, s.Phase).Bold(true).Render(strings.ToUpper(words(s.Headline())))
	dot := " " + st.Glyphs.Dot + " "
	switch s.Phase {
	case status.Failed:
		if s.Fatal() != nil {
			return word + st.Bad.Render(dot+"will not heal")
		}
		return word
	case status.Ready, status.Serving, status.Degraded:
		return word + st.Text.Render(h.since(" for "))
	case status.NotFound, status.Stopped, status.Terminating:
		return word
	default:
	}
	if step, ok := h.outlook.Current(); ok {
		word += " " + st.Text.Render(safetext.Line(step.Title)+" "+forecast.Clock(step.Elapsed))
		if step.Expected.Known() {
			word += st.Muted.Render(" of " + step.Expected.String())
		}
		if step.Stalled {
			word += " " + st.Warn.Render(st.Glyphs.Stalled+" slow")
		}
	} else {
		word += st.Text.Render(h.since(" "))
	}
	if ready := h.readyAt(); ready != "" {
		word += st.Text.Render(dot + ready)
	}
	return word
}

// words takes the names of phases apart: "NotFound" is two words.
func words(phase string) string {
	if phase == string(status.NotFound) {
		return "not found"
	}
	return phase
}

// since is how long the phase lasts, if that is known.
func (h header) since(prefix string) string {
	since := h.snapshot.Since
	if since.IsZero() || !h.now.After(since) {
		return ""
	}
	return prefix + forecast.Clock(h.now.Sub(since))
}

// readyAt says when the model can probably answer.
func (h header) readyAt() string {
	at := h.outlook.ReadyText(h.now)
	if at == "" {
		return ""
	}
	return "ready " + h.st.Glyphs.Approx + " " + at
}

// about is what is deployed.
func (h header) about() []string {
	s := h.snapshot
	var parts []string
	switch {
	case s.Profile != "":
		parts = append(parts, safetext.Line(s.Profile))
	case s.Model != "":
		parts = append(parts, safetext.Line(s.Model))
	}
	if n := len(s.Groups); n > 0 {
		parts = append(parts, count(n, "group"))
	}
	if s.Chips > 0 {
		parts = append(parts, count(s.Chips, "chip"))
	}
	if s.Checkpoint != "" {
		parts = append(parts, safetext.Line(s.Checkpoint))
	}
	return parts
}

// connection says whether what is shown is fresh.
func (h header) connection() string {
	switch {
	case !h.seen:
		return ""
	case h.snapshot.DisconnectedSince.IsZero():
		return h.st.Muted.Render("connected")
	default:
		return h.st.Bad.Render("disconnected since " + h.snapshot.DisconnectedSince.Local().Format(time.TimeOnly))
	}
}

func phaseStyle(st *styles.Styles, p status.Phase) lipgloss.Style {
	switch p {
	case status.Ready, status.Serving:
		return st.Good
	case status.Failed, status.Degraded:
		return st.Bad
	case status.NotFound, status.Stopped, status.Terminating:
		return st.Warn
	default:
		return st.Busy
	}
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
