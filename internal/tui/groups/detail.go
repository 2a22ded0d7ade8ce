package groups

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// detail returns at most n lines about what is selected. As long as nobody has
// selected anything they are about what holds the others back.
func (p *Pane) detail(n int) []string {
	text, style := p.selectedDetail()
	if !p.chosen {
		if why := p.holdUp(); why != "" {
			text, style = why, p.styles.Warn
		}
	}
	lines := cells.WrapAtMost(text, p.w-1, n, p.styles.Glyphs.Ellipsis)
	for i, line := range lines {
		lines[i] = style.Render(" " + line)
	}
	return lines
}

// holdUp names the first pod that others wait for.
func (p *Pane) holdUp() string {
	for i := range p.snapshot.Groups {
		g := &p.snapshot.Groups[i]
		if g.Leader == nil || g.Leader.Blocks == "" {
			continue
		}
		text := "leader: " + g.Leader.Blocks
		if len(p.snapshot.Groups) > 1 {
			text = fmt.Sprintf("group %d, %s", g.Index, text)
		}
		return p.sentence(text, g.Leader.Reason)
	}
	return ""
}

func (p *Pane) selectedDetail() (string, lipgloss.Style) {
	if len(p.rows) == 0 {
		return "", p.styles.Muted
	}
	r := p.rows[p.cursor]
	g := &p.snapshot.Groups[r.group]
	m, ofPod := p.memberAt(p.cursor, p.column)
	switch {
	case !ofPod:
		return p.sentence(append([]string{g.Cause}, p.facts[r.group].news...)...), p.styles.Muted
	case m.pod == nil:
		why := "not created"
		if g.Leader != nil && g.Leader.Blocks != "" {
			why = "not created: it waits for the leader to get a node"
		}
		if m.index == 0 {
			return "leader " + why, p.styles.Muted
		}
		return fmt.Sprintf("worker %d %s", m.index, why), p.styles.Muted
	case r.kind == containerRow:
		return p.containerDetail(g, m.pod.Containers[r.container]), p.styles.Muted
	case r.kind == gridRow:
		return p.sentence(p.hostName(r, m), p.podDetail(m.pod)), p.styles.Muted
	}
	style := p.styles.Muted
	if broken(m.pod) || m.pod.Blocks != "" {
		style = p.styles.Warn
	}
	return p.podDetail(m.pod), style
}

// podDetail tells first what is wrong and then what the columns cut off.
func (p *Pane) podDetail(pod *status.Pod) string {
	parts := []string{pod.Blocks, pod.Reason, pod.Name, pod.Node}
	if pod.Subgroup != nil {
		parts = append(parts, fmt.Sprintf("slice %d", *pod.Subgroup))
	}
	place := pod.NodePool
	if place != "" {
		place = "node pool " + place
		if pod.Topology != "" {
			place += " (" + pod.Topology + ")"
		}
	}
	parts = append(parts, place)
	if pod.Restarts > 0 {
		parts = append(parts, pod.RestartsText(p.now)+" restarts")
	}
	return p.sentence(parts...)
}

func (p *Pane) containerDetail(g *status.Group, c status.Container) string {
	parts := []string{p.says(g, c)}
	if m := inProgress(milestonesOf(g, c.Name)); m != nil && c.State == status.Running {
		parts = append(parts, m.Detail)
	}
	parts = append(parts, c.Message)
	if c.LastExitCode != nil {
		last := fmt.Sprintf("the run before ended with exit code %d", *c.LastExitCode)
		if c.LastReason != "" {
			last += " (" + c.LastReason + ")"
		}
		parts = append(parts, last)
	}
	return p.sentence(append(parts, c.Image)...)
}

// sentence joins what there is to say.
func (p *Pane) sentence(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, safetext.Line(part))
		}
	}
	return strings.Join(said, " "+p.styles.Glyphs.Dot+" ")
}
