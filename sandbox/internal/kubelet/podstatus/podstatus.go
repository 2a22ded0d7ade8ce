// Package podstatus derives the status of a pod from the states of its containers, by
// the rules of the kubelet: phase, conditions with their reasons and messages, and
// times of transition.
//
// It is pure: everything it says follows from its input.
package podstatus

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Observation is what a kubelet knows of a pod.
type Observation struct {
	Pod *corev1.Pod
	// Previous is the status last derived, or the API's for a pod just seen.
	Previous corev1.PodStatus
	// Init and Containers are in the order of the spec.
	Init, Containers []corev1.ContainerStatus
	// Initialized is set once a regular container has been started.
	Initialized bool
	// Ended is set when no container will be started any more.
	Ended bool
	// SandboxReady is set while the pod has its network.
	SandboxReady bool
	PodIP        string
	HostIP       string
	StartTime    time.Time
	// Verdict overrides phase, reason and message, as an eviction does.
	Verdict *Verdict
	// Extra are conditions that the kubelet adds for a cause of its own.
	Extra []corev1.PodCondition
	Now   time.Time
}

// Verdict is a phase that does not follow from the containers.
type Verdict struct {
	Phase           corev1.PodPhase
	Reason, Message string
}

// Derive returns the status.
func Derive(o Observation) corev1.PodStatus {
	start := metav1.NewTime(o.StartTime)
	s := corev1.PodStatus{
		ObservedGeneration:         o.Pod.Generation,
		QOSClass:                   o.Previous.QOSClass,
		StartTime:                  &start,
		HostIP:                     o.HostIP,
		HostIPs:                    []corev1.HostIP{{IP: o.HostIP}},
		InitContainerStatuses:      o.Init,
		ContainerStatuses:          o.Containers,
		EphemeralContainerStatuses: o.Previous.EphemeralContainerStatuses,
		NominatedNodeName:          o.Previous.NominatedNodeName,
	}
	if o.PodIP != "" {
		s.PodIP = o.PodIP
		s.PodIPs = []corev1.PodIP{{IP: o.PodIP}}
	}
	s.Phase = phase(o)
	if isFinal(o.Previous.Phase) {
		s.Phase = o.Previous.Phase // a final phase is never left
	}
	if s.Phase == o.Previous.Phase {
		s.Reason, s.Message = o.Previous.Reason, o.Previous.Message
	}
	if o.Verdict != nil {
		s.Phase, s.Reason, s.Message = o.Verdict.Phase, o.Verdict.Reason, o.Verdict.Message
	}
	s.Conditions = conditions(o, s.Phase)
	return s
}

func isFinal(p corev1.PodPhase) bool { return p == corev1.PodSucceeded || p == corev1.PodFailed }

// IsSidecar tells an init container that runs beside the others.
func IsSidecar(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// Restarts tells whether a container that ended with the exit code is started again:
// by its own rules, its own policy, or the pod's.
func Restarts(pod *corev1.Pod, c *corev1.Container, exitCode int32) bool {
	for _, rule := range c.RestartPolicyRules {
		if rule.ExitCodes == nil {
			continue
		}
		listed := slices.Contains(rule.ExitCodes.Values, exitCode)
		if listed == (rule.ExitCodes.Operator == corev1.ContainerRestartRuleOnExitCodesOpIn) {
			return rule.Action == corev1.ContainerRestartRuleActionRestart
		}
	}
	policy := pod.Spec.RestartPolicy
	if c.RestartPolicy != nil {
		policy = corev1.RestartPolicy(*c.RestartPolicy)
	}
	switch policy {
	case corev1.RestartPolicyNever:
		return false
	case corev1.RestartPolicyOnFailure:
		return exitCode != 0
	default:
		return true
	}
}
