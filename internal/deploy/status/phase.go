package status

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
)

// judgeGroup sets the phase, the milestones and the cause of a group.
func (b *builder) judgeGroup(g *Group, findings []Finding) {
	g.Phase = b.phaseOf(g, findings)
	g.Milestones = b.milestones(*g)
	if g.Phase == Ready {
		return
	}
	own := slices.IndexFunc(findings, func(f Finding) bool { return f.Group == g.Index && (f.Fatal || !f.past) })
	if own >= 0 {
		g.Cause = findings[own].Summary
		return
	}
	g.Cause = g.waitsFor()
}

func (b *builder) phaseOf(g *Group, findings []Finding) Phase {
	fatal := slices.ContainsFunc(findings, func(f Finding) bool { return f.Group == g.Index && f.Fatal })
	complete := g.Desired > 0 && g.Created == g.Desired
	allReady := complete && g.Ready == g.Desired
	serving := g.serves()

	switch {
	case serving && allReady:
		return Ready
	case serving && complete && !slices.ContainsFunc(g.Pods(), Pod.broken):
		return Serving
	case serving:
		return Degraded
	case fatal:
		return Failed
	case allReady && g.Health.State == health.Forbidden:
		return Ready
	case g.Desired == 0 || b.deleting():
		return Terminating
	case !complete || slices.ContainsFunc(g.Pods(), func(p Pod) bool { return p.Node == "" || p.terminating }):
		return Pending
	case slices.ContainsFunc(g.Pods(), func(p Pod) bool { return !p.running() }):
		return Starting
	default:
		return Loading
	}
}

// serves reports whether the group's leader answered /healthcheck with 200.
func (g Group) serves() bool {
	return g.Leader != nil && !g.Leader.terminating && g.Health.State == health.Serving
}

// broken reports whether a pod has stopped doing what it did, as opposed to
// not being ready yet.
func (p Pod) broken() bool { return p.terminating || p.Node == "" || !p.running() }

// running reports whether every container of the pod runs.
func (p Pod) running() bool {
	if p.phase != corev1.PodRunning {
		return false
	}
	return !slices.ContainsFunc(p.Containers, func(c Container) bool { return !c.Init && c.State != Running })
}

func (b *builder) deleting() bool {
	return b.in.LWS == nil || b.in.LWS.DeletionTimestamp != nil
}

// judge sets the deployment's phase from those of its groups.
func (b *builder) judge(s *Snapshot) {
	switch {
	case b.in.LWS == nil && s.Created == 0:
		s.Phase = NotFound
		s.Cause = fmt.Sprintf("there is no LeaderWorkerSet %s in namespace %s", s.Name, s.Namespace)
		return
	case b.deleting() || (b.replicas() == 0 && s.Created > 0):
		s.Phase = Terminating
		s.Cause = fmt.Sprintf("%s left", plural(s.Created, "pod"))
		if b.in.LWS != nil && b.in.LWS.DeletionTimestamp != nil {
			s.Since = b.in.LWS.DeletionTimestamp.Time
		}
		return
	case b.replicas() == 0:
		s.Phase = Stopped
		s.Cause = "scaled to zero groups"
		return
	}

	wanted := slices.DeleteFunc(slices.Clone(s.Groups), func(g Group) bool { return g.Index >= b.replicas() })
	count := func(phases ...Phase) int {
		n := 0
		for _, g := range wanted {
			if slices.Contains(phases, g.Phase) {
				n++
			}
		}
		return n
	}
	s.Confirmed = !slices.ContainsFunc(wanted, func(g Group) bool { return !g.serves() })
	alive := count(Serving, Ready, Degraded)
	switch {
	case count(Ready) == len(wanted):
		s.Phase = Ready
		s.Since = b.readySince()
		return
	case alive > 0 && count(Degraded, Failed) > 0:
		s.Phase = Degraded
	case alive > 0:
		s.Phase = Serving
	case count(Failed) > 0:
		s.Phase = Failed
	default:
		s.Phase = mostAdvanced(wanted)
	}
	for _, g := range wanted {
		if !b.explains(s.Phase, g.Phase) {
			continue
		}
		s.Cause = g.Cause
		if len(wanted) > 1 {
			s.Cause = fmt.Sprintf("group %d: %s", g.Index, g.Cause)
		}
		s.Since = b.since(g)
		break
	}
	if s.Phase == Serving || s.Phase == Degraded {
		s.Since = servingSince(wanted)
	}
}

// explains reports whether a group in phase of is the reason why the whole is
// in phase whole.
func (b *builder) explains(whole, of Phase) bool {
	switch whole {
	case Serving:
		return of != Ready
	case Degraded:
		return of == Degraded || of == Failed
	default:
		return of == whole
	}
}

func mostAdvanced(groups []Group) Phase {
	order := []Phase{Pending, Starting, Loading}
	best := 0
	for _, g := range groups {
		best = max(best, slices.Index(order, g.Phase))
	}
	return order[best]
}

// servingSince is when the first of the serving groups was seen to serve.
func servingSince(groups []Group) time.Time {
	var first time.Time
	for _, g := range groups {
		if g.serves() && (first.IsZero() || g.Health.Since.Before(first)) {
			first = g.Health.Since
		}
	}
	return first
}

// readySince is when the last pod became ready.
func (b *builder) readySince() time.Time {
	var last time.Time
	for _, pod := range b.in.Pods {
		if c := condition(pod, corev1.PodReady); isTrue(c) && c.LastTransitionTime.After(last) {
			last = c.LastTransitionTime.Time
		}
	}
	return last
}

// since is when a group that does not serve entered its phase, as its objects
// tell.
func (b *builder) since(g Group) time.Time {
	if g.Leader == nil {
		return b.in.LWS.CreationTimestamp.Time
	}
	switch g.Phase {
	case Starting:
		if c := condition(b.pods[types.UID(g.Leader.UID)], corev1.PodScheduled); isTrue(c) {
			return c.LastTransitionTime.Time
		}
	case Loading:
		var last time.Time
		for _, c := range g.Leader.Containers {
			if c.State == Running && c.Started.After(last) {
				last = c.Started
			}
		}
		return last
	default:
	}
	return g.Leader.Created
}
