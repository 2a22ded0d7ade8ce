package podstatus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podstatus"
)

var (
	start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	now   = start.Add(time.Minute)
)

// containers reads "name:state" pairs, where a state is creating, running, ready,
// starting, backoff, or exit0 and the like.
func containers(t *testing.T, text string) []corev1.ContainerStatus {
	t.Helper()
	var list []corev1.ContainerStatus
	for pair := range strings.FieldsSeq(text) {
		name, state, _ := strings.Cut(pair, ":")
		c := corev1.ContainerStatus{Name: name, Started: new(false)}
		switch state {
		case "creating":
			c.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
		case "starting", "running", "ready":
			c.State.Running = &corev1.ContainerStateRunning{}
			*c.Started, c.Ready = state != "starting", state == "ready"
		case "backoff":
			c.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
			c.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1}
		default:
			var code int32
			if _, err := fmt.Sscanf(state, "exit%d", &code); err != nil {
				t.Fatalf("container %q: %v", pair, err)
			}
			c.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: code}
		}
		list = append(list, c)
	}
	return list
}

// observe makes an observation of a pod whose containers have the names in the texts;
// names of init containers that end in "+" are sidecars.
func observe(t *testing.T, policy corev1.RestartPolicy, init, regular string) podstatus.Observation {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Spec: corev1.PodSpec{RestartPolicy: policy}}
	o := podstatus.Observation{
		Pod: pod, Init: containers(t, init), Containers: containers(t, regular), SandboxReady: true,
		PodIP: "10.244.0.5", HostIP: "10.128.0.1", StartTime: start, Now: now,
	}
	for i := range o.Init {
		c := corev1.Container{Name: o.Init[i].Name}
		if strings.HasSuffix(c.Name, "+") {
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		} else {
			end := o.Init[i].State.Terminated
			o.Init[i].Ready = end != nil && end.ExitCode == 0
		}
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, c)
	}
	for _, c := range o.Containers {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: c.Name})
		o.Initialized = o.Initialized || c.State.Waiting == nil || c.LastTerminationState.Terminated != nil
	}
	return o
}

