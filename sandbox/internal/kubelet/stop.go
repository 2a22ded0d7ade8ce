package kubelet

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podstatus"
)

// minimumGrace is given to every container, however short its grace period.
const minimumGrace = 2 * time.Second

// shortestGrace is what is left of a grace period however fast simulated time runs,
// since a busy machine takes its time to run the program at all.
const shortestGrace = 500 * time.Millisecond

// termination is the end of a pod under way.
type termination struct {
	// grace replaces the pod's own grace period, if set.
	grace *time.Duration
	// verdict is what the pod is to be told to have met with; it is left out when all
	// containers end well and mayEndWell is set.
	verdict    *podstatus.Verdict
	mayEndWell bool
	condition  *corev1.PodCondition
	began      time.Time
	// dropLogs removes the containers with their logs at the end.
	dropLogs bool
}

// terminate begins to end the pod. The mutex must be held.
func (w *worker) terminate(t *termination) {
	if w.termination != nil || w.final {
		return
	}
	w.termination = t
	t.began = time.Now()
	for _, c := range w.all() {
		c.clearRetry()
		c.starting, c.prepared = false, nil
	}
	for _, c := range w.all() {
		if c.running && c.kind != sidecarContainer {
			w.stop(c, w.grace(nil), "Stopping container "+c.spec.Name)
		}
	}
	w.advanceTermination()
}

// advanceTermination stops sidecars in reverse order once everything else has ended,
// and concludes when nothing runs any more.
func (w *worker) advanceTermination() {
	for _, c := range w.all() {
		if c.running && c.kind != sidecarContainer {
			return
		}
	}
	for _, c := range slices.Backward(w.init) {
		if !c.running {
			continue
		}
		if !c.stopping {
			// The wait for its turn is part of a sidecar's grace period.
			waited := time.Duration(float64(time.Since(w.termination.began)) * w.k.cfg.World.Speed()).Truncate(time.Second)
			w.stop(c, w.grace(nil)-waited, "Stopping container "+c.spec.Name)
		}
		return
	}
	w.conclude()
}

// conclude makes the pod's end final: no container, no network, no volumes.
func (w *worker) conclude() {
	t := w.termination
	well := true
	for _, c := range w.containers {
		well = well && c.ended != nil && c.ended.ExitCode == 0
		c.waiting = nil
	}
	if t.verdict != nil && (!well || !t.mayEndWell) {
		w.verdict = t.verdict
		if t.condition != nil {
			w.extra = append(w.extra, *t.condition)
		}
	}
	w.final = true
	w.markLost()
	w.unplug()
	w.volumes.stop()
	_ = os.RemoveAll(w.dir) // what stays goes with the sandbox's folder
	if t.dropLogs {
		w.logsRemoved = true
		_ = os.RemoveAll(w.logDir)
	}
}

// markLost gives containers that were started once, but of which nothing is known,
// the end that the kubelet assumes.
func (w *worker) markLost() {
	for _, c := range w.containers {
		if c.attempts > 0 && c.ended == nil {
			c.ended = &corev1.ContainerStateTerminated{ExitCode: exitKilled, Reason: statusUnknownReason, Message: statusUnknownAtDeletion}
		}
	}
}

// grace is how long a container has between SIGTERM and SIGKILL, in unscaled time.
func (w *worker) grace(probe *corev1.Probe) time.Duration {
	seconds := func(s int64) time.Duration { return time.Duration(s) * time.Second }
	switch {
	case w.termination != nil && w.termination.grace != nil:
		return *w.termination.grace
	case w.pod.DeletionGracePeriodSeconds != nil:
		return seconds(*w.pod.DeletionGracePeriodSeconds)
	case probe != nil && probe.TerminationGracePeriodSeconds != nil:
		return seconds(*probe.TerminationGracePeriodSeconds)
	case w.pod.Spec.TerminationGracePeriodSeconds != nil:
		return seconds(*w.pod.Spec.TerminationGracePeriodSeconds)
	default:
		return minimumGrace
	}
}

