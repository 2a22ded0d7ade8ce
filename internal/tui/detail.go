package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// pod returns a pod of the snapshot by its name.
func (m *Model) pod(name string) (status.Pod, bool) {
	for _, g := range m.snap.Groups {
		for _, p := range g.Pods() {
			if p.Name == name {
				return p, true
			}
		}
	}
	return status.Pod{}, false
}

// detail describes what is selected, as kubectl describe would, from what is
// known already.
func (m *Model) detail() (title, text string) {
	sel := m.groups.Selected()
	if p, ok := m.pod(sel.Pod); ok {
		return "pod/" + p.Name, m.podDetail(p)
	}
	return "leaderworkerset/" + m.name, m.deploymentDetail()
}

// fields are names with values, aligned.
type fields struct{ b strings.Builder }

func (f *fields) add(name, value string) {
	if value != "" {
		fmt.Fprintf(&f.b, "%-16s%s\n", name+":", value)
	}
}

func (f *fields) section(title string) { fmt.Fprintf(&f.b, "\n%s\n", title) }

func (m *Model) podDetail(p status.Pod) string {
	var f fields
	f.add("Name", p.Name)
	f.add("Status", p.Status)
	f.add("Reason", p.Reason)
	f.add("Holds back", p.Blocks)
	f.add("Ready", p.ReadyText())
	f.add("Restarts", p.RestartsText(m.now))
	f.add("Created", when(p.Created, m.now))
	f.add("Node", cmp.Or(p.Node, "<none>"))
	f.add("Node pool", p.NodePool)
	f.add("Topology", p.Topology)
	if p.Subgroup != nil {
		f.add("Subgroup", fmt.Sprint(*p.Subgroup))
	}
	f.add("IP", p.IP)
	f.add("Revision", p.Revision)
	f.add("UID", p.UID)
	for _, c := range p.Containers {
		f.section("Container " + c.Name)
		f.add("  Image", c.Image)
		state := c.State
		if c.Reason != "" {
			state += ": " + c.Reason
		}
		f.add("  State", state)
		f.add("  Message", c.Message)
		if !c.Started.IsZero() {
			f.add("  Started", when(c.Started, m.now))
		}
		if c.ExitCode != nil {
			f.add("  Exit code", fmt.Sprint(*c.ExitCode))
		}
		f.add("  Ready", fmt.Sprint(c.Ready))
		f.add("  Restarts", fmt.Sprint(c.Restarts))
		if c.LastExitCode != nil {
			f.add("  Last run", fmt.Sprintf("%s, exit code %d", cmp.Or(c.LastReason, "ended"), *c.LastExitCode))
		}
	}
	m.eventDetail(&f, "pod/"+p.Name)
	return f.b.String()
}

func (m *Model) deploymentDetail() string {
	s := m.snap
	var f fields
	f.add("Name", m.name)
	f.add("Namespace", s.Namespace)
	f.add("Profile", s.Profile)
	f.add("Model", s.Model)
	f.add("Checkpoint", s.Checkpoint)
	f.add("Phase", s.Headline())
	f.add("Cause", s.Cause)
	f.add("Pods", fmt.Sprintf("%d of %d ready, %d created", s.Ready, s.Desired, s.Created))
	f.add("Rollout", fmt.Sprintf("%d of %d groups run revision %s", s.Rollout.Updated, s.Rollout.Total, cmp.Or(s.Rollout.Revision, "<unknown>")))
	for _, g := range s.Groups {
		f.section(fmt.Sprintf("Group %d", g.Index))
		f.add("  Phase", string(g.Phase))
		f.add("  Cause", g.Cause)
		f.add("  Pods", fmt.Sprintf("%d of %d ready", g.Ready, g.Desired))
		health := string(g.Health.State)
		if g.Health.Detail != "" {
			health += ": " + g.Health.Detail
		}
		f.add("  /healthcheck", health)
		f.add("  Recreated", fmt.Sprint(g.Recreations))
		f.add("  Revision", g.Revision)
	}
	for _, finding := range s.Findings {
		f.section("Finding " + finding.Code)
		f.b.WriteString(indent(findingText(finding), "  "))
	}
	for _, n := range s.Notes {
		f.section("Note")
		f.b.WriteString(indent(n.Message, "  "))
	}
	m.eventDetail(&f, "")
	return f.b.String()
}

// eventDetail lists the events of an object, or of all.
func (m *Model) eventDetail(f *fields, object string) {
	title := false
	for _, e := range m.snap.Events {
		if object != "" && e.Object != object {
			continue
		}
		if !title {
			f.section("Events")
			title = true
		}
		fmt.Fprintf(&f.b, "  %-6s %-8s %-20s %s\n", age(m.now, e.Time), e.Type, e.Reason, e.Message)
	}
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by) + "\n"
}

// when is a time with its age.
func when(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s (%s ago)", t.Local().Format(time.DateTime), age(now, t))
}
