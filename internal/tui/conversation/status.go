package conversation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// notices say what of a turn the model did not see.
func (p *Pane) notices(t *turn) []string {
	var rows []string
	add := func(text string) {
		for _, row := range cells.Wrap(text, p.textWidth()) {
			rows = append(rows, p.s.Warn.Render(row))
		}
	}
	if len(t.of.User) > maxShown {
		add(fmt.Sprintf("shown up to here: %s of %s", size(maxShown), size(len(t.of.User))))
	}
	if t.of.Dropped > 0 {
		add("not sent: " + dropped(t.of.Dropped))
	}
	if t.of.Cut {
		add("not sent: the beginning of this text, as it is too long for the model")
	}
	return rows
}

// status are the rows below an answer: what became of it, and what it took.
func (p *Pane) status(n int) []string {
	t := p.turns[n]
	last := n == len(p.turns)-1
	w := p.textWidth()
	var rows []string
	add := func(style func(...string) string, text string) {
		for _, row := range cells.Wrap(safetext.Line(text), w) {
			rows = append(rows, style(row))
		}
	}
	if len(t.of.Answer) > t.took {
		add(p.s.Warn.Render, fmt.Sprintf("shown up to here: %s of %s; /copy and /save have all of it", size(maxShown), size(len(t.of.Answer))))
	}
	var measures []string
	if last || p.full {
		measures = p.measures(t.of.Stats)
	}
	end := func(style func(...string) string, parts ...string) {
		for _, row := range p.flow(parts, w) {
			rows = append(rows, style(row))
		}
	}
	switch t.of.State {
	case chat.Waiting:
		rows = append(rows, p.progress("waiting "+elapsed(p.since(t)), "for the first token"))
	case chat.Answering:
		parts := append([]string{"answering " + elapsed(p.since(t))}, speed(t.soFar)...)
		rows = append(rows, p.progress(parts...))
	case chat.Done:
		if t.of.Answer == "" {
			add(p.s.Warn.Render, "the model answered nothing")
		}
		end(p.s.Muted.Render, measures...)
	case chat.Stopped:
		end(p.s.Warn.Render, append([]string{"stopped"}, measures...)...)
	default:
		cause := "no cause is known"
		if t.of.Err != nil {
			cause = t.of.Err.Error()
		}
		end(p.s.Muted.Render, measures...)
		// What helps may stand on lines of its own.
		for i, line := range strings.Split(cause, "\n") {
			if i == 0 {
				line = p.s.Glyphs.Failed + " failed: " + line
			}
			add(p.s.Bad.Render, line)
		}
		if last {
			add(p.s.Text.Render, "ctrl+r or /retry asks again")
		}
	}
	if !last {
		rows = append(rows, "")
	}
	return rows
}

// progress is the row below a running answer, with the key that stops it. Where parts
// have no room, the first and the last one stay longest.
func (p *Pane) progress(parts ...string) string {
	const stop = "esc stop"
	w := p.textWidth()
	room := w - len(stop) - 2
	for len(parts) > 1 && ansi.StringWidth(p.joined(parts...)) > room {
		parts = slices.Delete(parts, 1, 2)
	}
	text := p.joined(parts...)
	if room > 0 {
		text = cells.Left(text, room, p.s.Glyphs.Ellipsis)
		return p.s.Busy.Render(text) + "  " + p.s.Key.Render("esc") + p.s.Muted.Render(" stop")
	}
	return p.s.Busy.Render(cells.Cut(text, w, p.s.Glyphs.Ellipsis))
}

func (p *Pane) since(t *turn) time.Duration { return max(p.now.Sub(t.of.Begun), 0) }

// speed is how soon and how fast text came, as far as that is known. The server
// counts no tokens; the pieces in which an answer comes stand for them.
func speed(s chat.Stats) []string {
	var parts []string
	if s.FirstText > 0 {
		parts = append(parts, seconds(s.FirstText)+" to first token")
	}
	if rate := s.ChunksPerSecond(); rate >= 10 {
		parts = append(parts, fmt.Sprintf("%.0f tokens/s", rate))
	} else if rate > 0 {
		parts = append(parts, fmt.Sprintf("%.1f tokens/s", rate))
	}
	return parts
}

// measures are what is known of a request that has ended.
func (p *Pane) measures(s chat.Stats) []string {
	parts := speed(s)
	if s.RoundTrip > 0 {
		parts = append(parts, "tunnel "+milliseconds(s.RoundTrip))
	}
	if p.full && s.Total > 0 {
		parts = append(parts, seconds(s.Total)+" in all", fmt.Sprintf("%d pieces", s.Chunks), size(s.Bytes))
		if s.Pod != "" {
			parts = append(parts, "from "+s.Pod)
		}
	}
	return parts
}

// flow is like joined, in as many rows as it takes. A part is kept together
// where it can be.
func (p *Pane) flow(parts []string, w int) []string {
	var rows []string
	line := ""
	for _, part := range parts {
		part = safetext.Line(part)
		if longer := p.joined(line, part); line == "" || ansi.StringWidth(longer) <= w {
			line = longer
			continue
		}
		rows = append(rows, cells.Wrap(line, w)...)
		line = part
	}
	return append(rows, cells.Wrap(line, w)...)
}

// joined puts a dot between the parts that there are.
func (p *Pane) joined(parts ...string) string {
	var there []string
	for _, part := range parts {
		if part != "" {
			there = append(there, part)
		}
	}
	return strings.Join(there, " "+p.s.Glyphs.Dot+" ")
}

func seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	case s < 60:
		return fmt.Sprintf("%.1f s", s)
	default:
		return fmt.Sprintf("%dm%02ds", int(s)/60, int(s)%60)
	}
}

// elapsed is a time that passes while it is shown.
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return seconds(d)
}

func milliseconds(d time.Duration) string {
	if ms := d.Seconds() * 1000; ms < 10 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", ms), ".0") + " ms"
	}
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}

func size(bytes int) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%.1f kB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// fit cuts what is styled already.
func (p *Pane) fit(row string, w int) string {
	if ansi.StringWidth(row) <= w {
		return row
	}
	return ansi.Truncate(row, w, p.s.Glyphs.Ellipsis)
}
