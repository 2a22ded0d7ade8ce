package kubelet

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// objectCache watches what pods refer to: ConfigMaps, Secrets and Services. One watch
// of each kind serves all nodes.
type objectCache struct {
	client  kubernetes.Interface
	factory informers.SharedInformerFactory

	mu          sync.Mutex
	subscribers map[string]map[*subscription]struct{} // by kind/namespace/name
}

// subscription tells of changes of some objects.
type subscription struct {
	cache *objectCache
	keys  []string
	// happened has a token after one or more changes.
	happened chan struct{}
}

func newObjectCache(client kubernetes.Interface) *objectCache {
	return &objectCache{client: client, factory: informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(dropManagedFields)), subscribers: make(map[string]map[*subscription]struct{})}
}

// subscribe starts to tell of changes of the objects, until close is called.
func (o *objectCache) subscribe(keys []string) *subscription {
	s := &subscription{cache: o, keys: keys, happened: make(chan struct{}, 1)}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, key := range keys {
		if o.subscribers[key] == nil {
			o.subscribers[key] = make(map[*subscription]struct{})
		}
		o.subscribers[key][s] = struct{}{}
	}
	return s
}

func (s *subscription) close() {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	for _, key := range s.keys {
		delete(s.cache.subscribers[key], s)
		if len(s.cache.subscribers[key]) == 0 {
			delete(s.cache.subscribers, key)
		}
	}
}

// poke tells of a change.
func (s *subscription) poke() {
	select {
	case s.happened <- struct{}{}:
	default:
	}
}

// announce tells the subscribers of an object.
func (o *objectCache) announce(kind string, obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	object, ok := obj.(metav1.Object)
	if !ok {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for s := range o.subscribers[kind+"/"+object.GetNamespace()+"/"+object.GetName()] {
		s.poke()
	}
}

// dropManagedFields keeps what nobody here reads out of memory. It copies the top of
// the object, which may be somebody else's.
func dropManagedFields(obj any) (any, error) {
	switch o := obj.(type) {
	case *corev1.Pod:
		top := *o
		top.ManagedFields = nil
		return &top, nil
	case *corev1.ConfigMap:
		top := *o
		top.ManagedFields = nil
		return &top, nil
	case *corev1.Secret:
		top := *o
		top.ManagedFields = nil
		return &top, nil
	case *corev1.Service:
		top := *o
		top.ManagedFields = nil
		return &top, nil
	default:
		return obj, nil // a deleted object whose last state is unknown
	}
}

// start fills the cache and keeps it until the crew ends.
func (o *objectCache) start(all *crew) error {
	core := o.factory.Core().V1()
	kinds := map[string]cache.SharedIndexInformer{
		"ConfigMap": core.ConfigMaps().Informer(),
		"Secret":    core.Secrets().Informer(),
		"Service":   core.Services().Informer(),
	}
	var synced []cache.InformerSynced
	for kind, informer := range kinds {
		registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(obj any) { o.announce(kind, obj) },
			UpdateFunc: func(_, obj any) { o.announce(kind, obj) },
			DeleteFunc: func(obj any) { o.announce(kind, obj) },
		})
		if err != nil {
			return fmt.Errorf("kubelet: watching %ss: %w", kind, err)
		}
		all.run(func(ctx context.Context) { informer.RunWithContext(ctx) })
		synced = append(synced, registration.HasSynced)
	}
	if !cache.WaitForCacheSync(all.ctx.Done(), synced...) {
		return fmt.Errorf("kubelet: filling the cache of ConfigMaps, Secrets and Services: %w", context.Cause(all.ctx))
	}
	return nil
}

// ConfigMap returns a ConfigMap, asking the API server for one the cache has not seen
// yet. The result must not be changed.
func (o *objectCache) ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	m, err := o.factory.Core().V1().ConfigMaps().Lister().ConfigMaps(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		m, err = o.client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	}
	return m, inKubeletWords(err, "configmap", name)
}

// Secret is like ConfigMap.
func (o *objectCache) Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	s, err := o.factory.Core().V1().Secrets().Lister().Secrets(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		s, err = o.client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	}
	return s, inKubeletWords(err, "secret", name)
}

// inKubeletWords names a missing object as the kubelet does, in the singular.
func inKubeletWords(err error, kind, name string) error {
	if apierrors.IsNotFound(err) {
		return apierrors.NewNotFound(corev1.Resource(kind), name)
	}
	return err
}

// Services lists the Services of a namespace.
func (o *objectCache) Services(namespace string) ([]*corev1.Service, error) {
	return o.factory.Core().V1().Services().Lister().Services(namespace).List(labels.Everything())
}
