package kubelet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/image"
)

// apiPort is where every kubelet serves its API.
const apiPort = 10250

// registrations is how many nodes are created at once.
const registrations = 8

// NodeSpec describes a node to simulate.
type NodeSpec struct {
	Name   string
	Labels map[string]string
	Taints []corev1.Taint
	// Capacity is what the node has; Allocatable is the same where it is nil.
	Capacity    corev1.ResourceList
	Allocatable corev1.ResourceList
	// IP is the node's address on the simulated network.
	IP netip.Addr
}

// node is one simulated node.
type node struct {
	spec   NodeSpec
	images *image.Store

	mu      sync.Mutex
	uid     types.UID
	lease   *coordinationv1.Lease // as last written
	silent  bool                  // its kubelet does not report
	streams context.Context       // the life of one run of the kubelet, which its streams share
	cut     context.CancelFunc
	epoch   int // counts restarts of the kubelet
}

// AddNodes registers nodes and starts to serve their kubelet APIs. Nodes that exist
// in the API already are taken over with the given specification.
func (k *Kubelet) AddNodes(ctx context.Context, specs []NodeSpec) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(registrations)
	for _, spec := range specs {
		group.Go(func() error {
			if err := k.addNode(ctx, spec); err != nil {
				return fmt.Errorf("adding node %s: %w", spec.Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	k.adoptPods()
	return nil
}

func (k *Kubelet) addNode(ctx context.Context, spec NodeSpec) error {
	if !spec.IP.IsValid() {
		return errors.New("it has no address")
	}
	if spec.Allocatable == nil {
		spec.Allocatable = spec.Capacity
	}
	n := &node{spec: spec, images: image.NewStore(k.cfg.Images, k.cfg.World)}
	n.streams, n.cut = context.WithCancel(context.Background())

	k.mu.Lock()
	if _, known := k.nodes[spec.Name]; known {
		k.mu.Unlock()
		return errors.New("it is simulated already")
	}
	k.nodes[spec.Name] = n
	k.mu.Unlock()

	err := k.register(ctx, n)
	if err == nil {
		k.cfg.Network.Attach(spec.IP)
		err = k.api.listener.Add(netip.AddrPortFrom(spec.IP, apiPort))
	}
	if err != nil {
		k.mu.Lock()
		delete(k.nodes, spec.Name)
		k.mu.Unlock()
	}
	return err
}

// register creates the Node with its status in one call, so that no controller can
// come between, and its lease.
func (k *Kubelet) register(ctx context.Context, n *node) error {
	nodes := k.cfg.Client.CoreV1().Nodes()
	object := k.nodeObject(n, time.Now())
	created, err := nodes.Create(ctx, object, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		if created, err = k.takeOver(ctx, object); err != nil {
			return err
		}
	} else if err != nil {
		return fmt.Errorf("creating its object: %w", err)
	}
	n.mu.Lock()
	n.uid = created.UID
	n.mu.Unlock()
	return k.renewLease(ctx, n)
}

// takeOver brings a Node left by an earlier run up to date.
func (k *Kubelet) takeOver(ctx context.Context, object *corev1.Node) (*corev1.Node, error) {
	nodes := k.cfg.Client.CoreV1().Nodes()
	current, err := nodes.Get(ctx, object.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading its object: %w", err)
	}
	next := current.DeepCopy()
	next.Labels = object.Labels
	if next, err = nodes.Update(ctx, next, metav1.UpdateOptions{}); err != nil {
		return nil, fmt.Errorf("updating its object: %w", err)
	}
	next.Status = object.Status
	if next, err = nodes.UpdateStatus(ctx, next, metav1.UpdateOptions{}); err != nil {
		return nil, fmt.Errorf("updating its status: %w", err)
	}
	return next, nil
}

// RemoveNodes takes nodes off the cluster as when machines are lost and their objects
// deleted: containers die without a word, connections break.
func (k *Kubelet) RemoveNodes(ctx context.Context, names []string) error {
	var failures []error
	for _, name := range names {
		n, ok := k.node(name)
		if !ok {
			failures = append(failures, fmt.Errorf("removing node %s: it is not simulated", name))
			continue
		}
		k.mu.Lock()
		delete(k.nodes, name)
		k.mu.Unlock()
		k.silence(n)
		k.powerOff(n)
		err := k.cfg.Client.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			failures = append(failures, fmt.Errorf("removing node %s: deleting its object: %w", name, err))
		}
		err = k.cfg.Client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Delete(ctx, name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			failures = append(failures, fmt.Errorf("removing node %s: deleting its lease: %w", name, err))
		}
	}
	return errors.Join(failures...)
}

// StopHeartbeat makes a node's kubelet fall silent: no heartbeat, no status, no API.
// Its containers go on. The control plane marks the node NotReady in time.
func (k *Kubelet) StopHeartbeat(name string) error {
	n, ok := k.node(name)
	if !ok {
		return fmt.Errorf("stopping the heartbeat of node %s: it is not simulated", name)
	}
	k.silence(n)
	return nil
}

// Crash stops a node's machine: as StopHeartbeat, and its containers die.
func (k *Kubelet) Crash(name string) error {
	n, ok := k.node(name)
	if !ok {
		return fmt.Errorf("crashing node %s: it is not simulated", name)
	}
	k.silence(n)
	k.powerOff(n)
	return nil
}

// PodsOn returns the labels of each pod that runs on a node.
func (k *Kubelet) PodsOn(name string) []map[string]string {
	n, ok := k.node(name)
	if !ok {
		return nil
	}
	var pods []map[string]string
	for _, w := range k.workersOn(n) {
		w.mu.Lock()
		pods = append(pods, w.pod.Labels)
		w.mu.Unlock()
	}
	return pods
}

// StartHeartbeat brings a silent or crashed node back. Containers that died with it
// are started again.
func (k *Kubelet) StartHeartbeat(ctx context.Context, name string) error {
	n, ok := k.node(name)
	if !ok {
		return fmt.Errorf("starting the heartbeat of node %s: it is not simulated", name)
	}
	k.cfg.Network.Attach(n.spec.IP)
	if err := k.api.listener.Add(netip.AddrPortFrom(n.spec.IP, apiPort)); err != nil {
		return fmt.Errorf("starting the heartbeat of node %s: it is not silent: %w", name, err)
	}
	n.mu.Lock()
	n.silent = false
	n.streams, n.cut = context.WithCancel(context.Background())
	n.mu.Unlock()
	for _, w := range k.workersOn(n) {
		w.resume()
	}
	k.adoptPods()
	if err := k.renewLease(ctx, n); err != nil {
		return fmt.Errorf("starting the heartbeat of node %s: %w", name, err)
	}
	return k.reportNode(ctx, n)
}

// Restart restarts a node's kubelet: its streams end, containers go on, and what has
// a readiness probe is not ready until the next probe.
func (k *Kubelet) Restart(name string) error {
	n, ok := k.node(name)
	if !ok {
		return fmt.Errorf("restarting the kubelet of node %s: it is not simulated", name)
	}
	n.mu.Lock()
	n.cut()
	n.streams, n.cut = context.WithCancel(context.Background())
	n.epoch++
	ref := &corev1.ObjectReference{Kind: "Node", Name: name, UID: n.uid}
	n.mu.Unlock()
	k.events.recorder(name).Event(ref, corev1.EventTypeNormal, "Starting", "Starting kubelet.")
	for _, w := range k.workersOn(n) {
		w.kubeletRestarted()
	}
	return nil
}

// silence ends the node's streams and takes its kubelet off the network.
func (k *Kubelet) silence(n *node) {
	n.mu.Lock()
	n.silent = true
	cut := n.cut
	n.mu.Unlock()
	k.cfg.Network.Detach(n.spec.IP) // first, so that streams break instead of ending
	cut()
}

// powerOff ends the containers of a node without telling anybody.
func (k *Kubelet) powerOff(n *node) {
	for _, w := range k.workersOn(n) {
		w.abandon()
		k.forget(w)
	}
}

func (k *Kubelet) node(name string) (*node, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, ok := k.nodes[name]
	return n, ok
}

func (k *Kubelet) workersOn(n *node) []*worker {
	var list []*worker
	for _, w := range k.workers() {
		if w.node == n {
			list = append(list, w)
		}
	}
	return list
}

func (n *node) isSilent() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.silent
}

// kubeletRun returns the context that ends when the node's kubelet restarts or falls
// silent, and the number of restarts so far.
func (n *node) kubeletRun() (context.Context, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.streams, n.epoch
}
