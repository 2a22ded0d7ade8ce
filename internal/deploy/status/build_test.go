package status

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

func TestPhase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		in    func() Inputs
		phase Phase
		cause string // a part of it
	}{
		{
			"nothing there",
			func() Inputs { return Inputs{Namespace: "ns", Name: testName, Now: now} },
			NotFound, "no LeaderWorkerSet llama in namespace ns",
		},
		{
			"scaled to zero",
			func() Inputs {
				in := deployment(0)
				in.LWS.Spec.Replicas = new(int32(0))
				return in
			},
			Stopped, "scaled to zero",
		},
		{
			"pods left after the LeaderWorkerSet is gone",
			func() Inputs {
				in := deployment(3)
				in.LWS = nil
				return in
			},
			Terminating, "3 pods left",
		},
		{
			"no pod created yet",
			func() Inputs {
				in := deployment(3)
				in.Pods = nil
				return in
			},
			Pending, "waiting for the leader pod to be created",
		},
		{
			"the leader waits for a node",
			func() Inputs {
				in := deployment(3)
				in.Pods = []*corev1.Pod{unscheduled(0, "0/3 nodes are available: 3 Too many pods.")}
				return in
			},
			Pending, "not scheduled: 0/3 nodes are available",
		},
		{
			"workers are still missing",
			func() Inputs {
				in := deployment(4)
				in.Pods = in.Pods[:2]
				return in
			},
			Pending, "1 of 3 workers created",
		},
		{
			"images are being pulled",
			func() Inputs {
				in := deployment(2)
				in.Pods[1].Status.Phase = corev1.PodPending
				of(in.Pods[1], "worker").State = stateWaiting("ContainerCreating", "")
				return in
			},
			Starting, "pod llama-0-1: its containers are being created",
		},
		{
			"everything runs and the model does not answer",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = health.Health{State: health.NotServing, Detail: "/healthcheck answered 500"}
				return in
			},
			Loading, "/healthcheck answered 500",
		},
		{
			"a milestone under way is the cause of the wait",
			func() Inputs {
				in := deployment(2)
				tracker := milestone.NewTracker(milestone.Plan{Workers: 1, Slices: 1})
				tracker.Follow(milestone.Line{Container: "jax-tpu", Time: now, Text: "restoring params from gs://b/int8"})
				in.Milestones = map[uid][]milestone.Milestone{"uid-llama-0": tracker.Milestones()}
				return in
			},
			Loading, "restore (gs://b/int8)",
		},
		{
			"of several milestones under way the furthest is",
			func() Inputs {
				in := deployment(3)
				tracker := milestone.NewTracker(milestone.Plan{Workers: 2, Slices: 1})
				tracker.Follow(milestone.Line{Pod: "llama-0-1", Container: "worker", Time: now, Text: "Pathways Server serving on [::]:38679"})
				tracker.Follow(milestone.Line{Container: "jax-tpu", Time: now, Text: "restoring params from gs://b/int8"})
				in.Milestones = map[uid][]milestone.Milestone{"uid-llama-0": tracker.Milestones()}
				return in
			},
			Loading, "restore (gs://b/int8)",
		},
		{
			"the model answers before the probes let the pod be ready",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = serving()
				makeReady(in.Pods[1])
				return in
			},
			Serving, "1 of 2 pods ready; pod llama-0: pathways-proxy, pathways-rm, jax-tpu, jetstream-http not ready",
		},
		{
			"pods ready and the model answers",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = serving()
				makeReady(in.Pods...)
				return in
			},
			Ready, "",
		},
		{
			"ready pods alone are not enough",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = health.Health{State: health.Unknown, Detail: "no answer"}
				makeReady(in.Pods...)
				return in
			},
			Loading, "/healthcheck could not be asked: no answer",
		},
		{
			"an answer of a pod that was replaced does not count for its successor",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-of-the-old-leader"] = serving()
				makeReady(in.Pods...)
				return in
			},
			Loading, "not asked yet",
		},
		{
			"the condition of the LeaderWorkerSet is not believed",
			func() Inputs {
				in := deployment(3)
				in.Pods = in.Pods[:1]
				in.LWS.Status = lwsv1.LeaderWorkerSetStatus{ReadyReplicas: 1, Replicas: 1, Conditions: []metav1.Condition{
					{Type: "Available", Status: metav1.ConditionTrue},
				}}
				return in
			},
			Pending, "0 of 2 workers created",
		},
		{
			"a serving group that lost a worker",
			func() Inputs {
				in := deployment(3)
				in.Health["uid-llama-0"] = serving()
				in.Pods = in.Pods[:2]
				return in
			},
			Degraded, "2 of 3 pods exist",
		},
		{
			"a second group that still loads does not take the first one's service",
			func() Inputs {
				in := twoGroups()
				in.Health["uid-llama-0"] = serving()
				makeReady(in.Pods[0], in.Pods[1])
				return in
			},
			Serving, "group 1: the model does not answer yet",
		},
		{
			"a second group that will not come up degrades the whole",
			func() Inputs {
				in := twoGroups()
				in.Health["uid-llama-0"] = serving()
				makeReady(in.Pods[0], in.Pods[1])
				of(in.Pods[2], "jax-tpu").State = stateWaiting("InvalidImageName", "bad")
				return in
			},
			Degraded, "group 1: ",
		},
		{
			"a group that is being recreated",
			func() Inputs {
				in := deployment(2)
				in.Pods[0].DeletionTimestamp = new(ago(time.Second))
				return in
			},
			Pending, "being recreated: pod llama-0",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Build(tt.in())
			if s.Phase != tt.phase || !strings.Contains(s.Cause, tt.cause) || (tt.cause == "") != (s.Cause == "") {
				t.Errorf("phase %s because %q, want %s because %q", s.Phase, s.Cause, tt.phase, tt.cause)
			}
		})
	}
}

