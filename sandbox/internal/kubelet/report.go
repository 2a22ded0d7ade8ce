package kubelet

import (
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podstatus"
)

// recall takes from the API what an earlier life of the node has left of the pod.
// Containers that ran are gone, as after a reboot.
func (w *worker) recall() {
	s := &w.pod.Status
	w.final = s.Phase == corev1.PodSucceeded || s.Phase == corev1.PodFailed
	w.logsRemoved = w.final
	if ip, err := netip.ParseAddr(s.PodIP); err == nil && w.final {
		w.ip = ip // still told of, though no longer the pod's
	}
	for _, known := range s.InitContainerStatuses {
		c := containerNamed(w.init, known.Name)
		if c == nil || known.ContainerID == "" {
			continue
		}
		c.recall(&known)
		if !w.final { // init containers run again in the new sandbox
			c.last, c.ended = c.ended, nil
		}
	}
	for _, known := range s.ContainerStatuses {
		if c := containerNamed(w.containers, known.Name); c != nil && known.ContainerID != "" {
			c.recall(&known)
		}
	}
}

func (c *containerState) recall(known *corev1.ContainerStatus) {
	c.attempts = known.RestartCount + 1
	c.image.Name, c.image.ID = known.Image, known.ImageID
	c.last = known.LastTerminationState.Terminated
	switch {
	case known.State.Terminated != nil:
		c.ended = known.State.Terminated
	case known.State.Running != nil:
		c.ended = &corev1.ContainerStateTerminated{
			ExitCode: 255, Reason: "Unknown", ContainerID: known.ContainerID,
			StartedAt: known.State.Running.StartedAt, FinishedAt: metav1.Now(),
		}
	default:
		c.ended, c.last = c.last, nil
	}
}

// publish reports the pod's status, if it has changed.
func (w *worker) publish() {
	if w.orphaned || w.node.isSilent() {
		return
	}
	ip := ""
	if w.ip.IsValid() {
		ip = w.ip.String()
	}
	s := podstatus.Derive(podstatus.Observation{
		Pod: w.pod, Previous: w.status,
		Init: w.statuses(w.init), Containers: w.statuses(w.containers),
		Initialized: w.initialized, Ended: w.final, SandboxReady: w.net != nil,
		PodIP: ip, HostIP: w.node.spec.IP.String(), StartTime: w.startTime,
		Verdict: w.verdict, Extra: w.extra, Now: time.Now(),
	})
	deleting := w.final && w.pod.DeletionTimestamp != nil
	if deleting == w.deleting && !w.contradicted && equality.Semantic.DeepEqual(s, w.status) {
		return
	}
	w.status, w.deleting, w.contradicted = s, deleting, false
	w.k.status.set(statusWrite{
		namespace: w.namespace, name: w.name, uid: w.uid,
		base: &w.pod.Status, status: s, delete: deleting, gone: w.objectDeleted,
	})
}

func (w *worker) statuses(list []*containerState) []corev1.ContainerStatus {
	var statuses []corev1.ContainerStatus
	for _, c := range list {
		statuses = append(statuses, c.status(len(w.init) > 0))
	}
	return statuses
}
