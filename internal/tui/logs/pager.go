package logs

// pager is a log with what is seen of it. Lines are known by their position in
// lines, which they keep; shown and hits hold such positions, ascending.
type pager struct {
	lines ring[line]
	bytes int
	// dropped counts the lines that were dropped to keep the bounds.
	dropped int
	runs    map[int]run

	filter, search pattern
	shown          ring[uint64] // lines that pass the filter
	hits           ring[uint64] // lines among them in which the search is found

	// wrap is the width at which lines are wrapped, 0 if they are not, and
	// height the number of rows on the screen, at least 1.
	wrap, height int

	// follow keeps the end on the screen. Otherwise top is the first row, and
	// paused the first line that came after following stopped.
	follow bool
	top    place
	paused uint64

	// current is the line of the match that was jumped to.
	current    uint64
	hasCurrent bool
}

// place is a row of a line, which is given as a position in pager.shown.
type place struct {
	pos uint64
	row int
}

func (a place) before(b place) bool {
	return a.pos < b.pos || a.pos == b.pos && a.row < b.row
}

func newPager() *pager {
	return &pager{follow: true, height: 1, runs: make(map[int]run)}
}

// add appends a line and drops the oldest ones that are too many.
func (g *pager) add(l line) {
	id := g.lines.push(l)
	g.bytes += len(l.text)
	g.show(id)
	for g.lines.len() > maxLines || g.bytes > maxBytes {
		g.bytes -= len(g.lines.at(g.lines.first).text)
		if !g.lines.at(g.lines.first).notice {
			g.dropped++
		}
		g.lines.drop()
	}
	forget(&g.shown, g.lines.first)
	forget(&g.hits, g.lines.first)
}

// show judges the last line.
func (g *pager) show(id uint64) {
	l := g.lines.at(id)
	if l.notice || g.filter.passes(l.text) {
		g.shown.push(id)
		g.match(id)
	}
}

func (g *pager) match(id uint64) {
	if l := g.lines.at(id); !g.search.empty() && !l.notice && g.search.matches(l.text) {
		g.hits.push(id)
	}
}

// setFilter shows other lines. The first row stays the same line, or the next
// one that is still there.
func (g *pager) setFilter(p pattern) {
	at := g.first()
	anchor := g.lines.first
	if at.pos < g.shown.end {
		anchor = *g.shown.at(at.pos)
	}
	g.filter = p
	g.shown.reset()
	g.hits.reset()
	for id := g.lines.first; id < g.lines.end; id++ {
		g.show(id)
	}
	g.top = place{pos: seek(&g.shown, anchor)}
	g.hasCurrent = g.hasCurrent && g.isHit(g.current)
}

// setSearch looks for something else. There is no current match then.
func (g *pager) setSearch(p pattern) {
	g.search, g.hasCurrent = p, false
	g.hits.reset()
	if p.empty() {
		return
	}
	for pos := g.shown.first; pos < g.shown.end; pos++ {
		g.match(*g.shown.at(pos))
	}
}

func (g *pager) isHit(id uint64) bool {
	pos := seek(&g.hits, id)
	return pos < g.hits.end && *g.hits.at(pos) == id
}

// hit returns the number of the current match, from 1, or 0 without one.
func (g *pager) hit() int {
	if !g.hasCurrent || !g.isHit(g.current) {
		return 0
	}
	return int(seek(&g.hits, g.current)-g.hits.first) + 1
}

// fresh returns how many lines came since following stopped.
func (g *pager) fresh() int { return int(g.shown.end - seek(&g.shown, g.paused)) }

// line returns the line at a position in shown.
func (g *pager) line(pos uint64) *line { return g.lines.at(*g.shown.at(pos)) }

func (g *pager) rows(pos uint64) int {
	if g.wrap == 0 {
		return 1
	}
	return height(g.line(pos), g.wrap)
}