// twoGroups are two groups of two pods.
func twoGroups() Inputs {
	in := deployment(2)
	in.LWS.Spec.Replicas = new(int32(2))
	in.Pods = append(in.Pods, running(1, 0), running(1, 1))
	return in
}

func TestReadyWithoutPermissionToAskIsUnconfirmed(t *testing.T) {
	t.Parallel()
	in := deployment(2)
	makeReady(in.Pods...)
	in.Health["uid-llama-0"] = health.Health{State: health.Forbidden}
	s := Build(in)
	if got := s.Headline(); got != "Ready (unconfirmed)" || s.Confirmed {
		t.Errorf("headline %q, confirmed %t", got, s.Confirmed)
	}
	in.Health["uid-llama-0"] = serving()
	if got := Build(in).Headline(); got != "Ready" {
		t.Errorf("headline with an answer %q", got)
	}
}

func TestADeploymentThatIsNotScheduledYetSaysWhoWaitsForWhom(t *testing.T) {
	t.Parallel()
	in := deployment(5)
	in.Pods = []*corev1.Pod{member(0, 0)}
	want := "pod llama-0: waiting for a node; 4 workers not created until this pod has a node"
	if got := Build(in).Cause; got != want {
		t.Errorf("cause %q, want %q", got, want)
	}
}

func TestLeaderWithoutNodeBlocksItsWorkers(t *testing.T) {
	t.Parallel()
	in := deployment(5)
	in.Pods = []*corev1.Pod{unscheduled(0, "0/9 nodes are available: 9 Insufficient cpu.")}
	s := Build(in)
	if got, want := s.Groups[0].Leader.Blocks, "4 workers not created until this pod has a node"; got != want {
		t.Errorf("blocks %q, want %q", got, want)
	}
	delete(in.LWS.Annotations, lwsv1.ExclusiveKeyAnnotationKey)
	if got := Build(in).Groups[0].Leader.Blocks; got != "" {
		t.Errorf("without exclusive placement the leader blocks %q", got)
	}
}

func TestRolloutCountsGroupsOfTheNewRevision(t *testing.T) {
	t.Parallel()
	in := twoGroups()
	in.StatefulSets[0].Labels[lwsv1.RevisionKey] = "r2"
	in.Pods[2].Labels[lwsv1.RevisionKey] = "r2"
	in.Pods[3].Labels[lwsv1.RevisionKey] = "r2"
	s := Build(in)
	if diff := cmp.Diff(Rollout{Revision: "r2", Updated: 1, Total: 2}, s.Rollout); diff != "" {
		t.Errorf("rollout (-want +got):\n%s", diff)
	}
	if !s.Rollout.InProgress() {
		t.Error("a rollout with an old group is not in progress")
	}
}

func TestCountsAndPlacement(t *testing.T) {
	t.Parallel()
	in := deployment(3)
	makeReady(in.Pods[1])
	s := Build(in)
	if s.Desired != 3 || s.Created != 3 || s.Ready != 1 {
		t.Errorf("desired, created, ready = %d, %d, %d", s.Desired, s.Created, s.Ready)
	}
	w := s.Groups[0].Workers[0]
	if w.Node != "node-1" || w.NodePool != "np" || w.Index != 1 {
		t.Errorf("worker 1 is pod %d on node %q of pool %q", w.Index, w.Node, w.NodePool)
	}
}

// The keys are an interface to programs: a failure here means that a release
// breaks them.
func TestSnapshotKeysAreStable(t *testing.T) {
	t.Parallel()
	in := deployment(2)
	in.Profile = "p"
	in.Notes = []Note{{Topic: TopicNodes, Message: "m"}}
	in.DisconnectedSince = now
	of(in.Pods[1], "worker").State = stateTerminated(1, "Error", time.Second)
	in.Events = []*corev1.Event{event("Pod", "llama-0-1", "u", "BackOff", "m")}
	raw, err := json.Marshal(Build(in))
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	group := tree["groups"].([]any)[0].(map[string]any)
	worker := group["workers"].([]any)[0].(map[string]any)
	for _, tt := range []struct {
		name string
		tree any
		want string
	}{
		{"snapshot", tree, "cause confirmed created desired disconnectedSince events findings groups manual name namespace notes observedAt phase profile ready rollout since"},
		{"group", group, "cause created desired health index leader milestones phase ready revision workers"},
		{"pod", worker, "containers created index name node nodePool ready readyContainers reason restarts revision status totalContainers uid"},
		{"container", worker["containers"].([]any)[0], "exitCode image name reason ready restarts started state"},
		{"finding", tree["findings"].([]any)[0], "cause code container fatal group pod summary time times"},
		{"event", tree["events"].([]any)[0], "count message object reason time type"},
	} {
		var keys []string
		for key := range tt.tree.(map[string]any) {
			keys = append(keys, key)
		}
		if diff := cmp.Diff(sortedWords(tt.want), sortedWords(strings.Join(keys, " "))); diff != "" {
			t.Errorf("keys of a %s (-want +got):\n%s", tt.name, diff)
		}
	}
}
