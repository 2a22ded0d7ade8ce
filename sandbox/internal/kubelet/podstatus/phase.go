package podstatus

import corev1 "k8s.io/api/core/v1"

// tally counts containers by what they mean for the phase of their pod.
type tally struct {
	initPending, initFailed         int // init containers that must still end; that ended for good in failure
	sidecarsPending                 int
	running, waiting                int
	stopped, succeeded, stoppedGood int // regular containers that ended; with 0; for good
}

func phase(o Observation) corev1.PodPhase {
	t := count(o)
	switch {
	case t.initFailed > 0:
		return corev1.PodFailed
	case t.initPending > 0, t.sidecarsPending > 0 && !o.Initialized, t.waiting > 0:
		if o.Ended {
			return ended(t)
		}
		return corev1.PodPending
	case t.running > 0:
		return corev1.PodRunning
	case t.stopped == 0:
		return corev1.PodPending
	case o.Ended, t.stopped == t.stoppedGood:
		return ended(t)
	default:
		return corev1.PodRunning // on its way to the next start
	}
}

func ended(t tally) corev1.PodPhase {
	if t.stopped > 0 && t.stopped == t.succeeded && t.waiting == 0 && t.initPending == 0 {
		return corev1.PodSucceeded
	}
	return corev1.PodFailed
}

func count(o Observation) tally {
	var t tally
	for i := range o.Pod.Spec.InitContainers {
		c := &o.Pod.Spec.InitContainers[i]
		s := named(o.Init, c.Name)
		if IsSidecar(c) {
			t.addSidecar(s)
		} else {
			t.addInit(o.Pod, c, s)
		}
	}
	for i := range o.Pod.Spec.Containers {
		c := &o.Pod.Spec.Containers[i]
		t.addRegular(o.Pod, c, named(o.Containers, c.Name))
	}
	return t
}

// lastEnd returns how the container ended last, if it does not run.
func lastEnd(s *corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if s.State.Terminated != nil {
		return s.State.Terminated
	}
	return s.LastTerminationState.Terminated
}

func (t *tally) addInit(pod *corev1.Pod, c *corev1.Container, s *corev1.ContainerStatus) {
	if s == nil || s.State.Running != nil || lastEnd(s) == nil {
		t.initPending++
		return
	}
	end := lastEnd(s)
	switch {
	case end.ExitCode == 0 && s.State.Terminated != nil:
	case end.ExitCode != 0 && !Restarts(pod, c, end.ExitCode):
		t.initFailed++
	default:
		t.initPending++
	}
}

func (t *tally) addSidecar(s *corev1.ContainerStatus) {
	switch {
	case s == nil:
		t.sidecarsPending++
	case s.State.Running != nil:
		t.running++
		if s.Started == nil || !*s.Started {
			t.sidecarsPending++
		}
	case lastEnd(s) == nil:
		t.sidecarsPending++
		t.waiting++
	}
}

func (t *tally) addRegular(pod *corev1.Pod, c *corev1.Container, s *corev1.ContainerStatus) {
	switch {
	case s == nil:
		t.waiting++
	case s.State.Running != nil:
		t.running++
	case lastEnd(s) == nil:
		t.waiting++
	default:
		t.stopped++
		end := lastEnd(s)
		if !Restarts(pod, c, end.ExitCode) {
			t.stoppedGood++
		}
		if end.ExitCode == 0 && s.State.Terminated != nil {
			t.succeeded++
		}
	}
}

func named(list []corev1.ContainerStatus, name string) *corev1.ContainerStatus {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}
