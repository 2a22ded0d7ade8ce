// Package groups is the pane of a deployment's groups: a tree of leader,
// containers and workers in kubectl's columns, and a grid of hosts where a
// group has many.
//
// Rows belong to objects. A pod that should exist has its row before it does,
// so nothing moves when pods come and go; the selection stays on its object
// across snapshots, and on its line of the screen where it can. What somebody
// expanded or collapsed stays so; of several groups the pane opens the one
// that is worst off by itself.
//
// SetSnapshot takes time in proportion to the number of pods, View to the
// number of visible rows.
package groups

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Pane shows the groups of one deployment. Its methods are called from one
// goroutine.
type Pane struct {
	styles *styles.Styles
	keys   keyMap
	w, h   int
	now    time.Time

	seen     bool
	snapshot status.Snapshot
	// members of each group, in the order of the snapshot.
	members [][]member
	facts   []facts
	// crews are the containers of each group's last known leader, by group
	// index: a leader that is being replaced keeps its rows.
	crews map[int][]string

	rows []row
	// toggled holds what somebody expanded (true) or collapsed (false).
	toggled map[object]bool
	// opened is the index of the group that is expanded by itself.
	opened int

	selected object
	// chosen is true once somebody has selected something.
	chosen bool
	cursor int // the row of what is selected
	column int // its column in a grid
	top    int // the first visible row
}

// New returns an empty pane.
func New(s *styles.Styles) *Pane {
	return &Pane{
		styles: s, keys: defaultKeys(), crews: map[int][]string{}, toggled: map[object]bool{},
		opened: -1, selected: object{worker: ofGroup},
	}
}

// SetStyles replaces the styles.
func (p *Pane) SetStyles(s *styles.Styles) { p.styles = s }

// SetSize sets the size of the pane in cells.
func (p *Pane) SetSize(w, h int) {
	if p.w == w && p.h == h {
		return
	}
	p.w, p.h = max(w, 0), max(h, 0)
	p.arrange()
	p.reveal()
}

// SetNow sets the time that ages are counted to.
func (p *Pane) SetNow(now time.Time) { p.now = now }

// SetSnapshot replaces what is shown. The pane keeps s and does not change it.
func (p *Pane) SetSnapshot(s status.Snapshot) {
	p.seen, p.snapshot = true, s
	p.members, p.facts = p.members[:0], p.facts[:0]
	for i := range s.Groups {
		members := membersOf(&s.Groups[i])
		p.members = append(p.members, members)
		p.facts = append(p.facts, factsOf(&s.Groups[i], members, s.Rollout))
		if leader := s.Groups[i].Leader; leader != nil {
			p.crews[s.Groups[i].Index] = crewOf(leader)
		}
	}
	p.open()
	p.arrange()
}

// Update takes keys and the mouse wheel.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			p.scroll(-3)
		case tea.MouseWheelDown:
			p.scroll(3)
		default:
		}
	}
	return nil
}

// View draws the pane.
func (p *Pane) View() string {
	if p.w == 0 || p.h == 0 {
		return ""
	}
	if len(p.snapshot.Groups) == 0 {
		return p.nothing()
	}
	c := columnsFor(p.w)
	out := make([]string, 0, p.h)
	if p.headed() {
		out = append(out, p.styles.Muted.Render(cells.Cut(c.header(), p.w, "")))
	}
	end := min(p.top+p.body(), len(p.rows))
	for i := p.top; i < end; i++ {
		out = append(out, p.draw(i, c))
	}
	if n := p.detailHeight(); n > 0 {
		// Rows that are not needed give the detail more room.
		free := p.body() - (end - p.top)
		lines := p.detail(min(n+max(free-1, 0), mostDetail))
		for range max(free+n-len(lines), 0) {
			out = append(out, "")
		}
		out = append(out, lines...)
	}
	return strings.Join(out, "\n")
}

// nothing says why there is no group to show.
func (p *Pane) nothing() string {
	text := "no snapshot of the cluster yet"
	if p.seen {
		text = safetext.Line(p.snapshot.Cause)
	}
	lines := cells.WrapAtMost(text, p.w-1, p.h, p.styles.Glyphs.Ellipsis)
	for i, line := range lines {
		lines[i] = p.styles.Muted.Render(" " + line)
	}
	return strings.Join(lines, "\n")
}

// headed reports whether there is room for the names of the columns.
func (p *Pane) headed() bool { return p.h > 2 }

// mostDetail is the number of lines after which a detail is cut.
const mostDetail = 4

// detailHeight is the least number of lines at the bottom that say more about what
// is selected. They are there whether there is more to say or not, so that
// the rows above stay where they are.
func (p *Pane) detailHeight() int {
	switch {
	case p.h < 6:
		return 0
	case p.h < 18:
		return 1
	default:
		return 2
	}
}

// body is the number of lines for rows.
func (p *Pane) body() int {
	n := p.h - p.detailHeight()
	if p.headed() {
		n--
	}
	return n
}
