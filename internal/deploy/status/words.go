package status

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// nodeLost is the reason that the node controller gives pods of a node that
// stopped answering.
const nodeLost = "NodeLost"

// columns are the words of "kubectl get pods" for one pod.
type columns struct {
	status       string
	ready, total int
	restarts     int
	lastRestart  time.Time
}

// words computes the columns as kubectl prints them, so that what is read here
// can be looked up there.
func words(pod *corev1.Pod) columns {
	c := columns{status: string(pod.Status.Phase), total: len(pod.Spec.Containers)}
	if pod.Status.Reason != "" {
		c.status = pod.Status.Reason
	}
	if cond := condition(pod, corev1.PodScheduled); cond != nil && cond.Reason == corev1.PodReasonSchedulingGated {
		c.status = corev1.PodReasonSchedulingGated
	}

	initializing := c.initWords(pod)
	if !initializing || isTrue(condition(pod, corev1.PodInitialized)) {
		c.mainWords(pod)
	}

	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	switch {
	case pod.DeletionTimestamp == nil:
	case pod.Status.Reason == nodeLost:
		c.status = "Unknown"
	case !ended:
		c.status = "Terminating"
	}
	return c
}

// initWords takes the init containers into account and reports whether one of
// them still holds the pod back. Restarts of ordinary init containers count
// only while they do.
func (c *columns) initWords(pod *corev1.Pod) bool {
	sidecars := sidecarNames(pod)
	c.total += len(sidecars)
	var all, sidecarsOnly columns
	holding := false
	for i, s := range pod.Status.InitContainerStatuses {
		sidecar := sidecars[s.Name]
		all.addRestarts(s)
		if sidecar {
			sidecarsOnly.addRestarts(s)
		}
		switch {
		case s.State.Terminated != nil && s.State.Terminated.ExitCode == 0:
			continue
		case sidecar && s.Started != nil && *s.Started:
			if s.Ready {
				c.ready++
			}
			continue
		case s.State.Terminated != nil:
			c.status = "Init:" + terminatedWord(s.State.Terminated)
		case s.State.Waiting != nil && s.State.Waiting.Reason != "" && s.State.Waiting.Reason != "PodInitializing":
			c.status = "Init:" + s.State.Waiting.Reason
		default:
			c.status = fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
		}
		holding = true
		break
	}
	counted := sidecarsOnly
	if holding && !isTrue(condition(pod, corev1.PodInitialized)) {
		counted = all
	}
	c.restarts, c.lastRestart = counted.restarts, counted.lastRestart
	return holding
}

// mainWords takes the ordinary containers into account. The first container
// with something to tell wins, hence the order from the last to the first.
func (c *columns) mainWords(pod *corev1.Pod) {
	running := false
	failure := ""
	for i := len(pod.Status.ContainerStatuses) - 1; i >= 0; i-- {
		s := pod.Status.ContainerStatuses[i]
		c.addRestarts(s)
		switch {
		case s.State.Waiting != nil && s.State.Waiting.Reason != "":
			c.status = s.State.Waiting.Reason
		case s.State.Terminated != nil:
			c.status = terminatedWord(s.State.Terminated)
			if s.State.Terminated.ExitCode != 0 {
				failure = c.status
			}
		case s.Ready && s.State.Running != nil:
			running = true
			c.ready++
		}
	}
	if c.status != "Completed" {
		return
	}
	switch {
	case running && isTrue(condition(pod, corev1.PodReady)):
		c.status = "Running"
	case failure != "":
		c.status = failure
	case running:
		c.status = "NotReady"
	}
}

func (c *columns) addRestarts(s corev1.ContainerStatus) {
	c.restarts += int(s.RestartCount)
	if last := s.LastTerminationState.Terminated; last != nil && last.FinishedAt.After(c.lastRestart) {
		c.lastRestart = last.FinishedAt.Time
	}
}

func terminatedWord(t *corev1.ContainerStateTerminated) string {
	switch {
	case t.Reason != "":
		return t.Reason
	case t.Signal != 0:
		return fmt.Sprintf("Signal:%d", t.Signal)
	default:
		return fmt.Sprintf("ExitCode:%d", t.ExitCode)
	}
}

// sidecarNames returns the init containers that keep running.
func sidecarNames(pod *corev1.Pod) map[string]bool {
	names := map[string]bool{}
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			names[c.Name] = true
		}
	}
	return names
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func isTrue(c *corev1.PodCondition) bool {
	return c != nil && c.Status == corev1.ConditionTrue
}
