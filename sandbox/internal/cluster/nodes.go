package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/nodepool"
)

// machines is what runs nodes.
type machines interface {
	AddNodes(ctx context.Context, specs []kubelet.NodeSpec) error
	RemoveNodes(ctx context.Context, names []string) error
	Crash(name string) error
	StartHeartbeat(ctx context.Context, name string) error
	PodsOn(name string) []map[string]string
}

// nodes are the nodes of the configured pools, those with TPUs and the others. The
// ones with TPUs can be away.
type nodes struct {
	machines machines
	client   kubernetes.Interface
	tpu, cpu []kubelet.NodeSpec

	mu      sync.Mutex
	away    bool
	crashed string // the name of a node whose machine has stopped; empty for none
}

func newNodes(m machines, client kubernetes.Interface, pools []nodepool.Pool) *nodes {
	n := &nodes{machines: m, client: client}
	for _, spec := range nodepool.Nodes(pools) {
		if _, ok := spec.Capacity[nodepool.ResourceTPU]; ok {
			n.tpu = append(n.tpu, spec)
		} else {
			n.cpu = append(n.cpu, spec)
		}
	}
	return n
}

// register adds all nodes, and removes those that an earlier start with other pools
// left in the store.
func (n *nodes) register(ctx context.Context) error {
	wanted := make(map[string]bool)
	all := append(append([]kubelet.NodeSpec(nil), n.cpu...), n.tpu...)
	for _, spec := range all {
		wanted[spec.Name] = true
	}
	api := n.client.CoreV1().Nodes()
	there, err := api.List(ctx, metav1.ListOptions{LabelSelector: nodepool.LabelSimulated})
	if err != nil {
		return fmt.Errorf("listing the nodes of an earlier start: %w", err)
	}
	for _, node := range there.Items {
		if wanted[node.Name] {
			continue
		}
		if err := api.Delete(ctx, node.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("removing node %s of an earlier start: %w", node.Name, err)
		}
	}
	return n.machines.AddNodes(ctx, all)
}

// remove takes the TPU nodes away, if they are there.
func (n *nodes) remove(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away {
		return nil
	}
	names := make([]string, len(n.tpu))
	for i, spec := range n.tpu {
		names[i] = spec.Name
	}
	if err := n.machines.RemoveNodes(ctx, names); err != nil {
		return fmt.Errorf("removing the TPU nodes: %w", err)
	}
	n.away = true
	return nil
}

// restore brings the TPU nodes back, if they are away.
func (n *nodes) restore(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.away {
		return nil
	}
	if err := n.machines.AddNodes(ctx, n.tpu); err != nil {
		return fmt.Errorf("bringing the TPU nodes back: %w", err)
	}
	n.away = false
	return nil
}

// labelWorkerIndex is what LeaderWorkerSet numbers the pods of a group with; the leader
// is 0.
const labelWorkerIndex = "leaderworkerset.sigs.k8s.io/worker-index"

// crash stops the machine of a TPU node, unless one has stopped already.
func (n *nodes) crash() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.crashed != "" {
		return nil
	}
	if n.away || len(n.tpu) == 0 {
		return errors.New("crashing a TPU node: there is none")
	}
	name := n.tpu[0].Name
	for _, spec := range n.tpu {
		if workersOnly(n.machines.PodsOn(spec.Name)) {
			name = spec.Name
			break
		}
	}
	if err := n.machines.Crash(name); err != nil {
		return err
	}
	n.crashed = name
	return nil
}

// workersOnly tells whether the pods, given by their labels, are workers of groups and
// others that belong to no group.
func workersOnly(pods []map[string]string) bool {
	workers := 0
	for _, labels := range pods {
		switch labels[labelWorkerIndex] {
		case "":
		case "0":
			return false
		default:
			workers++
		}
	}
	return workers > 0
}

// revive brings the machine back that has stopped, if one has.
func (n *nodes) revive(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.crashed == "" {
		return nil
	}
	if err := n.machines.StartHeartbeat(ctx, n.crashed); err != nil {
		return err
	}
	n.crashed = ""
	return nil
}

// unusable returns why pods cannot be scheduled to some node, or nil.
func (n *nodes) unusable(ctx context.Context) error {
	list, err := n.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return fmt.Errorf("listing the nodes: %w", err)
	}
	want := len(n.cpu)
	n.mu.Lock()
	if !n.away {
		want += len(n.tpu)
	}
	n.mu.Unlock()
	if got := len(list.Items); got < want {
		return fmt.Errorf("%d of %d nodes are registered", got, want)
	}
	for _, node := range list.Items {
		for _, taint := range node.Spec.Taints {
			if taint.Key == corev1.TaintNodeNotReady || taint.Key == corev1.TaintNodeUnreachable {
				return fmt.Errorf("node %s: still tainted %s", node.Name, taint.Key)
			}
		}
		if !ready(&node) {
			return errors.New("node " + node.Name + ": not Ready")
		}
	}
	return nil
}

func ready(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
