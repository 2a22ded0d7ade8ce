// Package nodepool describes the node pools of the simulated cluster, as GKE makes
// them, and turns them into nodes for the kubelet.
//
// Names and addresses depend on the pools alone, so that a sandbox that is stopped
// and started again has the same nodes.
package nodepool

import (
	"fmt"
	"hash/fnv"
	"maps"
	"net/netip"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet"
)

// Labels that GKE puts on nodes and manifests select by.
const (
	LabelPool        = "cloud.google.com/gke-nodepool"
	LabelAccelerator = "cloud.google.com/gke-tpu-accelerator"
	LabelTopology    = "cloud.google.com/gke-tpu-topology"
	labelChips       = "cloud.google.com/gke-accelerator-count"
	labelFamily      = "cloud.google.com/machine-family"
)

// LabelSimulated marks the nodes as what they are.
const LabelSimulated = "jetstream-sandbox/simulated"

// ResourceTPU is the resource that TPU containers ask for, and the key of the taint
// that keeps others off TPU nodes.
const ResourceTPU = "google.com/tpu"

// The place where the nodes pretend to be: one that has v6e slices.
const (
	region = "us-east5"
	zone   = "us-east5-b"
)

// Pool is a set of equal nodes. For a multi-host slice it is the slice: GKE keeps one
// slice in one pool.
type Pool struct {
	Name    string
	Machine Machine
	// Accelerator and Topology are empty for a pool without TPUs.
	Accelerator, Topology string
	Nodes                 int
}

// Machine is what one node consists of.
type Machine struct {
	Type   string
	CPU    int64 // virtual CPUs
	Memory int64 // GiB
	Chips  int64 // TPU chips
}

// TPU reports whether the pool's nodes have TPU chips.
func (p Pool) TPU() bool { return p.Accelerator != "" }

// String is the pool as Parse reads it.
func (p Pool) String() string {
	if p.TPU() {
		s := "name=" + p.Name + ",topology=" + p.Topology + ",accelerator=" + p.Accelerator
		if hosts, err := hosts(p.Topology); err == nil && hosts == 1 && p.Nodes > 1 {
			s += ",count=" + strconv.Itoa(p.Nodes)
		}
		return s
	}
	return fmt.Sprintf("name=%s,machine=%s,count=%d", p.Name, p.Machine.Type, p.Nodes)
}

// Default are pools for both deployments of the serving guide side by side: a 4x4
// slice, two 2x4 slices, and a node for what runs outside of them.
func Default() []Pool {
	v6e := accelerators[defaultAccelerator]
	return []Pool{
		{Name: "default-pool", Machine: cpuMachines[defaultCPUMachine], Nodes: 1},
		{Name: "multihost-np", Machine: v6e, Accelerator: defaultAccelerator, Topology: "4x4", Nodes: 4},
		{Name: "multihost-1-np", Machine: v6e, Accelerator: defaultAccelerator, Topology: "2x4", Nodes: 2},
		{Name: "multihost-2-np", Machine: v6e, Accelerator: defaultAccelerator, Topology: "2x4", Nodes: 2},
	}
}

// firstAddress is what the first node gets; the others follow.
var firstAddress = netip.MustParseAddr("10.128.0.2")

// MaxNodes is how many nodes the address range of the nodes holds.
const MaxNodes = 1<<16 - 4

// Nodes returns the nodes of the pools.
func Nodes(pools []Pool) []kubelet.NodeSpec {
	var specs []kubelet.NodeSpec
	address := firstAddress
	for _, p := range pools {
		for i := range p.Nodes {
			specs = append(specs, p.node(i, address))
			address = address.Next()
		}
	}
	return specs
}

func (p Pool) node(index int, address netip.Addr) kubelet.NodeSpec {
	spec := kubelet.NodeSpec{
		Name: p.nodeName(index),
		IP:   address,
		Labels: map[string]string{
			LabelSimulated:                 "true",
			LabelPool:                      p.Name,
			labelFamily:                    p.Machine.family(),
			corev1.LabelInstanceTypeStable: p.Machine.Type,
			corev1.LabelTopologyRegion:     region,
			corev1.LabelTopologyZone:       zone,
		},
		Capacity: corev1.ResourceList{
			corev1.ResourceCPU:              *resource.NewQuantity(p.Machine.CPU, resource.DecimalSI),
			corev1.ResourceMemory:           *resource.NewQuantity(p.Machine.Memory<<30, resource.BinarySI),
			corev1.ResourceEphemeralStorage: *resource.NewQuantity(bootDisk<<30, resource.BinarySI),
			corev1.ResourcePods:             *resource.NewQuantity(podsPerNode, resource.DecimalSI),
		},
	}
	if !p.TPU() {
		return spec
	}
	maps.Copy(spec.Labels, map[string]string{
		LabelAccelerator: p.Accelerator,
		LabelTopology:    p.Topology,
		labelChips:       strconv.FormatInt(p.Machine.Chips, 10),
	})
	spec.Capacity[ResourceTPU] = *resource.NewQuantity(p.Machine.Chips, resource.DecimalSI)
	spec.Taints = []corev1.Taint{{Key: ResourceTPU, Value: "present", Effect: corev1.TaintEffectNoSchedule}}
	return spec
}

// GKE's defaults for a node: the boot disk in GiB and the number of pods.
const (
	bootDisk    = 100
	podsPerNode = 110
)

// nodeName has the shape of GKE's names, which tell the pool of TPU nodes by a hash
// alone.
func (p Pool) nodeName(index int) string {
	pool := hash(p.Name)
	if p.TPU() {
		return fmt.Sprintf("gke-tpu-%08x-%04d", pool, index)
	}
	return fmt.Sprintf("gke-sandbox-%s-%08x-%04d", p.Name, pool, index)
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // a hash never fails
	return h.Sum32()
}
