package groups

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// Containers whose state is told by more than their log.
const (
	httpContainer    = "jetstream-http"
	managerContainer = "pathways-rm"
	proxyContainer   = "pathways-proxy"
)

// leaving reports whether a pod is being deleted.
func leaving(pod *status.Pod) bool { return pod.Status == "Terminating" }

// failing reports whether a container ended badly or cannot start.
func failing(c status.Container) bool {
	switch c.State {
	case status.Terminated:
		return c.ExitCode == nil || *c.ExitCode != 0
	case status.Waiting:
		return c.Reason != "" && c.Reason != "ContainerCreating" && c.Reason != "PodInitializing"
	}
	return false
}

// broken reports whether a pod has stopped doing what it should, as opposed to
// not having come so far yet.
func broken(pod *status.Pod) bool {
	if pod.Ready || leaving(pod) {
		return false
	}
	switch pod.Status {
	case "Pending", "SchedulingGated", "ContainerCreating", "PodInitializing", "Running", "NotReady", "Completed", "Succeeded":
		return slices.ContainsFunc(pod.Containers, failing)
	}
	// Init:1/3 is progress, Init:Error is not.
	rest, init := strings.CutPrefix(pod.Status, "Init:")
	return !init || strings.Trim(rest, "0123456789/") != ""
}

// stateOf is a container's state in kubectl's words.
func stateOf(c status.Container) string {
	switch {
	case c.State == status.Running:
		return c.State
	case c.State == status.Terminated && c.Reason == "" && c.ExitCode != nil:
		return fmt.Sprintf("ExitCode:%d", *c.ExitCode)
	}
	return safetext.Line(cmp.Or(c.Reason, c.State))
}

// says is what is known of a container beyond its state; empty where nothing
// is.
func (p *Pane) says(g *status.Group, c status.Container) string {
	switch {
	case c.State == status.Terminated && c.ExitCode != nil:
		return fmt.Sprintf("exit code %d", *c.ExitCode)
	case c.State != status.Running && c.LastExitCode != nil:
		return fmt.Sprintf("last exit %d", *c.LastExitCode)
	case c.State != status.Running:
		return ""
	case c.Name == httpContainer:
		return healthWords(g.Health.State)
	}
	own := milestonesOf(g, c.Name)
	if m := inProgress(own); m != nil {
		if m.Of > 0 || m.Started.IsZero() {
			return m.Label()
		}
		return m.Title + " " + forecast.Clock(max(p.now.Sub(m.Started), 0))
	}
	done := lastDone(own)
	switch {
	case done == nil, done.Implied, g.Health.State == health.Serving && c.Name != managerContainer:
		return ""
	case c.Name == managerContainer && done.Of > 0:
		return done.Label()
	case c.Name == proxyContainer:
		return "started"
	case c.Name == managerContainer || done == own[len(own)-1]:
		return ""
	}
	return "after " + done.Title
}

// healthWords says what the container in front of the model answers.
func healthWords(state health.State) string {
	switch state {
	case health.Serving:
		return "serving"
	case health.NotServing:
		return "not serving"
	case health.Refused:
		return "not listening"
	case health.Forbidden:
		return "may not be asked"
	case health.Unknown:
	}
	return "not asked yet"
}

// milestonesOf lists the milestones that a container's log tells of.
func milestonesOf(g *status.Group, container string) []*milestone.Milestone {
	var own []*milestone.Milestone
	for i := range g.Milestones {
		if g.Milestones[i].Container == container {
			own = append(own, &g.Milestones[i])
		}
	}
	return own
}

// inProgress is the furthest milestone in progress, or nil. One that is only
// awaited does not count: nothing told that the container works on it.
func inProgress(all []*milestone.Milestone) *milestone.Milestone {
	for _, m := range slices.Backward(all) {
		if m.State == milestone.Active && !m.Awaited {
			return m
		}
	}
	return nil
}

// lastDone is the furthest milestone that is done, or nil.
func lastDone(all []*milestone.Milestone) *milestone.Milestone {
	for _, m := range slices.Backward(all) {
		if m.State == milestone.Done {
			return m
		}
	}
	return nil
}

// facts are what is told of a group as a whole, found once a snapshot.
type facts struct {
	// pool is the node pool that all pods are in; empty if they are in
	// several, or none is known.
	pool string
	// news is what is out of the ordinary, brief the same in fewer letters.
	news, brief []string
}

func factsOf(g *status.Group, members []member, r status.Rollout) facts {
	var f facts
	tell := func(news, brief string) { f.news, f.brief = append(f.news, news), append(f.brief, brief) }
	old, first := 0, true
	for _, m := range members {
		if m.pod == nil {
			continue
		}
		if m.pod.Revision != r.Revision {
			old++
		}
		if first {
			f.pool, first = m.pod.NodePool, false
		} else if m.pod.NodePool != f.pool {
			f.pool = ""
		}
	}
	if r.InProgress() && r.Revision != "" && g.Leader != nil {
		switch {
		case old == 0:
			tell("new revision", "new rev")
		case g.Leader.Revision == r.Revision:
			tell("being updated", "updating")
		default:
			tell("old revision", "old rev")
		}
		f.news = append(f.news, fmt.Sprintf("%d/%d updated", r.Updated, r.Total))
	}
	if g.Recreations > 0 {
		tell(fmt.Sprintf("recreated %dx", g.Recreations), fmt.Sprintf("recr %dx", g.Recreations))
	}
	return f
}
