package logs

import (
	"fmt"
	"strings"
	"time"
)

// Title says what is shown: which log of which incarnation, whether it is
// followed, and what search and filter do to it.
func (p *Pane) Title() string {
	g := p.shownPager()
	parts := []string{"Logs: " + p.name(p.stream)}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case p.picker != nil:
		return "Logs: choose a container"
	case p.earlier == loading:
		add("previous incarnation, loading")
	case p.earlier == loaded && g.lines.len() == 0:
		add("no previous incarnation")
	case p.earlier == loaded:
		add("previous incarnation")
		if p.note != "" {
			add("%s", p.note)
		}
	case g.follow:
		add("following")
	case g.fresh() > 0:
		add("paused, %d new", g.fresh())
	default:
		add("paused")
	}
	if !p.filter.empty() {
		add("&%s", p.filter)
	}
	if !p.search.empty() {
		add("/%s %s", p.search, p.found())
	}
	if g.dropped > 0 && !g.follow && g.first() == (place{pos: g.shown.first}) {
		add("%d lines before were dropped", g.dropped)
	}
	return strings.Join(parts, " "+p.styles.Glyphs.Dot+" ")
}

// Copy returns text for the clipboard: the line of the current match, else all
// lines on the screen. Lines are whole, with the timestamps and names that are
// shown.
func (p *Pane) Copy() string {
	g := p.shownPager()
	if g.hit() > 0 {
		return p.copied(g.lines.at(g.current))
	}
	var lines []string
	at := g.first()
	rows := -at.row
	for pos := at.pos; pos < g.shown.end && rows < g.height; pos++ {
		lines = append(lines, p.copied(g.line(pos)))
		rows += g.rows(pos)
	}
	return strings.Join(lines, "\n")
}

func (p *Pane) copied(l *line) string {
	if l.notice {
		return l.text
	}
	text := l.text
	if p.all() {
		text = p.origins[l.origin].label + " " + text
	}
	switch {
	case p.stamps == none || l.time.IsZero():
		return text
	case p.stamps == full:
		return l.time.In(p.loc).Format(time.RFC3339Nano) + " " + text
	default:
		return l.time.In(p.loc).Format(clockFormat) + " " + text
	}
}
