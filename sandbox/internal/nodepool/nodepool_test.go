package nodepool_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/nodepool"
)

// shape is a pool in short.
type shape struct {
	Name, Machine, Accelerator, Topology string
	Nodes                                int
}

func shapes(pools []nodepool.Pool) []shape {
	var list []shape
	for _, p := range pools {
		list = append(list, shape{p.Name, p.Machine.Type, p.Accelerator, p.Topology, p.Nodes})
	}
	return list
}

func TestPoolsAreReadFromTheirSettings(t *testing.T) {
	t.Parallel()
	cpu := shape{"default-pool", "n2-standard-32", "", "", 1}
	v6e := func(name, topology string, nodes int) shape {
		return shape{name, "ct6e-standard-4t", "tpu-v6e-slice", topology, nodes}
	}
	for _, tc := range []struct {
		name   string
		values []string
		want   []shape
	}{
		{
			"without any, both deployments of the guide have room",
			nil,
			[]shape{cpu, v6e("multihost-np", "4x4", 4), v6e("multihost-1-np", "2x4", 2), v6e("multihost-2-np", "2x4", 2)},
		},
		{
			"a slice has the hosts of its topology, and a node beside it",
			[]string{"name=np,topology=16x16"},
			[]shape{cpu, v6e("np", "16x16", 64)},
		},
		{
			"several slices are several pools",
			[]string{"name=np,topology=2x4,count=3"},
			[]shape{cpu, v6e("np-1", "2x4", 2), v6e("np-2", "2x4", 2), v6e("np-3", "2x4", 2)},
		},
		{
			"a slice of one host is counted in nodes",
			[]string{"name=np,topology=2x2,count=3"},
			[]shape{cpu, v6e("np", "2x2", 3)},
		},
		{
			"the default pools can be asked for beside others",
			[]string{"default", "name=more,topology=4x4"},
			[]shape{cpu, v6e("multihost-np", "4x4", 4), v6e("multihost-1-np", "2x4", 2), v6e("multihost-2-np", "2x4", 2), v6e("more", "4x4", 4)},
		},
		{
			"a pool without TPUs replaces the default one",
			[]string{"name=cpu,machine=n2-standard-8,count=2", "name=np,topology=4x4,accelerator=tpu-v5-lite-podslice"},
			[]shape{{"cpu", "n2-standard-8", "", "", 2}, {"np", "ct5lp-hightpu-4t", "tpu-v5-lite-podslice", "4x4", 4}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := nodepool.ParseAll(tc.values)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, shapes(got)); diff != "" {
				t.Errorf("pools (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongPoolsAreExplained(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		values []string
		want   string
	}{
		{"no name", []string{"topology=4x4"}, "add name=NAME"},
		{"a name that no label can hold", []string{"name=Big_Pool,topology=4x4"}, `name "Big_Pool"`},
		{"neither topology nor machine", []string{"name=np"}, "add topology=4x4"},
		{"both", []string{"name=np,topology=4x4,machine=n2-standard-8"}, "leave one"},
		{"an accelerator without a topology", []string{"name=np,machine=n2-standard-8,accelerator=tpu-v6e-slice"}, "needs a topology"},
		{"a topology that is not built", []string{"name=np,topology=3x5"}, "2x2, 2x4, 4x4"},
		{"an accelerator that is not simulated", []string{"name=np,topology=4x4,accelerator=tpu-v4-podslice"}, "tpu-v6e-slice"},
		{"a machine that is not simulated", []string{"name=np,machine=e2-micro"}, "n2-standard-32"},
		{"a count below one", []string{"name=np,topology=4x4,count=0"}, `count "0"`},
		{"a count that is no number", []string{"name=np,topology=4x4,count=many"}, `count "many"`},
		{"an unknown setting", []string{"name=np,size=4"}, `"size" is not a setting`},
		{"a setting given twice", []string{"name=np,name=np2,topology=4x4"}, "name is given twice"},
		{"a word", []string{"np"}, "key=value"},
		{"two pools of one name", []string{"name=np,topology=4x4", "name=np,topology=2x4"}, `"np" is given twice`},
		{"more nodes than addresses", []string{"name=a,topology=16x16,count=1100"}, "there are addresses for"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := nodepool.ParseAll(tc.values)
			if err == nil {
				t.Fatalf("%q was read as %+v", tc.values, got)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error %q does not tell %q", err, tc.want)
			}
		})
	}
}

func TestNodesLookLikeThoseOfGKE(t *testing.T) {
	t.Parallel()
	pools, err := nodepool.ParseAll([]string{"name=multihost-np,topology=4x4"})
	if err != nil {
		t.Fatal(err)
	}
	nodes := nodepool.Nodes(pools)
	if len(nodes) != 5 {
		t.Fatalf("%d nodes, want a CPU node and four hosts", len(nodes))
	}
	host := nodes[1]
	for label, want := range map[string]string{
		nodepool.LabelPool:             "multihost-np",
		nodepool.LabelAccelerator:      "tpu-v6e-slice",
		nodepool.LabelTopology:         "4x4",
		corev1.LabelInstanceTypeStable: "ct6e-standard-4t",
	} {
		if got := host.Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	for resource, want := range map[corev1.ResourceName]string{"google.com/tpu": "4", "cpu": "180", "memory": "720Gi"} {
		quantity := host.Capacity[resource]
		if got := quantity.String(); got != want {
			t.Errorf("capacity of %s is %s, want %s", resource, got, want)
		}
	}
	if want := []corev1.Taint{{Key: "google.com/tpu", Value: "present", Effect: corev1.TaintEffectNoSchedule}}; !cmp.Equal(want, host.Taints) {
		t.Errorf("taints: %v, want %v", host.Taints, want)
	}
	if _, tpu := nodes[0].Capacity["google.com/tpu"]; tpu || len(nodes[0].Taints) > 0 {
		t.Errorf("the node for controllers looks like a TPU host: %+v", nodes[0])
	}
}

func TestNamesAndAddressesAreUniqueAndStayTheSame(t *testing.T) {
	t.Parallel()
	pools, err := nodepool.ParseAll([]string{"name=big,topology=16x16,count=17", "name=cpu,machine=n2-standard-32,count=12"})
	if err != nil {
		t.Fatal(err)
	}
	first, second := nodepool.Nodes(pools), nodepool.Nodes(pools)
	if len(first) != 1100 {
		t.Errorf("%d nodes, want 1100", len(first))
	}
	names, addresses := make(map[string]bool), make(map[string]bool)
	for i, node := range first {
		if names[node.Name] || addresses[node.IP.String()] {
			t.Fatalf("node %s (%s) is there twice", node.Name, node.IP)
		}
		names[node.Name], addresses[node.IP.String()] = true, true
		if second[i].Name != node.Name || second[i].IP != node.IP {
			t.Fatalf("node %d is %s (%s) once and %s (%s) the other time", i, node.Name, node.IP, second[i].Name, second[i].IP)
		}
	}
}

// What String writes, Parse reads as the same pool.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"default", "name=multihost-np,topology=4x4", "name=np,topology=2x2,count=3",
		"name=cpu,machine=n2-standard-32,count=2", "name=np,topology=8x8,accelerator=tpu-v5-lite-podslice", "name=,=,count=-1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		pools, err := nodepool.Parse(value)
		if err != nil {
			return
		}
		if len(pools) == 0 {
			t.Fatalf("%q is no pool and no error", value)
		}
		if len(pools) > 64 {
			t.Skip("many equal pools tell no more than a few")
		}
		for _, p := range pools {
			again, err := nodepool.Parse(p.String())
			if err != nil {
				t.Fatalf("%q became %q, which is refused: %v", value, p, err)
			}
			if diff := cmp.Diff([]nodepool.Pool{p}, again); diff != "" {
				t.Errorf("%q became %q, and that another pool (-want +got):\n%s", value, p, diff)
			}
		}
	})
}
