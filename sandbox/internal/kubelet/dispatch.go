package kubelet

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// watchPods follows the pods that are bound to a node and hands each to its worker.
func (k *Kubelet) watchPods(all *crew) error {
	factory := informers.NewSharedInformerFactoryWithOptions(k.cfg.Client, 0,
		informers.WithTransform(dropManagedFields),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermNotEqualSelector("spec.nodeName", "").String()
		}))
	informer := factory.Core().V1().Pods().Informer()
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { k.podSeen(all, obj) },
		UpdateFunc: func(_, obj any) { k.podSeen(all, obj) },
		DeleteFunc: k.podDeleted,
	})
	if err != nil {
		return fmt.Errorf("kubelet: watching pods: %w", err)
	}
	k.mu.Lock()
	k.podStore = informer.GetStore()
	k.mu.Unlock()
	all.run(func(ctx context.Context) { informer.RunWithContext(ctx) })
	if !cache.WaitForCacheSync(all.ctx.Done(), registration.HasSynced) {
		return fmt.Errorf("kubelet: watching pods: %w", context.Cause(all.ctx))
	}
	return nil
}

func (k *Kubelet) podSeen(all *crew, obj any) {
	pod, ok := obj.(*corev1.Pod)
	if !ok || pod.Spec.NodeName == "" {
		return
	}
	k.mu.Lock()
	n, ours := k.nodes[pod.Spec.NodeName]
	w, known := k.pods[pod.UID]
	if ours && !known && !n.isSilent() {
		w = newWorker(k, n, pod, all.branch())
		k.pods[pod.UID] = w
	}
	k.mu.Unlock()
	if w != nil && !w.node.isSilent() {
		w.observe(pod)
	}
}

func (k *Kubelet) podDeleted(obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return
	}
	k.mu.Lock()
	w, known := k.pods[pod.UID]
	k.mu.Unlock()
	if known {
		w.objectDeleted()
	}
}

// adoptPods looks at all pods again, for those bound to nodes that were not there
// when they were first seen.
func (k *Kubelet) adoptPods() {
	k.mu.Lock()
	store, all := k.podStore, k.running
	k.mu.Unlock()
	if store == nil {
		return
	}
	for _, obj := range store.List() {
		k.podSeen(all, obj)
	}
}

// forget drops a worker that has ended.
func (k *Kubelet) forget(w *worker) {
	k.mu.Lock()
	if k.pods[w.uid] == w {
		delete(k.pods, w.uid)
	}
	k.mu.Unlock()
	k.status.forget(w.uid)
}
