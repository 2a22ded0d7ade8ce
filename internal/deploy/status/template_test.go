package status

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// guideLWS reads the LeaderWorkerSet of one of the guide's manifests.
func guideLWS(t *testing.T, file string) *lwsv1.LeaderWorkerSet {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "guide", file))
	if err != nil {
		t.Fatal(err)
	}
	for document := range bytes.SplitSeq(text, []byte("\n---")) {
		lws := &lwsv1.LeaderWorkerSet{}
		if err := yaml.Unmarshal(document, lws); err != nil {
			t.Fatal(err)
		}
		if lws.Kind == "LeaderWorkerSet" {
			return lws
		}
	}
	t.Fatalf("%s has no LeaderWorkerSet", file)
	return nil
}

func TestADeploymentMadeByHandFromTheGuideSaysWhatItServes(t *testing.T) {
	t.Parallel()
	type served struct {
		Model, Checkpoint     string
		MaxPrefill, MaxTarget int
		Chips                 int
		Manual                bool
		Plan                  milestone.Plan
	}
	tests := []struct {
		name, file string
		replicas   int32
		want       served
	}{
		{
			"one slice", "jetstream-pathways-llama-3-1-405b-4x4.yaml", 1,
			served{"llama3.1-405b", "CHECKPOINT_PATH", 1024, 2048, 16, true, milestone.Plan{Workers: 4, Slices: 1, Engines: 1, Buckets: 7}},
		},
		{
			"two groups take twice as many chips", "jetstream-pathways-llama-3-1-405b-4x4.yaml", 2,
			served{"llama3.1-405b", "CHECKPOINT_PATH", 1024, 2048, 32, true, milestone.Plan{Workers: 4, Slices: 1, Engines: 1, Buckets: 7}},
		},
		{
			"prefill and decode apart", "jetstream-pathways-disagg-llama-2-70b-2-2x4.yaml", 1,
			served{"llama2-70b", "CHECKPOINT_PATH", 1024, 2048, 16, true, milestone.Plan{Workers: 4, Slices: 2, Engines: 2, Buckets: 7}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lws := guideLWS(t, tt.file)
			lws.Spec.Replicas = &tt.replicas
			s := Build(Inputs{Namespace: "ns", Name: lws.Name, LWS: lws, Now: now})
			got := served{s.Model, s.Checkpoint, s.MaxPrefill, s.MaxTarget, s.Chips, s.Manual, PlanOf(lws)}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("what is served (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeploymentOfOursIsNotManual(t *testing.T) {
	t.Parallel()
	in := deployment(2)
	in.LWS.Labels = map[string]string{managedByLabel: managedByUs}
	if Build(in).Manual {
		t.Error("a deployment with our label is called manual")
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	with := func(container string, args ...string) *lwsv1.LeaderWorkerSet {
		return &lwsv1.LeaderWorkerSet{Spec: lwsv1.LeaderWorkerSetSpec{LeaderWorkerTemplate: lwsv1.LeaderWorkerTemplate{
			Size: new(int32(3)),
			WorkerTemplate: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: container, Args: args}},
			}},
		}}}
	}
	tests := []struct {
		name string
		lws  *lwsv1.LeaderWorkerSet
		want milestone.Plan
	}{
		{"a leader without a template of its own", with("pathways-rm", "--instance_count=2"), milestone.Plan{Engines: 1, Workers: 2, Slices: 2}},
		{"the last of two arguments counts", with("pathways-rm", "--instance_count=2", "--instance_count=1"), milestone.Plan{Engines: 1, Workers: 2, Slices: 1}},
		{"warm-up without a longest prompt has no known parts", with(modelServer, "enable_model_warmup=true"), milestone.Plan{Engines: 1, Workers: 2}},
		{
			"an absurd longest prompt is bounded", with(modelServer, "enable_model_warmup=True", "max_prefill_predict_length=99999999"),
			milestone.Plan{Engines: 1, Workers: 2, Buckets: 12},
		},
		{"no warm-up is asked for", with(modelServer, "max_prefill_predict_length=1024"), milestone.Plan{Engines: 1, Workers: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, PlanOf(tt.lws)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodsNameTheirSlice(t *testing.T) {
	t.Parallel()
	in := deployment(3)
	in.Nodes[1].Labels[topologyLabel] = "4x4"
	in.Pods[1].Labels[lwsv1.SubGroupIndexLabelKey] = "1"
	workers := Build(in).Groups[0].Workers
	if w := workers[0]; w.Topology != "4x4" || w.NodePool != "np" || w.Subgroup == nil || *w.Subgroup != 1 {
		t.Errorf("worker 1 is in slice %q of topology %q, subgroup %v", w.NodePool, w.Topology, w.Subgroup)
	}
	if w := workers[1]; w.Topology != "" || w.Subgroup != nil {
		t.Errorf("worker 2 of an undivided group has topology %q and subgroup %v", w.Topology, w.Subgroup)
	}
}
