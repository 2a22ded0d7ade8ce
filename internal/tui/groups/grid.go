package groups

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
)

const (
	// gridIndent puts the grid below the workers' names.
	gridIndent = 4
	// hostWidth is a host's cell with the gap that holds the selection's mark.
	hostWidth = 2
	// asideWidth is the least room beside the grid for the selected host.
	asideWidth, asideGap = 20, 3
)

// hostState is what a cell of the grid shows.
type hostState int

const (
	hostFailed hostState = iota
	hostPending
	hostRunning
	hostReady
	hostStates
)

func stateOfHost(pod *status.Pod) hostState {
	switch {
	case pod == nil:
		return hostPending
	case pod.Ready:
		return hostReady
	case broken(pod):
		return hostFailed
	case pod.Status == status.Running:
		return hostRunning
	default:
		return hostPending
	}
}

func (p *Pane) hostGlyph(s hostState) (glyph, word string, style lipgloss.Style) {
	g := p.styles.Glyphs
	switch s {
	case hostFailed:
		return g.Failed, "failed", p.styles.Bad
	case hostReady:
		return g.HostReady, "ready", p.styles.Good
	case hostRunning:
		return g.HostRunning, "running", p.styles.Busy
	default:
		return g.HostPending, "pending", p.styles.Muted
	}
}

// gridColumns is the number of hosts in a row: a power of two, so that rows of
// a slice's hosts end where they should, and as square as the width allows.
func (p *Pane) gridColumns(g int) int {
	hosts := len(p.members[g]) - 1
	columns := 1
	for columns*columns < hosts {
		columns *= 2
	}
	for columns > 1 && gridIndent+columns*hostWidth+2 > p.w {
		columns /= 2
	}
	return columns
}

// legendText is what the glyphs mean, with the number of hosts of each. It is
// as wide for every count.
func (p *Pane) legendText(g int) []string {
	var counts [hostStates]int
	for _, m := range p.members[g][1:] {
		counts[stateOfHost(m.pod)]++
	}
	digits := len(fmt.Sprint(len(p.members[g]) - 1))
	var out []string
	for _, s := range []hostState{hostReady, hostRunning, hostPending, hostFailed} {
		glyph, word, _ := p.hostGlyph(s)
		out = append(out, fmt.Sprintf("%s %*d %s", glyph, digits, counts[s], word))
	}
	return out
}

// legendHeight is the number of lines that the legend takes.
func (p *Pane) legendHeight(g int) int {
	if ansi.StringWidth(strings.Join(p.legendText(g), "  ")) <= p.w-gridIndent {
		return 1
	}
	return 2
}

func (p *Pane) legend(r row) string {
	parts := p.legendText(r.group)
	if p.legendHeight(r.group) > 1 {
		parts = parts[2*r.container : 2*r.container+2]
	}
	text := cells.Blank(gridIndent) + strings.Join(parts, "  ")
	return p.styles.Muted.Render(cells.Cut(text, p.w, p.styles.Glyphs.Ellipsis))
}

// hosts draws a row of the grid. Hosts of one state are painted together: a
// slice has many and most are alike.
func (p *Pane) hosts(i int) string {
	r := p.rows[i]
	last := p.lastOf(r)
	selected := -1
	if i == p.cursor {
		selected = min(r.member+p.column, last)
	}
	var out, run strings.Builder
	var runStyle lipgloss.Style
	state := hostStates
	flush := func() {
		if run.Len() > 0 {
			out.WriteString(runStyle.Render(run.String()))
			run.Reset()
		}
	}
	mark := " "
	if selected >= 0 {
		mark = p.styles.Glyphs.Cursor
	}
	out.WriteString(mark + cells.Blank(gridIndent-1))
	for m := r.member; m <= last; m++ {
		s := stateOfHost(p.members[r.group][m].pod)
		glyph, _, style := p.hostGlyph(s)
		if s != state || m == selected || m-1 == selected {
			flush()
			state, runStyle = s, style
		}
		switch {
		case m == selected:
			run.WriteString("[" + glyph)
			runStyle = p.styles.Selected
			state = hostStates
		case m-1 == selected:
			run.WriteString("]" + glyph)
		default:
			run.WriteString(" " + glyph)
		}
	}
	flush()
	if last == selected {
		out.WriteString("]")
	}
	text := out.String()
	if aside := p.aside(r); aside != "" {
		used := gridIndent + (last-r.member+1)*hostWidth
		if last == selected {
			used++
		}
		text += cells.Blank(p.asideAt(r.group)-used) + aside
	}
	return ansi.Truncate(text, p.w, "")
}

// asideAt is the column of what stands beside the grid.
func (p *Pane) asideAt(g int) int {
	return gridIndent + p.gridColumns(g)*hostWidth + asideGap
}

// aside is what a row of the grid says of the selected host, to its right:
// which it is, how it is, and where it runs.
func (p *Pane) aside(r row) string {
	room := p.w - p.asideAt(r.group)
	at := p.rows[p.cursor]
	if room < asideWidth || at.kind != gridRow || at.group != r.group {
		return ""
	}
	ell := p.styles.Glyphs.Ellipsis
	m := p.members[r.group][min(at.member+p.column, p.lastOf(at))]
	switch r.container {
	case 0:
		return p.styles.Strong.Render(cells.Cut(p.hostName(at, m), room, ell))
	case 1:
		if m.pod == nil {
			return p.styles.Muted.Render("not created")
		}
		text := fmt.Sprintf("%s %s, age %s", m.pod.ReadyText(), m.pod.Status, p.since(m.pod.Created))
		return p.podStyle(m.pod).Render(cells.Cut(text, room, ell))
	case 2:
		if m.pod != nil {
			return p.styles.Muted.Render(p.whereabouts(m.pod, room))
		}
	}
	return ""
}

// hostName names a host with its place in the grid, counted from 1.
func (p *Pane) hostName(at row, m member) string {
	column := min(p.column, p.lastOf(at)-at.member)
	return fmt.Sprintf("worker %d, row %d, column %d", m.index, at.container+1, column+1)
}
