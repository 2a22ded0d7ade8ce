package deploy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

func TestWhatStillCostsHasItsCommand(t *testing.T) {
	t.Parallel()
	known := CostFacts{
		Project: "my-project", Location: "us-east5", Cluster: "tpus", NodePools: []string{"pool-a", "pool-b"},
		Checkpoint: "gs://models/llama/int8/", PathwaysBucket: "gs://scratch", ServiceAccount: "reader@my-project.iam.gserviceaccount.com",
	}
	for name, test := range map[string]struct {
		facts CostFacts
		want  []string
	}{
		"everything is known": {known, []string{
			"node pool pool-a: gcloud container node-pools delete pool-a --cluster=tpus --location=us-east5 --project=my-project",
			"node pool pool-b: gcloud container node-pools delete pool-b --cluster=tpus --location=us-east5 --project=my-project",
			"cluster tpus: gcloud container clusters delete tpus --location=us-east5 --project=my-project",
			"checkpoint gs://models/llama/int8/: gcloud storage rm --recursive gs://models/llama/int8",
			"Pathways bucket gs://scratch: gcloud storage rm --recursive gs://scratch",
			"IAM service account reader@my-project.iam.gserviceaccount.com: gcloud iam service-accounts delete reader@my-project.iam.gserviceaccount.com --project=my-project",
		}},
		"nothing is known": {CostFacts{}, []string{
			`node pool: gcloud container node-pools delete "$NODE_POOL" --cluster="$CLUSTER_NAME" --location="$CONTROL_PLANE_LOCATION" --project="$PROJECT_ID"`,
			`cluster: gcloud container clusters delete "$CLUSTER_NAME" --location="$CONTROL_PLANE_LOCATION" --project="$PROJECT_ID"`,
			`checkpoint: gcloud storage rm --recursive "$CHECKPOINT_PATH"`,
			`Pathways bucket: gcloud storage rm --recursive "$PATHWAYS_BUCKET"`,
			`IAM service account jetstream-pathways@$PROJECT_ID.iam.gserviceaccount.com: gcloud iam service-accounts delete "jetstream-pathways@$PROJECT_ID.iam.gserviceaccount.com" --project="$PROJECT_ID"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, cost := range StillCosts(test.facts) {
				got = append(got, cost.What+": "+cost.Command)
				if cost.Why == "" {
					t.Errorf("%s does not say why", cost.What)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("costs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoCommandForThePathwaysBucketRemovesTheCheckpoint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		checkpoint, bucket, want string
	}{
		"in the bucket":                {"gs://b/llama/int8", "gs://b", "gcloud storage ls gs://b"},
		"in it, with a slash":          {"gs://b/llama/int8", "gs://b/", "gcloud storage ls gs://b"},
		"below the path":               {"gs://b/tmp/int8/", "gs://b/tmp", "gcloud storage ls gs://b/tmp"},
		"the same":                     {"gs://b/int8", "gs://b/int8/", "gcloud storage ls gs://b/int8"},
		"beside the path":              {"gs://b/int8", "gs://b/tmp", "gcloud storage rm --recursive gs://b/tmp"},
		"in a path with the same head": {"gs://b/tmp2/int8", "gs://b/tmp", "gcloud storage rm --recursive gs://b/tmp"},
		"in another bucket":            {"gs://b2/int8", "gs://b", "gcloud storage rm --recursive gs://b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := bucketCosts(CostFacts{Checkpoint: test.checkpoint, PathwaysBucket: test.bucket})[1]
			if got.Command != test.want {
				t.Errorf("got the command %s, want %s", got.Command, test.want)
			}
			if said := strings.Contains(got.Why, "the checkpoint lies in it"); said == strings.Contains(got.Command, " rm ") {
				t.Errorf("got the reason %q for the command %s", got.Why, got.Command)
			}
		})
	}
}

func TestNoValueLeavesItsPlaceInACommand(t *testing.T) {
	t.Parallel()
	const evil = "gs://b/x'; rm -rf $HOME; '"
	for _, cost := range StillCosts(CostFacts{Checkpoint: evil}) {
		if strings.Contains(cost.Command, "rm -rf") && cost.Command != `gcloud storage rm --recursive 'gs://b/x'\''; rm -rf $HOME; '\'''` {
			t.Errorf("got the command %s", cost.Command)
		}
	}
}

func TestFactsAreReadFromTheCluster(t *testing.T) {
	t.Parallel()
	lws := deployment(t)[0]
	node := func(name, pool, topology string) *corev1.Node {
		return &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
				nodePoolLabel: pool, "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice", "cloud.google.com/gke-tpu-topology": topology,
			}},
			Spec: corev1.NodeSpec{ProviderID: "gce://my-project/us-east5-b/" + name},
		}
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "serving", Name: "p", Labels: map[string]string{lwsv1.SetNameLabelKey: DefaultName}},
		Spec:       corev1.PodSpec{NodeName: "n1"},
	}
	pending := pod.DeepCopy()
	pending.Spec.NodeName = ""
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: "serving", Name: "default", Annotations: map[string]string{"iam.gke.io/gcp-service-account": "reader@x.iam.gserviceaccount.com"},
	}}
	nodes := slices.Clip([]runtime.Object{node("n1", "pool-a", "4x4"), node("n2", "pool-b", "4x4"), node("n3", "pool-c", "2x4")})
	forbid := func(kube *fake.Clientset, resources ...string) {
		for _, resource := range resources {
			kube.PrependReactor("*", resource, func(k8stesting.Action) (bool, runtime.Object, error) {
				return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no"))
			})
		}
	}
	checkpoint := CostFacts{Checkpoint: "gs://models/llama/int8", PathwaysBucket: "gs://scratch"}
	for name, test := range map[string]struct {
		objects   []runtime.Object
		forbidden []string
		context   string
		want      func(*CostFacts)
	}{
		"the pools that its pods are on": {append(nodes, pod, account), nil, "gke_other-project_us-east5_tpus", func(f *CostFacts) {
			f.Project, f.Location, f.Cluster = "other-project", "us-east5", "tpus"
			f.NodePools, f.ServiceAccount = []string{"pool-a"}, "reader@x.iam.gserviceaccount.com"
		}},
		"the project that its nodes are in": {append(nodes, pod), nil, "minikube", func(f *CostFacts) {
			f.Project, f.NodePools = "my-project", []string{"pool-a"}
		}},
		"without pods no pools, which may be somebody else's": {nodes, nil, "", func(*CostFacts) {}},
		"without a scheduled pod no pools":                    {append(nodes, pending), nil, "", func(*CostFacts) {}},
		"without permission to list pods no pools":            {append(nodes, pod), []string{"pods"}, "", func(*CostFacts) {}},
		"without permission what the objects tell":            {append(nodes, pod, account), []string{"nodes", "serviceaccounts"}, "", func(*CostFacts) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kube := fake.NewClientset(test.objects...)
			forbid(kube, test.forbidden...)
			want := checkpoint
			test.want(&want)
			if diff := cmp.Diff(want, GatherCostFacts(t.Context(), kube, lws, test.context)); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}
