package status

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// nodePoolLabel is the label by which GKE names a node's pool.
const nodePoolLabel = "cloud.google.com/gke-nodepool"

// topologyLabel is the label by which GKE names the topology of the TPU slice
// that a node is a host of.
const topologyLabel = "cloud.google.com/gke-tpu-topology"

// project turns an API pod into the pod of a snapshot.
func project(pod *corev1.Pod, nodes map[string]*corev1.Node) Pod {
	c := words(pod)
	p := Pod{
		Name:            pod.Name,
		UID:             string(pod.UID),
		Index:           labelInt(pod, lwsv1.WorkerIndexLabelKey),
		Status:          c.status,
		ReadyContainers: c.ready,
		TotalContainers: c.total,
		Restarts:        c.restarts,
		LastRestart:     c.lastRestart,
		Created:         pod.CreationTimestamp.Time,
		Node:            pod.Spec.NodeName,
		IP:              pod.Status.PodIP,
		Revision:        pod.Labels[lwsv1.RevisionKey],
		Containers:      containers(pod),
		phase:           pod.Status.Phase,
		terminating:     pod.DeletionTimestamp != nil,
	}
	p.Ready = isTrue(condition(pod, corev1.PodReady)) && pod.Status.Phase == corev1.PodRunning && !p.terminating
	if node := nodes[p.Node]; node != nil {
		p.NodePool, p.Topology = node.Labels[nodePoolLabel], node.Labels[topologyLabel]
	}
	if n, err := strconv.Atoi(pod.Labels[lwsv1.SubGroupIndexLabelKey]); err == nil {
		p.Subgroup = &n
	}
	if !p.Ready {
		p.Reason = reason(pod, p)
	}
	return p
}

func labelInt(pod *corev1.Pod, key string) int {
	n, err := strconv.Atoi(pod.Labels[key])
	if err != nil {
		return 0
	}
	return n
}

// containers lists init containers, sidecars and containers in the order of
// the pod's spec, whether they have a status yet or not.
func containers(pod *corev1.Pod) []Container {
	sidecars := sidecarNames(pod)
	out := make([]Container, 0, len(pod.Spec.InitContainers)+len(pod.Spec.Containers))
	add := func(specs []corev1.Container, statuses []corev1.ContainerStatus, init bool) {
		for i := range specs {
			c := Container{Name: specs[i].Name, Image: specs[i].Image, State: Waiting}
			c.Sidecar = init && sidecars[c.Name]
			c.Init = init && !c.Sidecar
			for j := range statuses {
				if statuses[j].Name == c.Name {
					c.fill(&statuses[j])
				}
			}
			out = append(out, c)
		}
	}
	add(pod.Spec.InitContainers, pod.Status.InitContainerStatuses, true)
	add(pod.Spec.Containers, pod.Status.ContainerStatuses, false)
	return out
}

func (c *Container) fill(s *corev1.ContainerStatus) {
	c.Ready, c.Restarts = s.Ready, int(s.RestartCount)
	switch {
	case s.State.Running != nil:
		c.State, c.Started = Running, s.State.Running.StartedAt.Time
	case s.State.Terminated != nil:
		t := s.State.Terminated
		c.State, c.Reason, c.Message, c.Started = Terminated, t.Reason, t.Message, t.StartedAt.Time
		c.ExitCode = &t.ExitCode
	case s.State.Waiting != nil:
		c.Reason, c.Message = s.State.Waiting.Reason, s.State.Waiting.Message
	}
	if t := s.LastTerminationState.Terminated; t != nil {
		c.LastExitCode, c.LastReason = &t.ExitCode, t.Reason
	}
}

// reason says in one line why a pod is not ready.
func reason(pod *corev1.Pod, p Pod) string {
	if p.terminating {
		return "being deleted"
	}
	if s := condition(pod, corev1.PodScheduled); s != nil && s.Status != corev1.ConditionTrue {
		if s.Message != "" {
			return "not scheduled: " + oneLine(s.Message)
		}
		return "not scheduled: " + s.Reason
	}
	if pod.Status.Message != "" && (pod.Status.Phase == corev1.PodFailed || pod.Status.Reason != "") {
		return oneLine(pod.Status.Reason + ": " + pod.Status.Message)
	}
	for _, c := range p.Containers {
		if why := c.complaint(); why != "" {
			return why
		}
	}
	switch {
	case pod.Spec.NodeName == "":
		return "waiting for a node"
	case pod.Status.Phase == corev1.PodPending:
		return "waiting for the kubelet to start its containers"
	}
	var unready []string
	for _, c := range p.Containers {
		if !c.Init && !c.Ready {
			unready = append(unready, c.Name)
		}
	}
	if len(unready) > 0 {
		return strings.Join(unready, ", ") + " not ready"
	}
	return "not ready"
}

// complaint says what is wrong with one container, or nothing.
func (c Container) complaint() string {
	switch c.State {
	case Waiting:
		if c.Reason == "" || c.Reason == "PodInitializing" || c.Reason == "ContainerCreating" {
			return ""
		}
		if c.Message == "" {
			return fmt.Sprintf("%s: %s", c.Name, c.Reason)
		}
		return fmt.Sprintf("%s: %s: %s", c.Name, c.Reason, oneLine(c.Message))
	case Terminated:
		if c.Init && c.ExitCode != nil && *c.ExitCode == 0 {
			return ""
		}
		return fmt.Sprintf("%s: %s (exit code %d)", c.Name, c.Reason, *c.ExitCode)
	}
	return ""
}

// oneLine fits foreign text into one line of a table.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