func TestPhase(t *testing.T) {
	t.Parallel()
	const (
		always    = corev1.RestartPolicyAlways
		onFailure = corev1.RestartPolicyOnFailure
		never     = corev1.RestartPolicyNever
	)
	for _, c := range []struct {
		name          string
		policy        corev1.RestartPolicy
		init, regular string
		ended         bool
		want          corev1.PodPhase
	}{
		{"nothing has started", always, "", "a:creating", false, corev1.PodPending},
		{"one of two has started", always, "", "a:ready b:creating", false, corev1.PodPending},
		{"all have started", always, "", "a:ready b:starting", false, corev1.PodRunning},
		{"one is between two starts", always, "", "a:ready b:backoff", false, corev1.PodRunning},
		{"the only one is between two starts", always, "", "a:backoff", false, corev1.PodRunning},
		{"one has ended well and is started again", always, "", "a:exit0", false, corev1.PodRunning},
		{"one has ended well for good", onFailure, "", "a:exit0", false, corev1.PodSucceeded},
		{"one has ended well for good and another is started again", onFailure, "", "a:exit0 b:exit1", false, corev1.PodRunning},
		{"all have ended for good, one badly", never, "", "a:exit0 b:exit1", false, corev1.PodFailed},
		{"one has failed for good and another runs", never, "", "a:exit1 b:running", false, corev1.PodRunning},
		{"an init container runs", always, "i:running", "a:creating", false, corev1.PodPending},
		{"an init container has failed and is tried again", always, "i:backoff", "a:creating", false, corev1.PodPending},
		{"an init container has failed for good", never, "i:exit1", "a:creating", false, corev1.PodFailed},
		{"init containers are done", always, "i:exit0 j:exit0", "a:ready", false, corev1.PodRunning},
		{"a sidecar is not started yet", always, "s+:starting", "a:creating", false, corev1.PodPending},
		{"a sidecar restarts beside what runs", always, "s+:backoff", "a:ready", false, corev1.PodRunning},
		{"a sidecar's failure does not count in the end", never, "s+:exit1", "a:exit0", true, corev1.PodSucceeded},
		{"a pod that was stopped ended as its containers did", always, "", "a:exit0 b:exit0", true, corev1.PodSucceeded},
		{"a pod that was stopped failed if a container did", always, "", "a:exit0 b:exit143", true, corev1.PodFailed},
		{"a pod that was stopped before it ran failed", always, "", "a:creating", true, corev1.PodFailed},
		{"a pod that was stopped in its init containers failed", always, "i:exit0 j:creating", "a:creating", true, corev1.PodFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := observe(t, c.policy, c.init, c.regular)
			o.Ended = c.ended
			if got := podstatus.Derive(o).Phase; got != c.want {
				t.Errorf("the phase is %s, want %s", got, c.want)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	type brief map[corev1.PodConditionType]string
	for _, c := range []struct {
		name          string
		policy        corev1.RestartPolicy
		init, regular string
		change        func(*podstatus.Observation)
		want          brief
	}{
		{
			name: "before the sandbox", regular: "a:creating", change: func(o *podstatus.Observation) { o.SandboxReady = false },
			want: brief{
				"PodReadyToStartContainers": "False", "Initialized": "True", "PodScheduled": "True",
				"Ready":           "False ContainersNotReady containers with unready status: [a]",
				"ContainersReady": "False ContainersNotReady containers with unready status: [a]",
			},
		},
		{
			name: "while init containers run", init: "i:exit0 j:running", regular: "a:creating b:creating",
			want: brief{
				"PodReadyToStartContainers": "True", "PodScheduled": "True",
				"Initialized":     "False ContainersNotInitialized containers with incomplete status: [j]",
				"Ready":           "False ContainersNotReady containers with unready status: [a b]",
				"ContainersReady": "False ContainersNotReady containers with unready status: [a b]",
			},
		},
		{
			name: "all ready", regular: "a:ready b:ready",
			want: brief{"PodReadyToStartContainers": "True", "Initialized": "True", "PodScheduled": "True", "Ready": "True", "ContainersReady": "True"},
		},
		{
			name: "an unready sidecar", init: "s+:running", regular: "a:ready",
			want: brief{
				"PodReadyToStartContainers": "True", "Initialized": "True", "PodScheduled": "True",
				"Ready":           "False ContainersNotReady containers with unready status: [s+]",
				"ContainersReady": "False ContainersNotReady containers with unready status: [s+]",
			},
		},
		{
			name: "a success", policy: corev1.RestartPolicyNever, regular: "a:exit0", change: func(o *podstatus.Observation) { o.Ended, o.SandboxReady = true, false },
			want: brief{
				"PodReadyToStartContainers": "False", "Initialized": "True PodCompleted", "PodScheduled": "True",
				"Ready": "False PodCompleted", "ContainersReady": "False PodCompleted",
			},
		},
		{
			name: "a failure", policy: corev1.RestartPolicyNever, regular: "a:exit1", change: func(o *podstatus.Observation) { o.Ended, o.SandboxReady = true, false },
			want: brief{
				"PodReadyToStartContainers": "False", "Initialized": "True", "PodScheduled": "True",
				"Ready": "False PodFailed", "ContainersReady": "False PodFailed",
			},
		},
		{
			name: "a readiness gate nobody has opened", regular: "a:ready", change: func(o *podstatus.Observation) {
				o.Pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/gate"}}
			},
			want: brief{
				"PodReadyToStartContainers": "True", "Initialized": "True", "PodScheduled": "True", "ContainersReady": "True",
				"Ready": `False ReadinessGatesNotReady corresponding condition of pod readiness gate "example.com/gate" does not exist.`,
			},
		},
		{
			name: "conditions of others are kept", regular: "a:ready", change: func(o *podstatus.Observation) {
				o.Pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/gate"}}
				o.Pod.Status.Conditions = []corev1.PodCondition{{Type: "example.com/gate", Status: corev1.ConditionTrue}}
			},
			want: brief{
				"PodReadyToStartContainers": "True", "Initialized": "True", "PodScheduled": "True", "ContainersReady": "True", "Ready": "True",
				"example.com/gate": "True",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := observe(t, c.policy, c.init, c.regular)
			if c.change != nil {
				c.change(&o)
			}
			got := brief{}
			for _, condition := range podstatus.Derive(o).Conditions {
				text := strings.TrimSpace(fmt.Sprintf("%s %s %s", condition.Status, condition.Reason, condition.Message))
				got[condition.Type] = strings.ReplaceAll(text, "  ", " ")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("the conditions differ (-want +got):\n%s", diff)
			}
		})
	}
}

func condition(t *testing.T, s corev1.PodStatus, kind corev1.PodConditionType) corev1.PodCondition {
	t.Helper()
	for _, c := range s.Conditions {
		if c.Type == kind {
			return c
		}
	}
	t.Fatalf("there is no condition %s", kind)
	return corev1.PodCondition{}
}

func TestTransitionTimesChangeWithTheStatusAlone(t *testing.T) {
	t.Parallel()
	o := observe(t, "", "", "a:running")
	first := podstatus.Derive(o)
	o.Previous, o.Now = first, now.Add(time.Minute)
	second := podstatus.Derive(o)
	if got := condition(t, second, corev1.PodReady).LastTransitionTime.Time; !got.Equal(now) {
		t.Errorf("an unchanged condition has moved to %v", got)
	}
	o.Containers[0].Ready = true
	o.Previous, o.Now = second, now.Add(time.Hour)
	third := podstatus.Derive(o)
	if got := condition(t, third, corev1.PodReady).LastTransitionTime.Time; !got.Equal(now.Add(time.Hour)) {
		t.Errorf("a changed condition is of %v", got)
	}
	if got := condition(t, third, corev1.PodReady).ObservedGeneration; got != 3 {
		t.Errorf("the condition is of generation %d, want 3", got)
	}
}

func TestVerdictsOverrideAndFinalPhasesStay(t *testing.T) {
	t.Parallel()
	o := observe(t, corev1.RestartPolicyNever, "", "a:exit137")
	o.Ended = true
	o.Verdict = &podstatus.Verdict{Phase: corev1.PodFailed, Reason: "Evicted", Message: "why"}
	s := podstatus.Derive(o)
	if s.Phase != corev1.PodFailed || s.Reason != "Evicted" || s.Message != "why" {
		t.Errorf("the status is %s/%s %q", s.Phase, s.Reason, s.Message)
	}
	o.Previous, o.Verdict = s, nil
	o.Containers = containers(t, "a:running")
	if s = podstatus.Derive(o); s.Phase != corev1.PodFailed || s.Reason != "Evicted" {
		t.Errorf("a final phase has become %s/%s", s.Phase, s.Reason)
	}
}

func TestStatusHasAddressesAndTimes(t *testing.T) {
	t.Parallel()
	s := podstatus.Derive(observe(t, "", "", "a:ready"))
	if s.PodIP != "10.244.0.5" || len(s.PodIPs) != 1 || s.HostIP != "10.128.0.1" || len(s.HostIPs) != 1 {
		t.Errorf("the addresses are %s %v, %s %v", s.PodIP, s.PodIPs, s.HostIP, s.HostIPs)
	}
	if s.StartTime == nil || !s.StartTime.Time.Equal(start) || s.ObservedGeneration != 3 {
		t.Errorf("it started at %v in generation %d", s.StartTime, s.ObservedGeneration)
	}
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	rule := func(operator corev1.ContainerRestartRuleOnExitCodesOperator, codes ...int32) corev1.ContainerRestartRule {
		return corev1.ContainerRestartRule{
			Action:    corev1.ContainerRestartRuleActionRestart,
			ExitCodes: &corev1.ContainerRestartRuleOnExitCodes{Operator: operator, Values: codes},
		}
	}
	const in, notIn = corev1.ContainerRestartRuleOnExitCodesOpIn, corev1.ContainerRestartRuleOnExitCodesOpNotIn
	for _, c := range []struct {
		name string
		pod  corev1.RestartPolicy
		own  corev1.ContainerRestartPolicy
		rule *corev1.ContainerRestartRule
		code int32
		want bool
	}{
		{"always, after a success", corev1.RestartPolicyAlways, "", nil, 0, true},
		{"on failure, after a success", corev1.RestartPolicyOnFailure, "", nil, 0, false},
		{"on failure, after a failure", corev1.RestartPolicyOnFailure, "", nil, 1, true},
		{"never, after a failure", corev1.RestartPolicyNever, "", nil, 1, false},
		{"the container's own policy counts more", corev1.RestartPolicyNever, corev1.ContainerRestartPolicyOnFailure, nil, 1, true},
		{"a rule counts most", corev1.RestartPolicyNever, corev1.ContainerRestartPolicyNever, new(rule(in, 42)), 42, true},
		{"a rule that does not apply", corev1.RestartPolicyNever, corev1.ContainerRestartPolicyNever, new(rule(in, 42)), 43, false},
		{"a rule for all other codes", corev1.RestartPolicyNever, corev1.ContainerRestartPolicyNever, new(rule(notIn, 42)), 43, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			container := &corev1.Container{}
			if c.own != "" {
				container.RestartPolicy = &c.own
			}
			if c.rule != nil {
				container.RestartPolicyRules = []corev1.ContainerRestartRule{*c.rule}
			}
			pod := &corev1.Pod{Spec: corev1.PodSpec{RestartPolicy: c.pod}}
			if got := podstatus.Restarts(pod, container, c.code); got != c.want {
				t.Errorf("restarted: %v, want %v", got, c.want)
			}
		})
	}
}
