package status

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }

const testName = "llama"

// deployment returns the inputs of a deployment with one group of size pods,
// all of them running and none of them ready.
func deployment(size int) Inputs {
	in := Inputs{
		Namespace: "ns", Name: testName, Now: now, NodesKnown: true,
		LWS: &lwsv1.LeaderWorkerSet{
			ObjectMeta: metav1.ObjectMeta{
				Name: testName, Namespace: "ns", CreationTimestamp: ago(10 * time.Minute),
				Annotations: map[string]string{lwsv1.ExclusiveKeyAnnotationKey: nodePoolLabel},
			},
			Spec: lwsv1.LeaderWorkerSetSpec{
				Replicas:             new(int32(1)),
				LeaderWorkerTemplate: lwsv1.LeaderWorkerTemplate{Size: new(int32(size))},
			},
		},
		StatefulSets: []*appsv1.StatefulSet{{ObjectMeta: metav1.ObjectMeta{
			Name: testName, Labels: map[string]string{lwsv1.RevisionKey: "r1"},
		}}},
		Health: map[types.UID]health.Health{},
	}
	for i := range size {
		in.Pods = append(in.Pods, running(0, i))
		in.Nodes = append(in.Nodes, &corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name:   fmt.Sprintf("node-%d", i),
			Labels: map[string]string{nodePoolLabel: "np", "topology": "4x4"},
		}})
	}
	return in
}

// member returns a pod of a group that nothing has happened to yet.
func member(group, index int) *corev1.Pod {
	name := fmt.Sprintf("%s-%d", testName, group)
	containers := []string{"pathways-proxy", "pathways-rm", "jax-tpu", "jetstream-http"}
	if index > 0 {
		name = fmt.Sprintf("%s-%d", name, index)
		containers = []string{"worker"}
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "ns", UID: types.UID("uid-" + name), CreationTimestamp: ago(9 * time.Minute),
			Labels: map[string]string{
				lwsv1.SetNameLabelKey:     testName,
				lwsv1.GroupIndexLabelKey:  fmt.Sprint(group),
				lwsv1.WorkerIndexLabelKey: fmt.Sprint(index),
				lwsv1.RevisionKey:         "r1",
			},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
	for _, c := range containers {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{
			Name: c, Image: "example.com/" + c + ":v1", Args: []string{"--flag"},
		})
	}
	return pod
}

// running returns a pod whose containers run and are not ready.
func running(group, index int) *corev1.Pod {
	pod := member(group, index)
	pod.Spec.NodeName = fmt.Sprintf("node-%d", index)
	pod.Status.Phase = corev1.PodRunning
	pod.Status.StartTime = new(ago(9 * time.Minute))
	set(pod, corev1.PodScheduled, corev1.ConditionTrue, "", "")
	set(pod, corev1.PodInitialized, corev1.ConditionTrue, "", "")
	set(pod, corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", "")
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, State: stateRunning(8 * time.Minute), Started: new(true),
		})
	}
	return pod
}

// makeReady makes a running pod ready.
func makeReady(pods ...*corev1.Pod) {
	for _, pod := range pods {
		set(pod, corev1.PodReady, corev1.ConditionTrue, "", "")
		for i := range pod.Status.ContainerStatuses {
			pod.Status.ContainerStatuses[i].Ready = true
		}
	}
}

// set sets a condition that began a minute ago.
func set(pod *corev1.Pod, kind corev1.PodConditionType, value corev1.ConditionStatus, reason, message string) {
	c := corev1.PodCondition{Type: kind, Status: value, Reason: reason, Message: message, LastTransitionTime: ago(time.Minute)}
	if old := condition(pod, kind); old != nil {
		*old = c
		return
	}
	pod.Status.Conditions = append(pod.Status.Conditions, c)
}

// unscheduled returns a pod of group 0 that the scheduler found no node for.
func unscheduled(index int, message string) *corev1.Pod {
	pod := member(0, index)
	set(pod, corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, message)
	return pod
}

// of returns the status of a container of a pod.
func of(pod *corev1.Pod, container string) *corev1.ContainerStatus {
	for i := range pod.Status.ContainerStatuses {
		if pod.Status.ContainerStatuses[i].Name == container {
			return &pod.Status.ContainerStatuses[i]
		}
	}
	panic("no container " + container)
}

func stateRunning(since time.Duration) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(since)}}
}

func stateWaiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func stateTerminated(code int32, reason string, ended time.Duration) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, StartedAt: ago(ended + time.Minute), FinishedAt: ago(ended),
	}}
}

func serving() health.Health {
	return health.Health{State: health.Serving, Since: now.Add(-30 * time.Second)}
}

func event(kind, name, uid, reason, message string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: name + reason},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Name: name, UID: types.UID(uid)},
		Type:           corev1.EventTypeWarning, Reason: reason, Message: message,
		FirstTimestamp: ago(2 * time.Minute), LastTimestamp: ago(10 * time.Second), Count: 3,
	}
}

// uid shortens the keys of inputs.
type uid = types.UID

func sortedWords(s string) []string {
	words := strings.Fields(s)
	slices.Sort(words)
	return words
}
