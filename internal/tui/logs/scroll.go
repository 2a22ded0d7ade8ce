package logs

// first returns the first row on the screen.
func (g *pager) first() place {
	last := g.bottom()
	switch {
	case g.follow || !g.top.before(last):
		return last
	case g.top.pos < g.shown.first:
		return place{pos: g.shown.first}
	}
	// Lines have fewer rows after the pane became wider.
	return place{g.top.pos, min(g.top.row, g.rows(g.top.pos)-1)}
}

// bottom returns the first row of the last screen.
func (g *pager) bottom() place {
	need := g.height
	for pos := g.shown.end; pos > g.shown.first; {
		pos--
		n := g.rows(pos)
		if n >= need {
			return place{pos, n - need}
		}
		need -= n
	}
	return place{pos: g.shown.first}
}

// scroll moves the screen down by n rows, or up if n is negative. Going up
// stops following, unless there is nothing above.
func (g *pager) scroll(n int) {
	from := g.first()
	to := g.moved(from, n)
	if to == from {
		return
	}
	g.pause()
	g.top = to
}

// moved returns the place n rows from at, within the log and at most at the
// last screen.
func (g *pager) moved(at place, n int) place {
	for ; n < 0 && at.row < -n; at.pos-- {
		if at.pos == g.shown.first {
			return place{pos: g.shown.first}
		}
		n += at.row
		at.row = g.rows(at.pos - 1)
	}
	if n <= 0 {
		at.row += n
		return at
	}
	last := g.bottom()
	for at.before(last) {
		below := g.rows(at.pos) - 1 - at.row
		if n <= below {
			at.row += n
			break
		}
		n -= below + 1
		at = place{pos: at.pos + 1}
	}
	if last.before(at) {
		return last
	}
	return at
}

// pause stops following, with the screen as it is.
func (g *pager) pause() {
	if g.follow {
		g.top = g.bottom()
		g.follow, g.paused = false, g.lines.end
	}
}

func (g *pager) toStart() {
	if g.first() != (place{pos: g.shown.first}) {
		g.pause()
		g.top = place{pos: g.shown.first}
	}
}

func (g *pager) toEnd() { g.follow = true }

// visible reports whether a row is on the screen.
func (g *pager) visible(at place) bool {
	first := g.first()
	if at.before(first) {
		return false
	}
	rows := -first.row
	for pos := first.pos; pos < at.pos && rows < g.height; pos++ {
		rows += g.rows(pos)
	}
	return rows+at.row < g.height
}

// jump makes a line the current match and shows where the search is found in
// it, with a third of the screen above it if it has to move.
func (g *pager) jump(id uint64) {
	g.pause()
	g.current, g.hasCurrent = id, true
	at := place{pos: seek(&g.shown, id)}
	if g.wrap > 0 {
		l := g.lines.at(id)
		offset, _ := g.search.find(l.text)
		at.row = rowOf(l, g.wrap, offset)
	}
	if !g.visible(at) {
		g.top = g.moved(at, -(g.height / 3))
	}
}

// next jumps to the next match, after the last one to the first.
func (g *pager) next() {
	if g.hits.len() == 0 {
		return
	}
	pos := seek(&g.hits, g.here())
	if g.hit() > 0 {
		pos++
	}
	if pos >= g.hits.end {
		pos = g.hits.first
	}
	g.jump(*g.hits.at(pos))
}

// prev jumps to the match before, from the first one to the last.
func (g *pager) prev() {
	if g.hits.len() == 0 {
		return
	}
	pos := seek(&g.hits, g.here())
	if pos == g.hits.first {
		pos = g.hits.end
	}
	g.jump(*g.hits.at(pos - 1))
}

// nearest jumps to the match that a new search shows first: the latest if the
// log is followed, since that is where the eye is, else the first from the top
// of the screen on.
func (g *pager) nearest() {
	switch {
	case g.hits.len() == 0:
	case g.follow:
		g.jump(*g.hits.at(g.hits.end - 1))
	default:
		g.next()
	}
}

// here is the line from which the next match is looked for: the current match,
// or the first line on the screen, or the end while following.
func (g *pager) here() uint64 {
	if g.hasCurrent {
		return g.current
	}
	if at := g.first(); !g.follow && at.pos < g.shown.end {
		return *g.shown.at(at.pos)
	}
	return g.lines.end
}
