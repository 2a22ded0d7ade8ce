package groups

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// line is a row in words.
type line struct {
	name, ready, state, restarts, age, node string

	nameStyle, stateStyle lipgloss.Style
	// wide lets the state run on to the end of the row, over columns that the
	// row has no use for.
	wide bool
}

// draw draws a row of the tree.
func (p *Pane) draw(i int, c columns) string {
	r := p.rows[i]
	switch r.kind {
	case legendRow:
		return p.legend(r)
	case gridRow:
		return p.hosts(i)
	case groupRow:
		return p.paint(p.groupLine(r, c), c, i == p.cursor)
	case podRow:
		return p.paint(p.podLine(r, c), c, i == p.cursor)
	default:
		return p.paint(p.containerLine(r), c, i == p.cursor)
	}
}

// paint puts a line into its columns.
func (p *Pane) paint(l line, c columns, selected bool) string {
	ell := p.styles.Glyphs.Ellipsis
	name := cells.Left(l.name, c.name, ell)
	ready := c.right(l.ready, c.ready, ell)
	state := c.left(l.state, c.status, ell)
	rest := c.right(l.restarts, c.restarts, ell) + c.right(l.age, c.age, ell) + c.left(l.node, c.node, ell)
	if l.wide {
		state, rest = c.left(l.state, c.status+c.rest(), ell), ""
	}
	if p.snapshot.DisconnectedSince.IsZero() {
		ready = p.styles.Text.Render(ready)
	} else {
		// What is not seen any more is not shown as if it were.
		l.nameStyle, l.stateStyle = p.styles.Muted, p.styles.Muted
		ready = p.styles.Muted.Render(ready)
	}
	if selected {
		text := p.styles.Glyphs.Cursor + name + ansi.Strip(ready) + state + rest
		return p.styles.Selected.Render(cells.Left(text, p.w, ""))
	}
	rest = strings.TrimRight(rest, " ")
	if rest == "" {
		state = strings.TrimRight(state, " ")
	}
	text := " " + l.nameStyle.Render(name) + ready + l.stateStyle.Render(state) + p.styles.Muted.Render(rest)
	if c.width() > p.w {
		return ansi.Truncate(text, p.w, "")
	}
	return text
}

func (p *Pane) groupLine(r row, c columns) line {
	g := &p.snapshot.Groups[r.group]
	glyph := p.styles.Glyphs.Collapsed
	if p.expanded(r.group, ofGroup) {
		glyph = p.styles.Glyphs.Expanded
	}
	l := line{
		name:      fmt.Sprintf("%s group %d", glyph, g.Index),
		ready:     fmt.Sprintf("%d/%d", g.Ready, max(g.Desired, g.Created)),
		state:     string(g.Phase),
		nameStyle: p.styles.Strong, stateStyle: p.phaseStyle(g.Phase),
	}
	if g.Leader != nil {
		l.age = p.since(g.Leader.Created)
	}
	f := p.facts[r.group]
	dot := " " + p.styles.Glyphs.Dot + " "
	news := strings.Join(f.news, dot)
	switch {
	case news == "":
		l.node = cells.Tail(f.pool, c.node, p.styles.Glyphs.Ellipsis)
	case ansi.StringWidth(news) <= c.node:
		l.node = news
	default:
		// A group as a whole has no restarts and no node, so its state may
		// take their columns.
		room := c.status + c.rest()
		l.state, l.wide = fit(l.state+dot+news, room, l.state+" "+strings.Join(f.brief, " "), p.styles.Glyphs.Ellipsis), true
	}
	return l
}

