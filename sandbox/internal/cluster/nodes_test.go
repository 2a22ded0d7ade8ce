package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/nodepool"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/scenario"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// rack keeps the names of the machines that are on.
type rack struct {
	mu      sync.Mutex
	names   []string
	crashed []string
	pods    map[string][]map[string]string // labels by node
	broken  error
}

func (r *rack) AddNodes(_ context.Context, specs []kubelet.NodeSpec) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range specs {
		r.names = append(r.names, s.Name)
	}
	return r.broken
}

func (r *rack) RemoveNodes(_ context.Context, names []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = slices.DeleteFunc(r.names, func(name string) bool { return slices.Contains(names, name) })
	return r.broken
}

func (r *rack) Crash(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.crashed = append(r.crashed, name)
	return r.broken
}

func (r *rack) StartHeartbeat(_ context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.crashed = slices.DeleteFunc(r.crashed, func(other string) bool { return other == name })
	return r.broken
}

func (r *rack) PodsOn(name string) []map[string]string { return r.pods[name] }

func (r *rack) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.names)
}

func TestTPUNodesGoAndComeBackHoweverOftenTheyAreTold(t *testing.T) {
	t.Parallel()
	machines := &rack{}
	n := newNodes(machines, fake.NewClientset(), nodepool.Default())
	if err := n.register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
		want int
	}{
		{"restoring what is there", n.restore, 9},
		{"removing", n.remove, 1},
		{"removing again", n.remove, 1},
		{"restoring", n.restore, 9},
		{"restoring again", n.restore, 9},
	} {
		if err := step.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := machines.count(); got != step.want {
			t.Errorf("after %s there are %d nodes, want %d", step.name, got, step.want)
		}
	}
}

func TestTheNodeThatCrashesRunsAWorkerAndNoLeader(t *testing.T) {
	t.Parallel()
	pod := func(index string) map[string]string { return map[string]string{labelWorkerIndex: index} }
	names := make([]string, 0, 4)
	for _, spec := range nodepool.Nodes(nodepool.Default()) {
		if spec.Labels[nodepool.LabelTopology] == "4x4" {
			names = append(names, spec.Name)
		}
	}
	for _, tc := range []struct {
		name string
		pods map[string][]map[string]string
		want string // the name of the node; empty for the first TPU node
	}{
		{"without pods it is the first", nil, ""},
		{"not one with a leader", map[string][]map[string]string{names[0]: {pod("0"), pod("1")}, names[2]: {pod("3")}}, names[2]},
		{"not one with pods of no group", map[string][]map[string]string{names[0]: {{"app": "a"}}, names[1]: {pod("3"), {"app": "a"}}}, names[1]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			machines := &rack{pods: tc.pods}
			n := newNodes(machines, fake.NewClientset(), nodepool.Default())
			for range 2 { // told twice, it does it once
				if err := n.crash(); err != nil {
					t.Fatal(err)
				}
			}
			want := tc.want
			if want == "" {
				want = n.tpu[0].Name
			}
			if diff := cmp.Diff([]string{want}, machines.crashed); diff != "" {
				t.Errorf("crashed (-want +got):\n%s", diff)
			}
			for range 2 {
				if err := n.revive(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if len(machines.crashed) > 0 {
				t.Errorf("%v did not come back", machines.crashed)
			}
		})
	}
}

func TestANodeCannotCrashWhereNoneIs(t *testing.T) {
	t.Parallel()
	n := newNodes(&rack{}, fake.NewClientset(), nodepool.Default())
	if err := n.remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.crash(); err == nil {
		t.Error("a node crashed that is not there")
	}
}

func TestNodesOfAnEarlierStartWithOtherPoolsAreRemoved(t *testing.T) {
	t.Parallel()
	simulated := map[string]string{nodepool.LabelSimulated: "true"}
	client := fake.NewClientset(
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "gke-tpu-old", Labels: simulated}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "somebody-elses"}},
	)
	if err := newNodes(&rack{}, client, nodepool.Default()).register(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, node := range list.Items {
		names = append(names, node.Name)
	}
	if diff := cmp.Diff([]string{"somebody-elses"}, names); diff != "" {
		t.Errorf("nodes that are left (-want +got):\n%s", diff)
	}
}

func TestNodesAreUsableOnceAllAreReadyAndUntainted(t *testing.T) {
	t.Parallel()
	pool := nodepool.Default()[:1]
	name := nodepool.Nodes(pool)[0].Name
	node := func(ready corev1.ConditionStatus, taints ...string) *corev1.Node {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}
		for _, key := range taints {
			n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key})
		}
		return n
	}
	for _, tc := range []struct {
		name   string
		node   *corev1.Node
		usable bool
	}{
		{"no node yet", nil, false},
		{"a node that is not Ready", node(corev1.ConditionFalse), false},
		{"a Ready node that still has the taint of its creation", node(corev1.ConditionTrue, corev1.TaintNodeNotReady), false},
		{"a Ready node with a taint of its own", node(corev1.ConditionTrue, nodepool.ResourceTPU), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			client := fake.NewClientset()
			if tc.node != nil {
				client = fake.NewClientset(tc.node)
			}
			err := newNodes(&rack{}, client, pool).unusable(t.Context())
			if usable := err == nil; usable != tc.usable {
				t.Errorf("usable: %v (%v), want %v", usable, err, tc.usable)
			}
		})
	}
}

// bare is a cluster with machines and nothing else.
func bare(machines machines) *Cluster {
	c := &Cluster{world: world.New(world.Options{})}
	c.nodes = newNodes(machines, fake.NewClientset(), nodepool.Default())
	return c
}

func TestAScenarioReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	c := bare(&rack{})
	var log []string
	told := func(what string) func(context.Context, scenario.Cluster) error {
		return func(context.Context, scenario.Cluster) error {
			log = append(log, what)
			return nil
		}
	}
	slow := scenario.Scenario{
		Name:   "slow",
		Faults: world.Faults{ReadRate: func(float64) float64 { return 1 }},
		Enter:  told("enter slow"), Leave: told("leave slow"),
	}
	for _, next := range []scenario.Scenario{slow, slow, {Name: "happy"}} {
		if err := c.enter(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if got := c.currentScenario(); got != next.Name {
			t.Errorf("%q is in force, want %q", got, next.Name)
		}
		if faulty := c.world.Faults().ReadRate != nil; faulty != (next.Name == "slow") {
			t.Errorf("with %s in force, storage is slow: %v", next.Name, faulty)
		}
	}
	if diff := cmp.Diff([]string{"enter slow", "leave slow", "enter slow", "leave slow"}, log); diff != "" {
		t.Errorf("what happened (-want +got):\n%s", diff)
	}
}

func TestAScenarioThatCannotEnterLeavesNoFaultBehind(t *testing.T) {
	t.Parallel()
	c := bare(&rack{broken: errors.New("the machines do not answer")})
	err := c.enter(t.Context(), scenario.Scenario{
		Name:   "no-tpu-nodes",
		Faults: world.Faults{HBM: func(int64) int64 { return 0 }},
		Enter:  func(ctx context.Context, reach scenario.Cluster) error { return reach.RemoveTPUNodes(ctx) },
	})
	if err == nil {
		t.Fatal("the scenario entered though the machines do not answer")
	}
	if c.world.Faults().HBM != nil {
		t.Error("its faults are in force")
	}
	if got := c.currentScenario(); got != defaultScenario {
		t.Errorf("%q is in force, want %q", got, defaultScenario)
	}
}
