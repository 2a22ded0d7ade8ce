package groups

import (
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// gridFrom is the number of workers from which on they are shown as a grid.
const gridFrom = 17

// object names what a row shows, by what outlives pods: the group, the pod's
// index in it (or ofGroup), and the container, if it is one.
type object struct {
	group, worker int
	container     string
}

// ofGroup is the worker of an object that is a whole group.
const ofGroup = -1

// member is the place of a pod in its group; pod is nil while it does not
// exist.
type member struct {
	index int
	pod   *status.Pod
}

// membersOf lists the places of a group, the leader's first. Pods that are not
// among those that should exist have places behind them.
func membersOf(g *status.Group) []member {
	out := make([]member, max(g.Desired, 1), max(g.Desired, 1)+len(g.Workers))
	for i := range out {
		out[i].index = i
	}
	out[0].pod = g.Leader
	for i := range g.Workers {
		w := &g.Workers[i]
		if w.Index > 0 && w.Index < g.Desired && out[w.Index].pod == nil {
			out[w.Index].pod = w
			continue
		}
		out = append(out, member{w.Index, w})
	}
	return out
}

// crewOf lists the containers of a leader that are shown.
func crewOf(leader *status.Pod) []string {
	var names []string
	for i := range leader.Containers {
		if c := &leader.Containers[i]; !passed(c) {
			names = append(names, c.Name)
		}
	}
	return names
}

// passed reports whether an init container has done its work.
func passed(c *status.Container) bool {
	return c.Init && c.State == status.Terminated && c.ExitCode != nil && *c.ExitCode == 0
}

type kind int

const (
	groupRow kind = iota
	podRow
	containerRow
	legendRow // what the glyphs of the grid mean; cannot be selected
	gridRow
)

// row is one line of the tree. Indexes are into the snapshot.
type row struct {
	kind  kind
	group int
	// member is the pod's place; of a gridRow that of its first host.
	member int
	// container is the container's index in its pod, or in the group's crew
	// while the pod does not exist; of a legendRow the number of the line, of
	// a gridRow that of the row.
	container int
}

// arrange lists the rows anew and finds the selection among them.
func (p *Pane) arrange() {
	line := p.cursor - p.top
	p.rows = p.rows[:0]
	for g := range p.members {
		p.rows = append(p.rows, row{kind: groupRow, group: g})
		if p.expanded(g, ofGroup) {
			p.arrangeGroup(g)
		}
	}
	p.find()
	// What is selected keeps its line of the screen.
	if line >= 0 && line < p.body() {
		p.top = p.cursor - line
	}
	p.clamp()
}

func (p *Pane) arrangeGroup(g int) {
	members := p.members[g]
	p.arrangePod(g, 0)
	if len(members)-1 < gridFrom {
		for m := 1; m < len(members); m++ {
			p.arrangePod(g, m)
		}
		return
	}
	columns := p.gridColumns(g)
	for i := range p.legendHeight(g) {
		p.rows = append(p.rows, row{kind: legendRow, group: g, container: i})
	}
	for i := 0; i*columns < len(members)-1; i++ {
		p.rows = append(p.rows, row{kind: gridRow, group: g, member: 1 + i*columns, container: i})
	}
}

func (p *Pane) arrangePod(g, m int) {
	p.rows = append(p.rows, row{kind: podRow, group: g, member: m})
	if !p.expanded(g, m) {
		return
	}
	pod := p.members[g][m].pod
	if pod == nil {
		for i := range p.crews[p.snapshot.Groups[g].Index] {
			p.rows = append(p.rows, row{kind: containerRow, group: g, member: m, container: i})
		}
		return
	}
	for i := range pod.Containers {
		if !passed(&pod.Containers[i]) {
			p.rows = append(p.rows, row{kind: containerRow, group: g, member: m, container: i})
		}
	}
}

// objectAt is what a row shows; of a row of the grid what is in a column.
func (p *Pane) objectAt(i, column int) object {
	r := p.rows[i]
	o := object{group: p.snapshot.Groups[r.group].Index, worker: ofGroup}
	switch r.kind {
	case groupRow, legendRow:
	case podRow:
		o.worker = p.members[r.group][r.member].index
	case containerRow:
		o.worker = p.members[r.group][r.member].index
		o.container = p.containerName(r)
	case gridRow:
		o.worker = p.members[r.group][min(r.member+column, p.lastOf(r))].index
	}
	return o
}

// lastOf is the last place in a row of the grid.
func (p *Pane) lastOf(r row) int {
	return min(r.member+p.gridColumns(r.group), len(p.members[r.group])) - 1
}

func (p *Pane) containerName(r row) string {
	if pod := p.members[r.group][r.member].pod; pod != nil {
		return pod.Containers[r.container].Name
	}
	return p.crews[p.snapshot.Groups[r.group].Index][r.container]
}

// find puts the cursor on what is selected. If that is gone it goes to what it
// was part of, or else to the group that is where that was.
func (p *Pane) find() {
	if len(p.rows) == 0 {
		p.cursor, p.column = 0, 0
		return
	}
	pod, group := p.selected, p.selected
	pod.container = ""
	group.container, group.worker = "", ofGroup
	for _, o := range []object{p.selected, pod, group} {
		if row, column, ok := p.locate(o); ok {
			p.selected, p.cursor, p.column = o, row, column
			return
		}
	}
	p.cursor = min(p.cursor, len(p.rows)-1)
	for p.rows[p.cursor].kind != groupRow {
		p.cursor--
	}
	p.selected = p.objectAt(p.cursor, p.column)
}

// locate returns the row of an object, and its column in a grid.
func (p *Pane) locate(o object) (row, column int, ok bool) {
	for i, r := range p.rows {
		if p.snapshot.Groups[r.group].Index != o.group || r.kind == legendRow {
			continue
		}
		if r.kind != gridRow {
			if p.objectAt(i, 0) == o {
				return i, p.column, true
			}
			continue
		}
		if o.container != "" || o.worker == ofGroup {
			continue
		}
		for m, last := r.member, p.lastOf(r); m <= last; m++ {
			if p.members[r.group][m].index == o.worker {
				return i, m - r.member, true
			}
		}
	}
	return 0, 0, false
}
