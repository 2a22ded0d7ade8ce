package groups

import (
	"slices"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// expanded reports whether the children of a group (m is ofGroup) or of the
// pod in a place of it are shown. What somebody chose goes before what the
// pane would do by itself: a leader shows its containers, a worker only those
// that have something to tell.
func (p *Pane) expanded(g, m int) bool {
	o := object{group: p.snapshot.Groups[g].Index, worker: ofGroup}
	if m != ofGroup {
		o.worker = p.members[g][m].index
	}
	if chosen, ok := p.toggled[o]; ok {
		return chosen
	}
	switch m {
	case ofGroup:
		return len(p.snapshot.Groups) == 1 || p.opened == o.group
	case 0:
		return true
	default:
		pod := p.members[g][m].pod
		return pod != nil && !leaving(pod) && slices.ContainsFunc(pod.Containers, failing)
	}
}

// open chooses the group that is expanded by itself: the first of those that
// are worst off. It changes its choice only for a group that is worse off, and
// not while somebody is looking inside.
func (p *Pane) open() {
	worst, now := -1, 0
	for i, g := range p.snapshot.Groups {
		if g.Index == p.opened {
			now = concern(g.Phase)
			if p.chosen && p.selected.group == g.Index && p.selected.worker != ofGroup {
				return
			}
		}
		if worst < 0 || concern(g.Phase) > concern(p.snapshot.Groups[worst].Phase) {
			worst = i
		}
	}
	if worst >= 0 && concern(p.snapshot.Groups[worst].Phase) > now {
		p.opened = p.snapshot.Groups[worst].Index
	}
}

// concern is how much a phase asks to be looked into.
func concern(phase status.Phase) int {
	switch phase {
	case status.Ready:
		return 0
	case status.Failed, status.Degraded:
		return 2
	default:
		return 1
	}
}

// toggle expands or collapses what the cursor is on and reports whether it
// can be.
func (p *Pane) toggle() bool {
	if len(p.rows) == 0 {
		return false
	}
	r := p.rows[p.cursor]
	if r.kind != groupRow && r.kind != podRow {
		return false
	}
	p.set(r, !p.expanded(r.group, p.place(r)))
	return true
}

// place is the m of expanded for a row.
func (p *Pane) place(r row) int {
	if r.kind == groupRow {
		return ofGroup
	}
	return r.member
}

// set expands or collapses a group or a pod.
func (p *Pane) set(r row, expanded bool) {
	o := object{group: p.snapshot.Groups[r.group].Index, worker: ofGroup}
	if r.kind != groupRow {
		o.worker = p.members[r.group][r.member].index
	}
	p.toggled[o] = expanded
	p.arrange()
	p.reveal()
}
