package status

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/cause"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

const noMatch = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available."

const newTaint = "0/3 nodes are available: 3 node(s) had untolerated taint(s). preemption: 0/3 nodes are available."

func taint(nodes []*corev1.Node, key string) {
	for _, n := range nodes {
		n.Spec.Taints = []corev1.Taint{{Key: key, Value: "present", Effect: corev1.TaintEffectNoSchedule}}
	}
}

// pending returns a deployment whose leader the scheduler rejects with message
// for as long as waited.
func pending(message string, waited time.Duration, selector map[string]string) Inputs {
	in := deployment(3)
	pod := unscheduled(0, message)
	pod.Spec.NodeSelector = selector
	condition(pod, corev1.PodScheduled).LastTransitionTime = ago(waited)
	in.Pods = []*corev1.Pod{pod}
	return in
}

// pulling returns a deployment with a container whose image cannot be pulled.
func pulling(reason, message string) Inputs {
	in := deployment(2)
	of(in.Pods[1], "worker").State = stateWaiting(reason, message)
	return in
}

func TestFindings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		in      func() Inputs
		code    string
		fatal   bool
		summary string // a part of it
	}{
		{
			"a topology that no node has is fatal once it has lasted",
			func() Inputs {
				return pending(noMatch, time.Minute, map[string]string{"topology": "8x8", nodePoolLabel: "np"})
			},
			"no-matching-node", true, "no node has topology=8x8",
		},
		{
			"the same is not fatal at first",
			func() Inputs { return pending(noMatch, time.Second, map[string]string{"topology": "8x8"}) },
			"no-matching-node", false, "no node has topology=8x8",
		},
		{
			"nor while the autoscaler adds nodes",
			func() Inputs {
				in := pending(noMatch, time.Hour, map[string]string{"topology": "8x8"})
				in.Events = []*corev1.Event{event("Pod", "llama-0", "uid-llama-0", "TriggeredScaleUp", "pod triggered scale-up")}
				return in
			},
			"no-matching-node", false, "no node has",
		},
		{
			"nor when nodes may not be listed: the scheduler's word is quoted",
			func() Inputs {
				in := pending(noMatch, time.Hour, map[string]string{"topology": "8x8"})
				in.Nodes, in.NodesKnown = nil, false
				return in
			},
			"no-matching-node", false, "none of 3 nodes matches topology=8x8",
		},
		{
			"labels that exist only on different nodes",
			func() Inputs {
				in := pending(noMatch, time.Minute, map[string]string{"topology": "4x4", "x": "y"})
				in.Nodes[0].Labels = map[string]string{"x": "y"}
				return in
			},
			"no-matching-node", true, "no node has topology=4x4,x=y together",
		},
		{
			"a busy pool heals",
			func() Inputs {
				return pending("0/3 nodes are available: 3 Insufficient google.com/tpu. preemption: no", time.Hour, map[string]string{"topology": "4x4"})
			},
			"insufficient-resources", false, "not enough google.com/tpu left",
		},
		{
			"a pool that another group holds heals",
			func() Inputs {
				return pending("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.", time.Hour, nil)
			},
			"node-pool-taken", false, "taken by another group",
		},
		{
			"a taint that the template does not tolerate does not, by the word of an older scheduler",
			func() Inputs {
				in := pending("0/4 nodes are available: 1 node(s) had untolerated taint {x: y}, 3 node(s) had untolerated taint {google.com/tpu: present}.", time.Hour, nil)
				in.Nodes, in.NodesKnown = nil, false
				return in
			},
			"untolerated-taint", true, "tainted google.com/tpu",
		},
		{
			"the newer wording names no taint, and the nodes tell",
			func() Inputs {
				in := pending(newTaint, time.Hour, map[string]string{"topology": "4x4"})
				taint(in.Nodes, "google.com/tpu")
				in.Nodes = append(in.Nodes, &corev1.Node{})
				return in
			},
			"untolerated-taint", true, "tainted google.com/tpu",
		},
		{
			"a taint that the pod tolerates is not it",
			func() Inputs {
				in := pending(newTaint, time.Hour, map[string]string{"topology": "4x4"})
				taint(in.Nodes, "google.com/tpu")
				in.Pods[0].Spec.Tolerations = []corev1.Toleration{{Key: "google.com/tpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}
				return in
			},
			"unschedulable", false, "not scheduled",
		},
		{
			"nor is one that only some of the nodes have",
			func() Inputs {
				in := pending(newTaint, time.Hour, map[string]string{"topology": "4x4"})
				taint(in.Nodes[:2], "google.com/tpu")
				return in
			},
			"unschedulable", false, "not scheduled",
		},
		{
			"the taint of a node that is not ready passes",
			func() Inputs {
				in := pending(newTaint, time.Hour, map[string]string{"topology": "4x4"})
				taint(in.Nodes, "node.kubernetes.io/not-ready")
				return in
			},
			"unschedulable", false, "not scheduled",
		},
		{
			"an image that is denied",
			func() Inputs {
				return pulling("ErrImagePull", `rpc error: code = Unknown desc = failed to pull and unpack image: unexpected status from HEAD request: 403 Forbidden`)
			},
			"image-denied", true, "image example.com/worker:v1 may not be pulled",
		},
		{
			"an image that does not exist",
			func() Inputs {
				return pulling("ImagePullBackOff", `Back-off pulling image "x": ErrImagePull: rpc error: code = NotFound desc = failed to pull: x: not found`)
			},
			"image-not-found", true, "does not exist",
		},
		{
			"a registry that cannot be reached may come back",
			func() Inputs {
				return pulling("ErrImagePull", `failed to do request: Head "https://example.com/v2/": dial tcp: i/o timeout`)
			},
			"image-pull", false, "could not be pulled yet",
		},
		{
			"a server error of the registry may pass, whatever else it says",
			func() Inputs {
				return pulling("ErrImagePull", `received unexpected HTTP status: 503 Service Unavailable, not found`)
			},
			"image-pull", false, "could not be pulled yet",
		},
		{
			"a digest is no status code",
			func() Inputs { return pulling("ErrImagePull", `pulling x@sha256:a403b404c401: something happened`) },
			"image-pull", false, "could not be pulled yet",
		},
		{
			"the event explains what the container's message does not",
			func() Inputs {
				in := pulling("ImagePullBackOff", `Back-off pulling image "example.com/worker:v1"`)
				in.Events = []*corev1.Event{event("Pod", "llama-0-1", "uid-llama-0-1", "Failed", `Failed to pull image "example.com/worker:v1": denied`)}
				return in
			},
			"image-denied", true, "may not be pulled",
		},
		{
			"an image name that is none",
			func() Inputs { return pulling("InvalidImageName", "couldn't parse image name") },
			"image-name", true, "is not an image name",
		},
		{
			"a missing Secret, once it has lasted",
			func() Inputs { return pulling("CreateContainerConfigError", `secret "hf" not found`) },
			"container-config", true, `worker cannot be created: secret "hf" not found`,
		},
		{
			"a webhook that does not answer may come back",
			func() Inputs {
				in := deployment(3)
				in.Pods = nil
				in.Events = []*corev1.Event{event("StatefulSet", testName, "", "FailedCreate", `create Pod llama-0 failed: failed calling webhook "mpod.kb.io": connection refused`)}
				return in
			},
			"webhook-unavailable", false, "an admission webhook does not answer",
		},
		{
			"a service account that does not exist",
			func() Inputs {
				in := deployment(3)
				in.Pods = nil
				in.Events = []*corev1.Event{event("StatefulSet", testName, "", "FailedCreate", `pods "llama-0" is forbidden: error looking up service account ns/jet: serviceaccount "jet" not found`)}
				return in
			},
			"service-account-missing", true, "service account ns/jet does not exist",
		},
		{
			"an eviction that only the event tells of",
			func() Inputs {
				in := deployment(2)
				in.Pods[1].Status.Phase = corev1.PodSucceeded
				in.Events = []*corev1.Event{event("Pod", "llama-0-1", "uid-llama-0-1", "Evicted", "low on ephemeral-storage")}
				return in
			},
			"evicted", false, "pod llama-0-1 was evicted from node node-1",
		},
		{
			"a node that stopped answering",
			func() Inputs {
				in := deployment(2)
				in.Nodes[1].Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}
				return in
			},
			"node-lost", false, "node node-1 of pod llama-0-1 does not answer",
		},
		{
			"a pod that cannot end, as its node stopped answering",
			func() Inputs {
				in := deployment(2)
				deleted := ago(time.Minute)
				for _, pod := range in.Pods {
					pod.DeletionTimestamp = &deleted
				}
				in.Nodes[1].Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}
				return in
			},
			"node-lost", false, "node node-1 of pod llama-0-1 does not answer",
		},
		{
			"a warm-up that lost programs",
			func() Inputs {
				in := deployment(2)
				in.Milestones = map[uid][]milestone.Milestone{"uid-llama-0": {{
					ID: milestone.WarmUp, Title: "warm-up", Container: "jax-tpu", State: milestone.Done, Count: 9, Of: 14, Short: true,
				}}}
				return in
			},
			"warm-up-incomplete", false, "warm-up ended after 9 of 14 programs",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Build(tt.in())
			if len(s.Findings) == 0 {
				t.Fatalf("no finding; the phase is %s because %q", s.Phase, s.Cause)
			}
			f := s.Findings[0]
			if f.Code != tt.code || f.Fatal != tt.fatal || !strings.Contains(f.Summary, tt.summary) {
				t.Errorf("found %s (fatal %t) %q, want %s (fatal %t) %q", f.Code, f.Fatal, f.Summary, tt.code, tt.fatal, tt.summary)
			}
			if (s.Phase == Failed) != tt.fatal {
				t.Errorf("phase %s with a finding that is fatal: %t", s.Phase, f.Fatal)
			}
		})
	}
}

