package status

import (
	"fmt"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// waitsFor says what has to happen next in a group in which nothing is wrong.
func (g Group) waitsFor() string {
	switch g.Phase {
	case Pending:
		return g.pendingCause()
	case Starting:
		for _, p := range g.Pods() {
			if !p.running() {
				return fmt.Sprintf("pod %s: %s", p.Name, p.startCause())
			}
		}
	case Loading:
		return g.loadingCause()
	case Serving, Degraded:
		if g.Created < g.Desired {
			return fmt.Sprintf("%d of %d pods exist", g.Created, g.Desired)
		}
		for _, p := range g.Pods() {
			if !p.Ready {
				return fmt.Sprintf("%d of %d pods ready; pod %s: %s", g.Ready, g.Desired, p.Name, p.Reason)
			}
		}
	case Terminating:
		return fmt.Sprintf("%s left", plural(g.Created, "pod"))
	default:
	}
	return ""
}

func (g Group) pendingCause() string {
	for _, p := range g.Pods() {
		if p.terminating {
			return fmt.Sprintf("the group is being recreated: pod %s is being deleted", p.Name)
		}
	}
	switch {
	case g.Leader == nil && g.Created == 0:
		return "waiting for the leader pod to be created"
	case g.Leader == nil:
		return "the leader pod is missing"
	case g.Leader.Node == "" && g.Leader.Blocks != "":
		return fmt.Sprintf("pod %s: %s; %s", g.Leader.Name, g.Leader.Reason, g.Leader.Blocks)
	case g.Leader.Node == "":
		return fmt.Sprintf("pod %s: %s", g.Leader.Name, g.Leader.Reason)
	case g.Created < g.Desired:
		return fmt.Sprintf("%d of %s created", g.Created-1, plural(g.Desired-1, "worker"))
	}
	for _, p := range g.Workers {
		if p.Node == "" {
			return fmt.Sprintf("pod %s: %s", p.Name, p.Reason)
		}
	}
	return ""
}

func (p Pod) startCause() string {
	for _, c := range p.Containers {
		if c.State == Waiting && c.Reason == "ContainerCreating" {
			return "its containers are being created (image pull)"
		}
	}
	if p.Reason == "" {
		return p.Status
	}
	return p.Reason
}

// loadingCause names the milestone of the model server that is under way, the
// furthest one where several are, or the last one passed.
func (g Group) loadingCause() string {
	passed, active := "", ""
	for _, m := range g.Milestones {
		if m.Container == "" || m.Awaited {
			continue
		}
		switch m.State {
		case milestone.Active:
			active = m.Label()
			if m.Detail != "" {
				active += " (" + m.Detail + ")"
			}
		case milestone.Done:
			passed = m.Title
		case milestone.Pending:
		}
	}
	switch {
	case active != "":
		return active
	case g.Ready == g.Desired && g.Health.State == health.Unknown:
		return "all pods are ready, but /healthcheck could not be asked: " + orElse(g.Health.Detail, "not asked yet")
	case passed != "":
		return "after " + passed + ": the model does not answer yet"
	case g.Health.Detail != "":
		return g.Health.Detail
	}
	return "the model does not answer yet"
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
