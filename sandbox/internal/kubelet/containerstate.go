package kubelet

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/image"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podstatus"
)

type containerKind int

const (
	regularContainer containerKind = iota
	initContainer
	sidecarContainer
)

// containerState is what a worker knows of one container. The worker's mutex guards it.
type containerState struct {
	spec *corev1.Container
	kind containerKind

	// proc is the process of the last start, nil before the first. It counts as
	// running until its exit has been observed.
	proc     *process
	previous *process // the start before, for its log
	running  bool
	stopping bool
	image    image.Image
	attempts int32 // starts so far, those of an earlier life of the node included

	started, ready bool // probes' verdicts, while running

	// starting is set while the next start is prepared; prepared is its outcome,
	// waiting for its turn.
	starting bool
	prepared *preparation

	waiting *corev1.ContainerStateWaiting    // why it does not run, if that has a name
	ended   *corev1.ContainerStateTerminated // how the last start ended, unless running
	last    *corev1.ContainerStateTerminated // how the one before ended

	restart     restartBackoff
	pull        pullBackoff
	cancelRetry func() // nil unless a timer will look at the container again
	startFailed time.Time
}

// status is the container's part of the pod's status. initializing tells that the
// pod has init containers, which is what an idle container then waits for.
func (c *containerState) status(initializing bool) corev1.ContainerStatus {
	s := corev1.ContainerStatus{
		Name:         c.spec.Name,
		Image:        c.spec.Image,
		RestartCount: max(0, c.attempts-1),
		Started:      ptr.To(c.running && c.started),
		Ready:        c.running && c.started && c.ready && c.kind != initContainer,
	}
	for _, m := range c.spec.VolumeMounts {
		mount := corev1.VolumeMountStatus{Name: m.Name, MountPath: m.MountPath, ReadOnly: m.ReadOnly}
		if m.ReadOnly {
			mount.RecursiveReadOnly = ptr.To(corev1.RecursiveReadOnlyDisabled)
		}
		s.VolumeMounts = append(s.VolumeMounts, mount)
	}
	if c.image.Name != "" {
		s.Image, s.ImageID = c.image.Name, c.image.ID
		s.Resources = c.spec.Resources.DeepCopy()
		s.AllocatedResources = c.spec.Resources.Requests
	}
	if c.proc != nil {
		s.ContainerID = c.proc.containerID()
	} else if c.ended != nil {
		s.ContainerID = c.ended.ContainerID
	}
	if c.last != nil {
		s.LastTerminationState.Terminated = c.last
	}
	switch {
	case c.running:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(c.proc.started)}
	case c.waiting != nil:
		s.State.Waiting = c.waiting
		if c.ended != nil {
			s.LastTerminationState.Terminated = c.ended
		}
	case c.ended != nil:
		s.State.Terminated = c.ended
		s.Ready = c.kind == initContainer && c.ended.ExitCode == 0
	default:
		reason := "ContainerCreating"
		if initializing {
			reason = "PodInitializing"
		}
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason}
	}
	return s
}

// terminated describes how a process ended.
func terminated(p *process, message string) *corev1.ContainerStateTerminated {
	exit := p.result()
	return &corev1.ContainerStateTerminated{
		ExitCode: exit.code, Reason: exit.reason, Message: message,
		StartedAt: metav1.NewTime(p.started), FinishedAt: metav1.NewTime(exit.at),
		ContainerID: p.containerID(),
	}
}

// idle tells that the container neither runs nor is on its way to.
func (c *containerState) idle() bool { return !c.running && !c.starting }

// endedForGood tells that the container has ended and is not started again.
func (c *containerState) endedForGood(pod *corev1.Pod) bool {
	return c.idle() && c.ended != nil && !podstatus.Restarts(pod, c.spec, c.ended.ExitCode)
}

// clearRetry forgets the timer, if there is one.
func (c *containerState) clearRetry() {
	if c.cancelRetry != nil {
		c.cancelRetry()
		c.cancelRetry = nil
	}
}
