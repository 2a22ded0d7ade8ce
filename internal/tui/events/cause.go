package events

import (
	"cmp"
	"fmt"
	"strings"
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
	several := len(s.Groups) > 1
	if f := s.Fatal(); f != nil {
		lines := []string{" " + st.Loud.Render(cut(st.Glyphs.Failed+" "+headline(*f, several)))}
		if f.Remedy != "" {
			lines = append(lines, " "+st.Strong.Render(cut("  "+safetext.Line(f.Remedy))))
		}
		return lines
	}
	for _, f := range s.Findings {
		if !f.Provisional {
			return []string{" " + st.Warn.Render(cut(st.Glyphs.Stalled+" "+headline(f, several)))}
		}
	}
	switch {
	case s.Phase == status.Failed && s.Cause != "":
		return []string{" " + st.Loud.Render(cut(st.Glyphs.Failed+" "+safetext.Line(s.Cause)))}
	case s.Phase == status.Ready && !s.Confirmed:
		return []string{" " + st.Warn.Render(cut(st.Glyphs.Stalled+" ready by the pods' own word: nobody may ask the model, so it is not confirmed"))}
	}
	return nil
}

// headline is a finding in one line, with where and when it was seen. The group
// is named where there are several.
func headline(f status.Finding, several bool) string {
	var where []string
	if several {
		where = append(where, fmt.Sprintf("group %d", f.Group))
	}
	if at := cmp.Or(f.Container, f.Pod); at != "" {
		where = append(where, at)
	}
	if !f.Time.IsZero() {
		where = append(where, f.Time.Local().Format(time.TimeOnly))
	}
	text := f.Summary
	if len(where) > 0 {
		text += " (" + strings.Join(where, ", ") + ")"
	}
	return safetext.Line(text)
}