// stop ends a running container: hook, SIGTERM, grace period, SIGKILL. The mutex must
// be held.
func (w *worker) stop(c *containerState, grace time.Duration, message string) {
	if c.stopping {
		return
	}
	c.stopping = true
	w.event(w.pod, c, corev1.EventTypeNormal, "Killing", message)
	pod, proc := w.pod, c.proc
	w.crew.run(func(ctx context.Context) {
		left := grace - w.runPreStop(ctx, pod, c, proc, grace)
		proc.terminate()
		scaled := proc.scale(w.k.cfg.World.Scale)(max(left, minimumGrace))
		timer := time.NewTimer(max(scaled, shortestGrace))
		defer timer.Stop()
		select {
		case <-proc.done:
		case <-timer.C:
			proc.kill()
		case <-ctx.Done():
			proc.kill()
		}
	})
}

// evict ends the pod for want of a resource.
func (w *worker) evict(resource corev1.ResourceName) {
	w.update(func() {
		message := fmt.Sprintf("The node was low on resource: %v. ", resource)
		w.events.Eventf(podRef(w.pod), corev1.EventTypeWarning, "Evicted", "%s", message)
		none := time.Duration(0)
		w.terminate(&termination{
			grace:      &none,
			verdict:    &podstatus.Verdict{Phase: corev1.PodFailed, Reason: "Evicted", Message: message},
			mayEndWell: true,
			condition: &corev1.PodCondition{
				Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue,
				Reason: corev1.PodReasonTerminationByKubelet, Message: message,
			},
			dropLogs: true,
		})
	})
}

// watchDeadline ends the pod when it has been active for as long as it may be.
func (w *worker) watchDeadline() {
	if w.deadline || w.pod.Spec.ActiveDeadlineSeconds == nil {
		return
	}
	w.deadline = true
	left := w.k.cfg.World.Scale(time.Duration(*w.pod.Spec.ActiveDeadlineSeconds)*time.Second) - time.Since(w.startTime)
	w.crew.after(left, func() {
		w.update(func() {
			if w.termination != nil || w.final {
				return
			}
			const message = "Pod was active on the node longer than the specified deadline"
			w.events.Event(podRef(w.pod), corev1.EventTypeNormal, "DeadlineExceeded", message)
			w.terminate(&termination{verdict: &podstatus.Verdict{Phase: corev1.PodFailed, Reason: "DeadlineExceeded", Message: message}})
		})
	})
}

// killProcesses ends the running containers that match, without a word beforehand.
func (w *worker) killProcesses(match func(namespace, pod, container string, labels map[string]string) bool, code int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	killed := 0
	for _, c := range w.all() {
		if c.running && match(w.namespace, w.name, c.spec.Name, w.pod.Labels) {
			c.proc.end(code)
			killed++
		}
	}
	return killed
}

// observe takes a newer state of the pod's object.
func (w *worker) observe(pod *corev1.Pod) {
	w.update(func() {
		if w.pod.DeletionTimestamp != nil && pod.DeletionTimestamp == nil {
			return // older than what is known
		}
		w.pod = pod
		if isReady(&pod.Status) != isReady(&w.status) && w.k.status.rebase(w.uid, &pod.Status) {
			// The control plane takes readiness away from pods of nodes it has lost.
			w.contradicted = true
		}
		if w.volumes.changes != nil && hasDownwardVolume(pod) {
			w.volumes.changes.poke()
		}
		if pod.DeletionTimestamp != nil {
			w.terminate(&termination{})
		}
	})
}

func isReady(s *corev1.PodStatus) bool {
	for _, c := range s.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// objectDeleted ends a pod whose object has gone from the API.
func (w *worker) objectDeleted() {
	w.update(func() {
		w.orphaned = true
		w.terminate(&termination{})
	})
}

// resume reports again after the node was silent.
func (w *worker) resume() { w.update(func() {}) }
