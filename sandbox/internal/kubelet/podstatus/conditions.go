package podstatus

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reasons of the conditions, as the kubelet words them.
const (
	podCompleted             = "PodCompleted"
	podFailed                = "PodFailed"
	containersNotReady       = "ContainersNotReady"
	containersNotInitialized = "ContainersNotInitialized"
	readinessGatesNotReady   = "ReadinessGatesNotReady"
)

// conditions returns the kubelet's own conditions and those of others that the pod
// has already.
func conditions(o Observation, phase corev1.PodPhase) []corev1.PodCondition {
	var list []corev1.PodCondition
	for _, c := range o.Pod.Status.Conditions {
		if !ownedByKubelet(c.Type) && find(o.Extra, c.Type) == nil {
			list = append(list, c)
		}
	}
	containers := containersReady(o, phase)
	own := append([]corev1.PodCondition{
		{Type: corev1.PodReadyToStartContainers, Status: boolStatus(o.SandboxReady)},
		initialized(o, phase),
		podReady(o, list, containers),
		containers,
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
	}, o.Extra...)
	for _, c := range own {
		c.ObservedGeneration = o.Pod.Generation
		c.LastTransitionTime = metav1.NewTime(o.Now)
		before := find(o.Previous.Conditions, c.Type)
		if before == nil {
			before = find(o.Pod.Status.Conditions, c.Type)
		}
		if before != nil && before.Status == c.Status && !before.LastTransitionTime.IsZero() {
			c.LastTransitionTime = before.LastTransitionTime
		}
		list = append(list, c)
	}
	return list
}

func ownedByKubelet(t corev1.PodConditionType) bool {
	switch t {
	case corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled:
		return true
	default:
		return false
	}
}

func find(list []corev1.PodCondition, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range list {
		if list[i].Type == t {
			return &list[i]
		}
	}
	return nil
}

func boolStatus(b bool) corev1.ConditionStatus {
	if b {
		return corev1.ConditionTrue
	}
	return corev1.ConditionFalse
}

func initialized(o Observation, phase corev1.PodPhase) corev1.PodCondition {
	c := corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}
	if phase == corev1.PodSucceeded {
		c.Reason = podCompleted
		return c
	}
	if o.Initialized {
		return c
	}
	var incomplete []string
	for i := range o.Pod.Spec.InitContainers {
		spec := &o.Pod.Spec.InitContainers[i]
		s := named(o.Init, spec.Name)
		done := s != nil && s.Ready
		if IsSidecar(spec) {
			done = s != nil && s.Started != nil && *s.Started
		}
		if !done {
			incomplete = append(incomplete, spec.Name)
		}
	}
	if len(incomplete) > 0 {
		c.Status, c.Reason = corev1.ConditionFalse, containersNotInitialized
		c.Message = fmt.Sprintf("containers with incomplete status: %s", incomplete)
	}
	return c
}

func containersReady(o Observation, phase corev1.PodPhase) corev1.PodCondition {
	c := corev1.PodCondition{Type: corev1.ContainersReady, Status: corev1.ConditionFalse}
	switch phase {
	case corev1.PodSucceeded:
		c.Reason = podCompleted
		return c
	case corev1.PodFailed:
		c.Reason = podFailed
		return c
	default:
	}
	var unready []string
	for i := range o.Pod.Spec.InitContainers {
		spec := &o.Pod.Spec.InitContainers[i]
		if s := named(o.Init, spec.Name); IsSidecar(spec) && (s == nil || !s.Ready) {
			unready = append(unready, spec.Name)
		}
	}
	for i := range o.Pod.Spec.Containers {
		name := o.Pod.Spec.Containers[i].Name
		if s := named(o.Containers, name); s == nil || !s.Ready {
			unready = append(unready, name)
		}
	}
	if len(unready) > 0 {
		c.Reason = containersNotReady
		c.Message = fmt.Sprintf("containers with unready status: %s", unready)
		return c
	}
	c.Status = corev1.ConditionTrue
	return c
}

func podReady(o Observation, others []corev1.PodCondition, containers corev1.PodCondition) corev1.PodCondition {
	c := containers
	c.Type = corev1.PodReady
	if containers.Status != corev1.ConditionTrue {
		return c
	}
	var messages []string
	for _, gate := range o.Pod.Spec.ReadinessGates {
		switch met := find(others, gate.ConditionType); {
		case met == nil:
			messages = append(messages, fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", gate.ConditionType))
		case met.Status != corev1.ConditionTrue:
			messages = append(messages, fmt.Sprintf("the status of pod readiness gate %q is not \"True\", but %v", gate.ConditionType, met.Status))
		}
	}
	if len(messages) > 0 {
		c.Status, c.Reason, c.Message = corev1.ConditionFalse, readinessGatesNotReady, strings.Join(messages, ", ")
	}
	return c
}
