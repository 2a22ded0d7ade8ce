package events

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// CauseLines are what must be seen below the header: what is wrong and what to
// do about it, in at most two lines of w cells. What waiting may heal, and
// readiness that nobody could confirm, is one quiet line; while all is well
// there is none.
func CauseLines(s status.Snapshot, w int, st *styles.Styles) []string {
	room := w - 2
	if room <= 0 {
		return nil
	}
	cut := func(text string) string { return cells.Cut(text, room, st.Glyphs.Ellipsis) }
	if f := s.Fatal(); f != nil {
		lines := []string{" " + st.Loud.Render(cut(st.Glyphs.Failed+" "+headline(*f)))}
		if f.Remedy != "" {
			lines = append(lines, " "+st.Strong.Render(cut("  "+safetext.Line(f.Remedy))))
		}
		return lines
	}
	for _, f := range s.Findings {
		if !f.Provisional {
			return []string{" " + st.Warn.Render(cut(st.Glyphs.Stalled+" "+headline(f)))}
		}
	}
	if s.Phase == status.Ready && !s.Confirmed {
		return []string{" " + st.Warn.Render(cut(st.Glyphs.Stalled+" ready by the pods' own word: nobody may ask the model, so it is not confirmed"))}
	}
	return nil
}

// headline is a finding in one line, with where and when it was seen.
func headline(f status.Finding) string {
	text := f.Summary
	where := f.Container
	if where == "" {
		where = f.Pod
	}
	switch {
	case where != "" && !f.Time.IsZero():
		text += " (" + where + ", " + f.Time.Local().Format(time.TimeOnly) + ")"
	case where != "":
		text += " (" + where + ")"
	}
	return safetext.Line(text)
}
