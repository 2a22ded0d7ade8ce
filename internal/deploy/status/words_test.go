package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// The expectations are what "kubectl get pods" of Kubernetes 1.36 prints for
// such pods.
func TestColumnsReadAsInKubectl(t *testing.T) {
	t.Parallel()
	sidecar := corev1.ContainerRestartPolicyAlways
	withInit := func(statuses ...corev1.ContainerStatus) *corev1.Pod {
		pod := member(0, 1)
		pod.Spec.InitContainers = []corev1.Container{{Name: "fetch"}, {Name: "proxy", RestartPolicy: &sidecar}, {Name: "warm"}}
		pod.Status.InitContainerStatuses = statuses
		return pod
	}
	ended := func(name string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: stateTerminated(0, "Completed", time.Minute), RestartCount: 2}
	}
	tests := []struct {
		name     string
		pod      func() *corev1.Pod
		status   string
		ready    string
		restarts string
	}{
		{
			"a pod without a node is Pending",
			func() *corev1.Pod { return unscheduled(1, "no") },
			"Pending", "0/1", "0",
		},
		{
			"a pod behind a scheduling gate says so",
			func() *corev1.Pod {
				pod := member(0, 1)
				set(pod, corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonSchedulingGated, "")
				return pod
			},
			"SchedulingGated", "0/1", "0",
		},
		{
			"a waiting container gives its reason",
			func() *corev1.Pod {
				pod := running(0, 1)
				pod.Status.Phase = corev1.PodPending
				of(pod, "worker").State = stateWaiting("ContainerCreating", "")
				return pod
			},
			"ContainerCreating", "0/1", "0",
		},
		{
			"of several waiting containers the first one's reason is shown",
			func() *corev1.Pod {
				pod := running(0, 0)
				of(pod, "pathways-proxy").State = stateWaiting("ImagePullBackOff", "")
				of(pod, "jax-tpu").State = stateWaiting("ContainerCreating", "")
				return pod
			},
			"ImagePullBackOff", "0/4", "0",
		},
		{
			"running containers that are not ready are counted out",
			func() *corev1.Pod {
				pod := running(0, 0)
				of(pod, "pathways-rm").Ready = true
				return pod
			},
			"Running", "1/4", "0",
		},
		{
			"restarts say how long ago the last one was",
			func() *corev1.Pod {
				pod := running(0, 1)
				of(pod, "worker").RestartCount = 3
				of(pod, "worker").LastTerminationState = stateTerminated(1, "Error", 3*time.Minute)
				return pod
			},
			"Running", "0/1", "3 (3m ago)",
		},
		{
			"a crash loop is named",
			func() *corev1.Pod {
				pod := running(0, 1)
				of(pod, "worker").State = stateWaiting("CrashLoopBackOff", "back-off")
				of(pod, "worker").RestartCount = 5
				of(pod, "worker").LastTerminationState = stateTerminated(1, "Error", 30*time.Second)
				return pod
			},
			"CrashLoopBackOff", "0/1", "5 (30s ago)",
		},
		{
			"a container that ended in error gives its reason",
			func() *corev1.Pod {
				pod := running(0, 1)
				of(pod, "worker").State = stateTerminated(137, "OOMKilled", time.Second)
				return pod
			},
			"OOMKilled", "0/1", "0",
		},
		{
			"an end without a reason gives the exit code",
			func() *corev1.Pod {
				pod := running(0, 1)
				of(pod, "worker").State = stateTerminated(3, "", time.Second)
				return pod
			},
			"ExitCode:3", "0/1", "0",
		},
		{
			"an end by a signal gives the signal",
			func() *corev1.Pod {
				pod := running(0, 1)
				of(pod, "worker").State = stateTerminated(0, "", time.Second)
				of(pod, "worker").State.Terminated.Signal = 9
				return pod
			},
			"Signal:9", "0/1", "0",
		},
		{
			"a completed container beside ready ones does not hide them",
			func() *corev1.Pod {
				pod := running(0, 0)
				makeReady(pod)
				of(pod, "pathways-proxy").State = stateTerminated(0, "Completed", time.Second)
				of(pod, "pathways-proxy").Ready = false
				return pod
			},
			"Running", "3/4", "0",
		},
		{
			"a completed container in a pod that is not ready makes it NotReady",
			func() *corev1.Pod {
				pod := running(0, 0)
				for i := range pod.Status.ContainerStatuses {
					pod.Status.ContainerStatuses[i].Ready = true
				}
				of(pod, "pathways-proxy").State = stateTerminated(0, "Completed", time.Second)
				return pod
			},
			"NotReady", "3/4", "0",
		},
		{
			"all containers completed",
			func() *corev1.Pod {
				pod := running(0, 1)
				pod.Status.Phase = corev1.PodSucceeded
				of(pod, "worker").State = stateTerminated(0, "Completed", time.Second)
				return pod
			},
			"Completed", "0/1", "0",
		},
		{
			"an evicted pod gives the pod's reason",
			func() *corev1.Pod {
				pod := member(0, 1)
				pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Evicted"
				return pod
			},
			"Evicted", "0/1", "0",
		},
		{
			"a pod that is being deleted is Terminating",
			func() *corev1.Pod {
				pod := running(0, 1)
				pod.DeletionTimestamp = new(ago(time.Second))
				return pod
			},
			"Terminating", "0/1", "0",
		},
		{
			"a deleted pod that has ended keeps its end",
			func() *corev1.Pod {
				pod := running(0, 1)
				pod.DeletionTimestamp = new(ago(time.Second))
				pod.Status.Phase = corev1.PodFailed
				of(pod, "worker").State = stateTerminated(1, "Error", time.Second)
				return pod
			},
			"Error", "0/1", "0",
		},
		{
			"a deleted pod of a lost node is Unknown",
			func() *corev1.Pod {
				pod := running(0, 1)
				pod.DeletionTimestamp = new(ago(time.Second))
				pod.Status.Reason = nodeLost
				return pod
			},
			"Unknown", "0/1", "0",
		},
		{
			"an init container under way is counted among all of them",
			func() *corev1.Pod {
				return withInit(ended("fetch"),
					corev1.ContainerStatus{Name: "proxy", State: stateRunning(time.Minute), Started: new(true), Ready: true, RestartCount: 1},
					corev1.ContainerStatus{Name: "warm", State: stateRunning(time.Minute)})
			},
			"Init:2/3", "1/2", "3",
		},
		{
			"an init container that cannot start gives its reason",
			func() *corev1.Pod {
				return withInit(corev1.ContainerStatus{Name: "fetch", State: stateWaiting("ImagePullBackOff", "")})
			},
			"Init:ImagePullBackOff", "0/2", "0",
		},
		{
			"an init container that failed gives its reason",
			func() *corev1.Pod {
				return withInit(corev1.ContainerStatus{Name: "fetch", State: stateTerminated(1, "Error", time.Second)})
			},
			"Init:Error", "0/2", "0",
		},
		{
			"restarts of init containers are forgotten once the pod runs, those of sidecars are not",
			func() *corev1.Pod {
				pod := running(0, 1)
				init := withInit(ended("fetch"),
					corev1.ContainerStatus{
						Name: "proxy", State: stateRunning(time.Minute), Started: new(true), Ready: true,
						RestartCount: 1, LastTerminationState: stateTerminated(1, "Error", time.Hour),
					},
					ended("warm"))
				pod.Spec.InitContainers, pod.Status.InitContainerStatuses = init.Spec.InitContainers, init.Status.InitContainerStatuses
				makeReady(pod)
				return pod
			},
			"Running", "2/2", "1 (60m ago)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := project(tt.pod(), nil)
			got := []string{p.Status, p.ReadyText(), p.RestartsText(now)}
			if diff := cmp.Diff([]string{tt.status, tt.ready, tt.restarts}, got); diff != "" {
				t.Errorf("status, ready, restarts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAgeReadsAsInKubectl(t *testing.T) {
	t.Parallel()
	pod := member(0, 1)
	if got, want := project(pod, nil).Age(now), "9m"; got != want {
		t.Errorf("age %q, want %q", got, want)
	}
	pod.CreationTimestamp.Reset()
	if got, want := project(pod, nil).Age(now), "<unknown>"; got != want {
		t.Errorf("age of a pod without a creation time %q, want %q", got, want)
	}
}
