package status

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// firstLeader is how long after its LeaderWorkerSet a leader pod may be created
// and still count as the first of its group: the controller needs a second or
// two, and whoever deletes a group has seen it first. A first leader that was
// refused for longer is taken for a later one, which hides its wait; the other
// error would count what an earlier group took.
const firstLeader = 10 * time.Second

// healthPath is where the probes of the pods ask whether the model serves.
const healthPath = "/healthcheck"

// milestones tells how far a group has come. A group that is on its way out has
// none.
func (b *builder) milestones(g Group) []milestone.Milestone {
	if g.Desired == 0 || b.deleting() {
		return nil
	}
	blind := slices.ContainsFunc(b.in.Notes, func(n Note) bool { return n.Topic == TopicLogs })
	unread := func() []milestone.Milestone {
		if blind {
			return nil
		}
		return milestone.Pendings(PlanOf(b.in.LWS))
	}
	if g.Leader == nil || g.Leader.terminating {
		// The next leader starts a run of its own.
		f := milestone.Facts{Pods: g.Desired, Blind: blind}
		if g.Leader == nil && b.firstOf(g) {
			f.Begun = b.in.LWS.CreationTimestamp.Time
		}
		return milestone.Compose(f, unread())
	}
	log, read := b.in.Milestones[types.UID(g.Leader.UID)]
	if !read {
		log = unread()
	}
	f := b.facts(g)
	f.Blind = blind
	return milestone.Compose(f, log)
}

// facts gathers what the pods of a group and its health check tell.
func (b *builder) facts(g Group) milestone.Facts {
	f := milestone.Facts{
		Begun:      g.Leader.Created,
		Leader:     g.Leader.Created,
		Pods:       g.Desired,
		Containers: map[string]time.Time{},
		Serving:    g.serves(),
		AllReady:   g.Phase == Ready,
	}
	created := b.in.LWS.CreationTimestamp.Time
	if after := g.Leader.Created.Sub(created); b.firstOf(g) && after >= 0 && after <= firstLeader {
		f.Begun = created
	}
	for _, p := range g.Pods() {
		if p.terminating || p.Created.Before(g.Leader.Created) {
			continue // left over from the run before
		}
		pod := b.pods[types.UID(p.UID)]
		if at, ok := scheduledAt(pod); ok {
			f.Scheduled.Count++
			f.Scheduled.Last = later(f.Scheduled.Last, at)
		}
		if at, ok := startedAt(pod); ok {
			f.Running.Count++
			f.Running.Last = later(f.Running.Last, at)
		}
		c := condition(pod, corev1.PodReady)
		switch {
		case p.Ready:
			f.Ready.Count++
			f.Ready.Last = later(f.Ready.Last, c.LastTransitionTime.Time)
		case c != nil:
			f.Unready = later(f.Unready, c.LastTransitionTime.Time)
			if p.Index == g.Leader.Index {
				f.LeaderUnready = c.LastTransitionTime.Time
			}
		}
		for _, c := range p.Containers {
			if first, known := f.Containers[c.Name]; c.State == Running && (!known || c.Started.Before(first)) {
				f.Containers[c.Name] = c.Started
			}
		}
	}
	if f.Serving {
		f.ServingSince = b.answersSince(g)
	}
	return f
}

// firstOf reports whether a group may be of the first revision and not yet
// recreated, so that its run began with the LeaderWorkerSet. The generation
// grows with every change of the specification: with more replicas too, where
// a group loses no more than the second that its leader took.
func (b *builder) firstOf(g Group) bool {
	return g.Recreations == 0 && b.in.LWS.Generation <= 1
}

// answersSince is when the model began to answer, as far as that can be told:
// when it was first seen to, or when the pod's probe, which asks the same, let
// the leader be ready, whichever is earlier. Somebody who begins to watch a
// model that has served for days does not see when it began.
func (b *builder) answersSince(g Group) time.Time {
	since := g.Health.Since
	pod := b.pods[types.UID(g.Leader.UID)]
	ready := condition(pod, corev1.PodReady)
	if !isTrue(ready) || !asksHealth(pod) {
		return since
	}
	if at := ready.LastTransitionTime.Time; since.IsZero() || at.Before(since) {
		return at
	}
	return since
}

// asksHealth reports whether a probe of the pod asks the model for its health.
func asksHealth(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		asks := func(p *corev1.Probe) bool { return p != nil && p.HTTPGet != nil && p.HTTPGet.Path == healthPath }
		return asks(c.StartupProbe) || asks(c.ReadinessProbe)
	})
}

// scheduledAt is when a pod got its node.
func scheduledAt(pod *corev1.Pod) (time.Time, bool) {
	if pod.Spec.NodeName == "" {
		return time.Time{}, false
	}
	if c := condition(pod, corev1.PodScheduled); isTrue(c) {
		return c.LastTransitionTime.Time, true
	}
	return pod.CreationTimestamp.Time, true
}

// startedAt is when the last of a pod's containers was first started, which
// shows that its image is there. Of a container that has been restarted only
// the run before the present one is known.
func startedAt(pod *corev1.Pod) (time.Time, bool) {
	var last time.Time
	for i := range pod.Spec.Containers {
		name := pod.Spec.Containers[i].Name
		j := slices.IndexFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.Name == name })
		if j < 0 {
			return time.Time{}, false
		}
		at, ok := firstStart(&pod.Status.ContainerStatuses[j])
		if !ok {
			return time.Time{}, false
		}
		last = later(last, at)
	}
	return last, len(pod.Spec.Containers) > 0
}

func firstStart(s *corev1.ContainerStatus) (time.Time, bool) {
	switch {
	case s.LastTerminationState.Terminated != nil:
		return began(s.LastTerminationState.Terminated), true
	case s.State.Running != nil:
		return s.State.Running.StartedAt.Time, true
	case s.State.Terminated != nil:
		return began(s.State.Terminated), true
	default:
		return time.Time{}, s.RestartCount > 0
	}
}

// began is when a run that has ended began; one that could not be started, for
// want of its command, has only an end.
func began(t *corev1.ContainerStateTerminated) time.Time {
	if t.StartedAt.Unix() <= 0 {
		return t.FinishedAt.Time
	}
	return t.StartedAt.Time
}
