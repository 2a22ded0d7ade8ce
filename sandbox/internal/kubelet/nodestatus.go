package kubelet

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// Heartbeats, as a kubelet's defaults: a lease renewed every ten seconds, and the
// status written again every five minutes though nothing has changed.
const (
	leasePeriod   = 10 * time.Second
	leaseDuration = 40 * time.Second
	statusPeriod  = 5 * time.Minute

	// Of very many nodes each is heard of less often, still well within the lease.
	manyNodes       = 200
	manyLeasePeriod = 20 * time.Second
)

// nodeObject is the Node as its kubelet registers it.
func (k *Kubelet) nodeObject(n *node, now time.Time) *corev1.Node {
	labels := map[string]string{
		corev1.LabelHostname:   n.spec.Name,
		corev1.LabelOSStable:   "linux",
		corev1.LabelArchStable: runtime.GOARCH,
	}
	maps.Copy(labels, n.spec.Labels)
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.spec.Name, Labels: labels},
		Spec:       corev1.NodeSpec{Taints: n.spec.Taints},
		Status:     k.nodeStatus(n, now, now),
	}
}

func (k *Kubelet) nodeStatus(n *node, now, since time.Time) corev1.NodeStatus {
	condition := func(t corev1.NodeConditionType, s corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{
			Type: t, Status: s, Reason: reason, Message: message,
			LastHeartbeatTime: metav1.NewTime(now), LastTransitionTime: metav1.NewTime(since),
		}
	}
	return corev1.NodeStatus{
		Capacity:    n.spec.Capacity,
		Allocatable: n.spec.Allocatable,
		Conditions: []corev1.NodeCondition{
			condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
			condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
			condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
			condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
		},
		Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: n.spec.IP.String()},
			{Type: corev1.NodeHostName, Address: n.spec.Name},
		},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: apiPort}},
		NodeInfo: corev1.NodeSystemInfo{
			KubeletVersion:          k.cfg.Version,
			ContainerRuntimeVersion: "simulated://1.0",
			OSImage:                 "jetstream-sandbox (simulated)",
			OperatingSystem:         "linux",
			Architecture:            runtime.GOARCH,
			KernelVersion:           "simulated",
			MachineID:               n.spec.Name,
			SystemUUID:              n.spec.Name,
			BootID:                  n.spec.Name,
		},
	}
}

// beat renews the leases of all nodes, spread over the period, and their statuses in
// turn. One goroutine does it for any number of nodes.
func (k *Kubelet) beat(ctx context.Context) {
	last := time.Now()
	for round := 0; ctx.Err() == nil; round++ {
		nodes := k.nodesInOrder()
		period := leasePeriod
		if len(nodes) > manyNodes {
			period = manyLeasePeriod
		}
		began := time.Now()
		// After a pause, such as a laptop's sleep, the nodes may have been given up.
		paused := began.Sub(last) > leaseDuration
		last = began
		rounds := int(statusPeriod / period)
		for i, n := range nodes {
			due := began.Add(period * time.Duration(i) / time.Duration(len(nodes)))
			if !paused && !sleep(ctx, time.Until(due)) {
				return
			}
			k.beatOne(ctx, n, paused || (i+round)%rounds == 0)
		}
		if !sleep(ctx, time.Until(began.Add(period))) {
			return
		}
	}
}

// beatOne is one heartbeat of one node.
func (k *Kubelet) beatOne(ctx context.Context, n *node, report bool) {
	if n.isSilent() {
		return
	}
	if err := k.renewLease(ctx, n); err != nil && ctx.Err() == nil {
		k.cfg.Logger.Warn("renewing a node's lease", "node", n.spec.Name, "error", err)
	}
	if !report {
		return
	}
	if err := k.reportNode(ctx, n); err != nil && ctx.Err() == nil {
		k.cfg.Logger.Warn("reporting a node's status", "node", n.spec.Name, "error", err)
	}
}

func (k *Kubelet) nodesInOrder() []*node {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.SortedFunc(maps.Values(k.nodes), func(a, b *node) int { return cmp.Compare(a.spec.Name, b.spec.Name) })
}

// sleep waits and tells whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// renewLease renews a node's lease, or creates it. The last known lease is updated in
// place, which costs the API server least; a conflict reads it anew.
func (k *Kubelet) renewLease(ctx context.Context, n *node) error {
	leases := k.cfg.Client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	n.mu.Lock()
	known := n.lease
	n.mu.Unlock()
	var lease *coordinationv1.Lease
	err := error(nil)
	if known == nil {
		if known, err = leases.Get(ctx, n.spec.Name, metav1.GetOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("reading its lease: %w", err)
		}
	}
	now := metav1.NowMicro()
	if err != nil {
		lease, err = leases.Create(ctx, k.newLease(n, now), metav1.CreateOptions{})
	} else {
		lease = known.DeepCopy()
		lease.Spec.RenewTime = &now
		lease, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	}
	if err != nil {
		lease = nil // the next renewal reads it anew
	}
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		err = nil // a renewal beside this one was faster, which is as good
	}
	n.mu.Lock()
	n.lease = lease
	n.mu.Unlock()
	if err != nil {
		return fmt.Errorf("writing its lease: %w", err)
	}
	return nil
}

func (k *Kubelet) newLease(n *node, now metav1.MicroTime) *coordinationv1.Lease {
	n.mu.Lock()
	defer n.mu.Unlock()
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: n.spec.Name, Namespace: corev1.NamespaceNodeLease,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: n.spec.Name, UID: n.uid}},
		},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity:       ptr.To(n.spec.Name),
			LeaseDurationSeconds: ptr.To(int32(leaseDuration / time.Second)),
			RenewTime:            &now,
		},
	}
}

// reportNode writes a node's conditions anew. The times of transition are kept unless
// the control plane has changed a condition meanwhile.
func (k *Kubelet) reportNode(ctx context.Context, n *node) error {
	nodes := k.cfg.Client.CoreV1().Nodes()
	current, err := nodes.Get(ctx, n.spec.Name, metav1.GetOptions{ResourceVersion: "0"})
	if err != nil {
		return fmt.Errorf("reading its status: %w", err)
	}
	now := time.Now()
	conditions := k.nodeStatus(n, now, now).Conditions
	for i := range conditions {
		for _, before := range current.Status.Conditions {
			if before.Type == conditions[i].Type && before.Status == conditions[i].Status {
				conditions[i].LastTransitionTime = before.LastTransitionTime
			}
		}
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": conditions}})
	if err != nil {
		return fmt.Errorf("encoding its status: %w", err)
	}
	if _, err := nodes.PatchStatus(ctx, n.spec.Name, patch); err != nil {
		return fmt.Errorf("writing its status: %w", err)
	}
	return nil
}
