package watch

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// Whatever is wrong with a pod, and whatever a snapshot tells of it, trimming
// makes no difference.
func TestTrimmedObjectsMakeTheSameSnapshot(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthcheck"}}}
	state := func(s corev1.ContainerState) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			for i := range p.Status.ContainerStatuses {
				p.Status.ContainerStatuses[i].State = s
			}
		}
	}
	unschedulable := func(message string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.NodeName, p.Status.Phase = "", corev1.PodPending
			p.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
				Message: message, LastTransitionTime: metav1.NewTime(now.Add(-time.Minute)),
			}}
		}
	}
	tests := []struct {
		name string
		edit func(*corev1.Pod) // of every pod
	}{
		{"ready", func(*corev1.Pod) {}},
		{"asked for health by a probe", func(p *corev1.Pod) { p.Spec.Containers[0].ReadinessProbe = probe }},
		{"being deleted", func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }},
		{"no node matches", func(p *corev1.Pod) {
			unschedulable("0/65 nodes are available")(p)
			p.Spec.NodeSelector["pool"] = "missing"
		}},
		{"the nodes are tainted", func(p *corev1.Pod) {
			unschedulable("0/65 nodes are available: 65 node(s) had untolerated taint(s)")(p)
			p.Spec.Tolerations = p.Spec.Tolerations[1:]
		}},
		{"the nodes are tainted and tolerated", unschedulable("0/65 nodes are available: 65 node(s) had untolerated taint(s)")},
		{"an image may not be pulled", state(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: "ImagePullBackOff", Message: "403 Forbidden",
		}})},
		{"a crash", func(p *corev1.Pod) {
			for i := range p.Status.ContainerStatuses {
				p.Status.ContainerStatuses[i].RestartCount = 2
				p.Status.ContainerStatuses[i].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
					ExitCode: 137, Reason: "OOMKilled", Message: "killed", FinishedAt: metav1.NewTime(now), StartedAt: metav1.NewTime(now.Add(-time.Minute)),
				}
			}
		}},
		{"a proxy that crashed", func(p *corev1.Pod) {
			for i := range p.Status.ContainerStatuses {
				if s := &p.Status.ContainerStatuses[i]; s.Name == "pathways-proxy" {
					s.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, FinishedAt: metav1.NewTime(now)}}
				}
			}
		}},
		{"a proxy without arguments that crashed", func(p *corev1.Pod) {
			for i := range p.Spec.Containers {
				p.Spec.Containers[i].Args = nil
			}
			state(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, FinishedAt: metav1.NewTime(now)}})(p)
		}},
		{"init containers and a sidecar", func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{Name: "first", Image: "i"}, {Name: "side", Image: "s", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{
				{Name: "first", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}}},
				{Name: "side", Started: new(true), Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
			}
		}},
		{"evicted", func(p *corev1.Pod) {
			p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "Evicted", "low on memory"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			build := func(trim bool) status.Snapshot {
				l := newLarge(2, 3, now)
				in := status.Inputs{Namespace: testNamespace, Name: testName, NodesKnown: true, Now: now, Health: map[types.UID]health.Health{
					"uid-llama-1": {State: health.Serving, Since: now},
				}}
				if err := decodeLWS(l.lws, Options{Name: testName}, &in); err != nil {
					t.Fatal(err)
				}
				for _, obj := range l.pods {
					p := obj.(*corev1.Pod)
					tt.edit(p)
					if trim {
						trimPod(p)
					}
					in.Pods = append(in.Pods, p)
				}
				for _, obj := range l.sets {
					s := obj.(*appsv1.StatefulSet)
					if trim {
						trimSet(s)
					}
					in.StatefulSets = append(in.StatefulSets, s)
				}
				for _, obj := range l.nodes {
					n := obj.(*corev1.Node)
					if trim {
						trimNode(n)
					}
					in.Nodes = append(in.Nodes, n)
				}
				for _, obj := range l.events {
					e := obj.(*corev1.Event)
					if trim {
						trimEvent(e)
					}
					in.Events = append(in.Events, e)
				}
				return status.Build(in)
			}
			if diff := cmp.Diff(build(false), build(true), cmpopts.IgnoreUnexported(status.Pod{}, status.Finding{})); diff != "" {
				t.Errorf("snapshots (-of whole objects +of trimmed ones):\n%s", diff)
			}
		})
	}
}

func TestTrimmedObjectsAreSmall(t *testing.T) {
	t.Parallel()
	p := wholePod("llama-0", 0, 0, metav1.Now(), "jax-tpu")
	trimPod(p)
	raw := func(obj interface{ Marshal() ([]byte, error) }) int {
		b, err := obj.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	if n := raw(p); n > 2500 {
		t.Errorf("a trimmed pod has %d bytes: %+v", n, p)
	}
	n := wholeNode("n", metav1.Now())
	trimNode(n)
	if size := raw(n); size > 1500 {
		t.Errorf("a trimmed node has %d bytes: %+v", size, n)
	}
}