func (p *Pane) podLine(r row, c columns) line {
	g, m := &p.snapshot.Groups[r.group], p.members[r.group][r.member]
	glyph := " "
	if p.expanded(r.group, r.member) && (r.member == 0 || m.pod != nil) {
		glyph = p.styles.Glyphs.Expanded
	} else if r.member == 0 {
		glyph = p.styles.Glyphs.Collapsed
	}
	name := "leader"
	if r.member > 0 {
		name = fmt.Sprintf("worker %d", m.index)
	}
	l := line{name: "  " + glyph + " " + name, nameStyle: p.styles.Text}
	pod := m.pod
	if pod == nil {
		l.state, l.nameStyle, l.stateStyle = "not created", p.styles.Muted, p.styles.Muted
		if g.Leader != nil && g.Leader.Blocks != "" {
			l.node = fit("waits for the leader's node", c.node, "waits: leader", p.styles.Glyphs.Ellipsis)
		}
		return l
	}
	l.ready, l.state, l.age = pod.ReadyText(), safetext.Line(pod.Status), p.since(pod.Created)
	l.restarts = fit(pod.RestartsText(p.now), c.restarts, fmt.Sprint(pod.Restarts), p.styles.Glyphs.Ellipsis)
	l.stateStyle = p.podStyle(pod)
	l.node = p.whereabouts(pod, c.node)
	return l
}

// whereabouts is where a pod runs, or why it does not.
func (p *Pane) whereabouts(pod *status.Pod, w int) string {
	ell := p.styles.Glyphs.Ellipsis
	why := safetext.Line(pod.Reason)
	switch {
	case pod.Node == "" && pod.Blocks != "":
		return cells.Cut(pod.Blocks, w, ell)
	case pod.Node == "":
		return cells.Cut(why, w, ell)
	}
	text := ""
	if pod.Subgroup != nil {
		text = fmt.Sprintf("slice %d ", *pod.Subgroup)
	}
	if full := text + pod.Node + "  " + why; why != "" && ansi.StringWidth(full) <= w {
		return full
	}
	return text + cells.Tail(pod.Node, w-ansi.StringWidth(text), ell)
}

func (p *Pane) containerLine(r row) line {
	g, m := &p.snapshot.Groups[r.group], p.members[r.group][r.member]
	name := p.containerName(r)
	if m.pod == nil {
		return line{name: "      " + name, state: "not created", nameStyle: p.styles.Muted, stateStyle: p.styles.Muted}
	}
	c := m.pod.Containers[r.container]
	l := line{
		state: stateOf(c), age: p.since(c.Started), node: p.says(g, c),
		restarts:  fmt.Sprint(c.Restarts),
		nameStyle: p.styles.Text, stateStyle: p.styles.Muted,
	}
	glyph := " "
	switch {
	case failing(c) && !leaving(m.pod):
		glyph, l.stateStyle = p.styles.Glyphs.Failed, p.styles.Bad
	case c.State == status.Running && inProgress(milestonesOf(g, c.Name)) != nil:
		glyph, l.nameStyle, l.stateStyle = p.styles.Glyphs.Active, p.styles.Busy, p.styles.Busy
	}
	l.name = "    " + glyph + " " + name
	return l
}

// fit returns s if it is at most w cells wide, else the shorter form.
func fit(s string, w int, short, ellipsis string) string {
	if ansi.StringWidth(s) <= w {
		return s
	}
	return cells.Cut(short, w, ellipsis)
}

// since is kubectl's AGE column.
func (p *Pane) since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return duration.HumanDuration(max(p.now.Sub(t), 0))
}

func (p *Pane) phaseStyle(phase status.Phase) lipgloss.Style {
	switch phase {
	case status.Ready, status.Serving:
		return p.styles.Good
	case status.Failed, status.Degraded:
		return p.styles.Bad
	case status.Terminating:
		return p.styles.Warn
	default:
		return p.styles.Busy
	}
}

func (p *Pane) podStyle(pod *status.Pod) lipgloss.Style {
	switch {
	case pod.Ready:
		return p.styles.Good
	case leaving(pod):
		return p.styles.Warn
	case broken(pod):
		return p.styles.Bad
	default:
		return p.styles.Busy
	}
}
