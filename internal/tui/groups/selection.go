package groups

// Selection is what is selected: a group, a pod or a container.
type Selection struct {
	// Group is the group's index.
	Group int
	// Worker is the pod's index in the group, 0 for the leader, or -1 where
	// the group itself is selected.
	Worker int
	// Pod and Container are names; empty for a group, and Pod also for a pod
	// that does not exist.
	Pod, Container string
	// OK is false while there is nothing to select.
	OK bool
}

// Selected returns what is selected.
func (p *Pane) Selected() Selection {
	if len(p.rows) == 0 {
		return Selection{}
	}
	o := p.objectAt(p.cursor, p.column)
	s := Selection{Group: o.group, Worker: o.worker, Container: o.container, OK: true}
	if m, ok := p.memberAt(p.cursor, p.column); ok && m.pod != nil {
		s.Pod = m.pod.Name
	}
	return s
}

// memberAt is the place that a row shows, or that of a host in the grid.
func (p *Pane) memberAt(i, column int) (member, bool) {
	switch r := p.rows[i]; r.kind {
	case podRow, containerRow:
		return p.members[r.group][r.member], true
	case gridRow:
		return p.members[r.group][min(r.member+column, p.lastOf(r))], true
	default:
		return member{}, false
	}
}

// Select selects a group, a pod or a container, expands what hides it, and
// reports whether it exists. A pod may be named by Pod alone, which goes before
// Worker.
func (p *Pane) Select(s Selection) bool {
	for g := range p.members {
		if p.snapshot.Groups[g].Index != s.Group {
			continue
		}
		if s.Pod != "" {
			s.Worker = ofGroup
			for _, m := range p.members[g] {
				if m.pod != nil && m.pod.Name == s.Pod {
					s.Worker = m.index
				}
			}
			if s.Worker == ofGroup {
				return false
			}
		}
		want := object{group: s.Group, worker: s.Worker, container: s.Container}
		p.expose(g, want)
		row, column, ok := p.locate(want)
		if !ok {
			return false
		}
		p.choose(row, column)
		return true
	}
	return false
}

// expose expands what hides an object.
func (p *Pane) expose(g int, o object) {
	if o.worker == ofGroup {
		return
	}
	if !p.expanded(g, ofGroup) {
		p.toggled[object{group: o.group, worker: ofGroup}] = true
	}
	if o.container != "" {
		p.toggled[object{group: o.group, worker: o.worker}] = true
	}
	p.arrange()
}

// choose puts the cursor on a row and a column of the grid, and shows it.
func (p *Pane) choose(row, column int) {
	p.cursor, p.column, p.chosen = row, column, true
	p.selected = p.objectAt(row, column)
	p.reveal()
}

// move moves the cursor by a number of rows.
func (p *Pane) move(by int) {
	if len(p.rows) == 0 {
		return
	}
	p.cursor = max(min(p.cursor+by, len(p.rows)-1), 0)
	if by < 0 {
		p.settle(-1)
	} else {
		p.settle(1)
	}
	p.choose(p.cursor, p.column)
}

// settle moves the cursor on, in the direction given, from rows that cannot be
// selected. The first row is a group and the last one never a legend, so there
// is always one.
func (p *Pane) settle(direction int) {
	for p.rows[p.cursor].kind == legendRow {
		p.cursor += direction
	}
}

// sideways moves the cursor within the grid and reports whether it is in one.
// From the first column it leaves to the group.
func (p *Pane) sideways(by int) bool {
	if len(p.rows) == 0 || p.rows[p.cursor].kind != gridRow {
		return false
	}
	r := p.rows[p.cursor]
	column := min(p.column, p.lastOf(r)-r.member) + by
	if column < 0 {
		p.parent()
		return true
	}
	p.choose(p.cursor, min(column, p.lastOf(r)-r.member))
	return true
}

// parent moves the cursor to what its row is part of.
func (p *Pane) parent() {
	for i := p.cursor - 1; i >= 0; i-- {
		kind := p.rows[i].kind
		if kind == groupRow || (kind == podRow && p.rows[p.cursor].kind == containerRow) {
			p.choose(i, p.column)
			return
		}
	}
}

// scroll moves what is visible and leaves the cursor where it is.
func (p *Pane) scroll(by int) {
	p.top += by
	p.clamp()
}

// reveal scrolls as little as needed to show the cursor.
func (p *Pane) reveal() {
	if body := p.body(); body > 0 {
		p.top = max(p.top, p.cursor-body+1)
	}
	p.top = min(p.top, p.cursor)
	p.clamp()
}

func (p *Pane) clamp() { p.top = max(min(p.top, len(p.rows)-p.body()), 0) }