// failure returns what is remembered of a container that ended with an
// explanation in its log.
func failure(leader uid, container string, code int32, f cause.Finding, when time.Duration) Exit {
	return Exit{
		Origin:   Origin{Revision: "r1", LeaderUID: leader, Pod: "llama-0", PodUID: leader, Container: container},
		At:       now.Add(-when),
		ExitCode: code, Reason: "Error", Finding: &f,
	}
}

func TestExits(t *testing.T) {
	t.Parallel()
	unknown := cause.Finding{Code: cause.Unknown, Summary: "worker ended with exit code 1", Fatality: cause.Repeats, Rank: cause.RankUnknown}
	checkpoint := cause.Finding{Code: "checkpoint-not-found", Summary: "not found", Fatality: cause.Fatal, Rank: cause.RankRoot}
	unreachable := cause.Finding{Code: "proxy-unreachable", Summary: "no proxy", Fatality: cause.Repeats, Rank: cause.RankSymptom}
	echo := cause.Finding{Code: "proxy-lost", Summary: "lost", Fatality: cause.Repeats, Rank: cause.RankEcho}
	type want struct {
		Code  string
		Times int
		Fatal bool
	}
	tests := []struct {
		name  string
		exits []Exit
		edit  func(*Inputs)
		want  []want
	}{
		{
			"one crash of unknown cause may heal",
			[]Exit{failure("old", "worker", 1, unknown, time.Minute)},
			nil,
			[]want{{cause.Unknown, 1, false}},
		},
		{
			"the same crash in the next incarnation will not",
			[]Exit{failure("old", "worker", 1, unknown, 2*time.Minute), failure("older", "worker", 1, unknown, time.Minute)},
			nil,
			[]want{{cause.Unknown, 2, true}},
		},
		{
			"two different crashes may",
			[]Exit{failure("old", "worker", 1, unknown, 2*time.Minute), failure("older", "worker", 2, unknown, time.Minute)},
			nil,
			[]want{{cause.Unknown, 1, false}},
		},
		{
			"a cause that every retry meets is fatal at once",
			[]Exit{failure("uid-llama-0", "jax-tpu", 1, checkpoint, time.Minute)},
			nil,
			[]want{{"checkpoint-not-found", 1, true}},
		},
		{
			"of one incarnation the root is told and not its echo",
			[]Exit{failure("old", "jax-tpu", 1, echo, 2*time.Minute), failure("old", "worker", 1, unknown, time.Minute)},
			nil,
			[]want{{cause.Unknown, 1, false}},
		},
		{
			"a group that serves has outlived its earlier failures",
			[]Exit{failure("old", "jax-tpu", 1, checkpoint, time.Minute)},
			func(in *Inputs) { in.Health["uid-llama-0"] = serving() },
			nil,
		},
		{
			"an earlier revision's failures do not count for the new one",
			[]Exit{failure("old", "jax-tpu", 1, checkpoint, time.Minute)},
			func(in *Inputs) {
				for _, pod := range in.Pods {
					pod.Labels["leaderworkerset.sigs.k8s.io/template-revision-hash"] = "r2"
				}
			},
			nil,
		},
		{
			"an unreachable proxy without arguments is a mistake in the manifest",
			[]Exit{failure("uid-llama-0", "jax-tpu", 1, unreachable, time.Minute)},
			func(in *Inputs) { in.Pods[0].Spec.Containers[0].Args = nil },
			[]want{{"proxy-args-missing", 1, true}},
		},
		{
			"with arguments it may have been slow",
			[]Exit{failure("uid-llama-0", "jax-tpu", 1, unreachable, time.Minute)},
			nil,
			[]want{{"proxy-unreachable", 1, false}},
		},
		{
			"what a pod's own status tells is an exit, too",
			nil,
			func(in *Inputs) {
				s := of(in.Pods[1], "worker")
				s.RestartCount, s.LastTerminationState = 1, stateTerminated(1, "Error", time.Minute)
			},
			[]want{{cause.Unknown, 1, false}},
		},
		{
			"an end whose log is still being read is not told yet",
			[]Exit{{Origin: Origin{Revision: "r1", LeaderUID: "old", PodUID: "old", Container: "worker"}, ExitCode: 1, Pending: true}},
			nil,
			nil,
		},
		{
			"a container that waits to be restarted has ended as often as it ran",
			[]Exit{{
				Origin: Origin{Revision: "r1", LeaderUID: "uid-llama-0", PodUID: "uid-llama-0-1", Container: "worker", Restart: 1}, ExitCode: 1, Reason: "Error",
				Finding: &unknown,
			}},
			func(in *Inputs) {
				s := of(in.Pods[1], "worker")
				s.State, s.RestartCount, s.LastTerminationState = stateWaiting("CrashLoopBackOff", ""), 1, stateTerminated(1, "Error", time.Minute)
			},
			[]want{{cause.Unknown, 1, false}},
		},
		{
			"the ends of containers of a pod that is being deleted are no failures",
			nil,
			func(in *Inputs) {
				of(in.Pods[1], "worker").State = stateTerminated(143, "Error", time.Second)
				in.Pods[1].DeletionTimestamp = new(ago(time.Minute))
			},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := deployment(2)
			in.Exits = tt.exits
			if tt.edit != nil {
				tt.edit(&in)
			}
			var got []want
			for _, f := range Build(in).Findings {
				got = append(got, want{f.Code, f.Times, f.Fatal})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEchoIsProvisionalUntilItsReasonHadTimeToShow(t *testing.T) {
	t.Parallel()
	echo := cause.Finding{Code: "proxy-lost", Summary: "lost", Fatality: cause.Repeats, Rank: cause.RankEcho}
	symptom := cause.Finding{Code: "proxy-unreachable", Summary: "no proxy", Fatality: cause.Repeats, Rank: cause.RankSymptom}
	for _, tt := range []struct {
		name    string
		finding cause.Finding
		ago     time.Duration
		want    bool
	}{
		{"an echo of just now", echo, time.Second, true},
		{"an echo of a while ago", echo, time.Minute, false},
		{"an echo by a clock that is ahead of ours", echo, -time.Minute, false},
		{"a symptom of just now", symptom, time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := deployment(2)
			in.Evidence = []Evidence{{
				Origin:  Origin{Revision: "r1", LeaderUID: "uid-llama-0", Pod: "llama-0", PodUID: "uid-llama-0", Container: "jax-tpu"},
				At:      now.Add(-tt.ago),
				Finding: tt.finding,
			}}
			s := Build(in)
			if len(s.Findings) != 1 || s.Findings[0].Provisional != tt.want {
				t.Errorf("findings %+v, want one with provisional %t", s.Findings, tt.want)
			}
		})
	}
}

func TestAnEarlierIncarnationsFailureDoesNotExplainTheWait(t *testing.T) {
	t.Parallel()
	in := deployment(2)
	in.Exits = []Exit{failure("old", "worker", 1, cause.Finding{Code: cause.Unknown, Summary: "worker ended", Fatality: cause.Repeats, Rank: cause.RankUnknown}, time.Minute)}
	in.Recreations = map[int]int{0: 1}
	s := Build(in)
	if s.Cause != "the model does not answer yet" || len(s.Findings) != 1 || s.Groups[0].Recreations != 1 {
		t.Errorf("cause %q, findings %v, %d recreations", s.Cause, s.Findings, s.Groups[0].Recreations)
	}
	in.Exits[0].LeaderUID = "uid-llama-0"
	if s = Build(in); s.Cause != "worker ended" {
		t.Errorf("a failure of this incarnation does not explain it: %q", s.Cause)
	}
}

func TestEvidenceOfARunningContainerIsAFinding(t *testing.T) {
	t.Parallel()
	in := deployment(2)
	in.Evidence = []Evidence{{
		Origin:  Origin{Revision: "r1", LeaderUID: "uid-llama-0", Pod: "llama-0", PodUID: "uid-llama-0", Container: "jax-tpu"},
		At:      now,
		Finding: cause.Finding{Code: "hbm-out-of-memory", Summary: "out of memory", Fatality: cause.Fatal, Rank: cause.RankRoot},
	}}
	s := Build(in)
	if f := s.Fatal(); f == nil || f.Code != "hbm-out-of-memory" {
		t.Fatalf("the fatal finding is %v", f)
	}
	in.Health["uid-llama-0"] = serving()
	makeReady(in.Pods...)
	s = Build(in)
	if s.Phase != Ready || s.Fatal() != nil || len(s.Findings) != 1 {
		t.Errorf("a group that serves in spite of it is %s with findings %v", s.Phase, s.Findings)
	}
}

func TestConcernsTellsDeploymentsApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind, name string
		want       bool
	}{
		{"LeaderWorkerSet", "llama", true},
		{"LeaderWorkerSet", "llama-2", false},
		{"StatefulSet", "llama", true},
		{"StatefulSet", "llama-0", true},
		{"Pod", "llama-0-12", true},
		{"Pod", "llama-chat-0", false},
		{"Pod", "llama2-0", false},
		{"Pod", "xllama-0", false},
		{"Service", "llama", false},
	}
	for _, tt := range tests {
		if got := Concerns(event(tt.kind, tt.name, "", "r", "m"), "llama"); got != tt.want {
			t.Errorf("an event of %s %s concerns llama: %t", tt.kind, tt.name, got)
		}
	}
}

func TestEventsLeaveOutFailingProbes(t *testing.T) {
	t.Parallel()
	in := deployment(2)
	in.Events = []*corev1.Event{
		event("Pod", "llama-0", "", "Unhealthy", "Startup probe failed"),
		event("Pod", "llama-0", "", "BackOff", "Back-off restarting"),
		event("Pod", "other-0", "", "BackOff", "Back-off restarting"),
		event("Pod", "llama-0-1", "", "BackOff", "of an earlier deployment"),
	}
	in.Events[3].LastTimestamp = ago(11 * time.Minute)
	s := Build(in)
	if len(s.Events) != 1 || s.Events[0].Reason != "BackOff" || s.Events[0].Object != "pod/llama-0" || s.Events[0].Count != 3 {
		t.Errorf("events %+v", s.Events)
	}
}
