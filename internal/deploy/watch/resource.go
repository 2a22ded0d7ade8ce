package watch

import (
	"context"
	"reflect"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// Pauses between attempts to list or watch again. They are shorter than
// client-go's for what a snapshot cannot do without, as somebody is looking.
const (
	firstPause    = 500 * time.Millisecond
	longestPause  = 5 * time.Second
	optionalPause = 30 * time.Second
)

// resource is a local copy of the objects of one kind.
type resource[T runtime.Object] struct {
	cache.Store
	// topic names the kind in notes.
	topic string
	// keep reports whether an object is of interest; nil means all are.
	keep func(T) bool
	// trim drops what no snapshot needs, to save memory; it may be nil.
	trim func(T)
	// same reports whether a changed object is as good as the same; nil means
	// that none is.
	same func(before, after T) bool
	// changed is called for each object that came or changed.
	changed func(T)
	// dirty is called after each change.
	dirty func()
	// conn hears of each request's outcome.
	conn *connection

	once   sync.Once
	synced chan struct{} // closed after the first list
}

func newResource[T runtime.Object](topic string, conn *connection, dirty func()) *resource[T] {
	return &resource[T]{
		Store:  cache.NewStore(cache.MetaNamespaceKeyFunc),
		topic:  topic,
		conn:   conn,
		dirty:  dirty,
		synced: make(chan struct{}),
	}
}

// lister lists and watches the objects of a kind; client-go's typed clients
// are listers.
type lister[L runtime.Object] interface {
	List(ctx context.Context, opts metav1.ListOptions) (L, error)
	Watch(ctx context.Context, opts metav1.ListOptions) (apiwatch.Interface, error)
}

// run keeps r up to date until ctx is done. select narrows the objects on the
// server.
func run[T, L runtime.Object](ctx context.Context, r *resource[T], from lister[L], narrow func(*metav1.ListOptions), client any, optional bool) {
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			narrow(&opts)
			list, err := from.List(ctx, opts)
			r.conn.outcome(ctx, r.topic, optional, err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (apiwatch.Interface, error) {
			narrow(&opts)
			w, err := from.Watch(ctx, opts)
			r.conn.outcome(ctx, r.topic, optional, err)
			return w, err
		},
	}
	pause := longestPause
	if optional {
		pause = optionalPause
	}
	// The reflector asks its example for a kind, so it must not be a nil pointer.
	example := reflect.New(reflect.TypeFor[T]().Elem()).Interface()
	reflector := cache.NewReflectorWithOptions(
		cache.ToListWatcherWithWatchListSemantics(source, client), example, r,
		cache.ReflectorOptions{
			Name:            "kubectl-jetstream",
			TypeDescription: r.topic,
			Backoff: &wait.Backoff{
				Duration: firstPause, Factor: 2, Jitter: 0.2, Cap: pause, Steps: 20,
			},
		})
	reflector.RunWithContext(ctx)
}

// Add implements cache.ReflectorStore.
func (r *resource[T]) Add(obj any) error { return r.put(obj, r.Store.Add) }

// Update implements cache.ReflectorStore.
func (r *resource[T]) Update(obj any) error { return r.put(obj, r.Store.Update) }

func (r *resource[T]) put(obj any, store func(any) error) error {
	t, ok := obj.(T)
	if ok && r.keep != nil && !r.keep(t) {
		return nil
	}
	if ok && r.trim != nil {
		r.trim(t)
	}
	before, known, err := r.Get(obj)
	if err != nil {
		return err
	}
	if err := store(obj); err != nil {
		return err
	}
	if b, isT := before.(T); known && ok && isT && r.same != nil && r.same(b, t) {
		return nil
	}
	r.tell(obj)
	r.dirty()
	return nil
}

// Delete implements cache.ReflectorStore.
func (r *resource[T]) Delete(obj any) error {
	if _, known, err := r.Get(obj); err == nil && known {
		defer r.dirty()
	}
	return r.Store.Delete(obj)
}

// Replace implements cache.ReflectorStore.
func (r *resource[T]) Replace(list []any, version string) error {
	kept := make([]any, 0, len(list))
	for _, obj := range list {
		t, ok := obj.(T)
		if ok && r.keep != nil && !r.keep(t) {
			continue
		}
		if ok && r.trim != nil {
			r.trim(t)
		}
		kept = append(kept, obj)
	}
	if err := r.Store.Replace(kept, version); err != nil {
		return err
	}
	for _, obj := range kept {
		r.tell(obj)
	}
	r.once.Do(func() { close(r.synced) })
	r.dirty()
	return nil
}

// Transformer implements cache.TransformingStore: objects that are streamed one
// by one in place of a list are trimmed as they come, so that they never take
// their whole memory together.
func (r *resource[T]) Transformer() cache.TransformFunc {
	return func(obj any) (any, error) {
		if t, ok := obj.(T); ok && r.trim != nil && (r.keep == nil || r.keep(t)) {
			r.trim(t)
		}
		return obj, nil
	}
}

func (r *resource[T]) tell(obj any) {
	if t, ok := obj.(T); ok && r.changed != nil {
		r.changed(t)
	}
}

// all returns the objects. They are shared and must not be changed.
func (r *resource[T]) all() []T {
	list := r.List()
	out := make([]T, 0, len(list))
	for _, obj := range list {
		if t, ok := obj.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

func (r *resource[T]) hasSynced() bool {
	select {
	case <-r.synced:
		return true
	default:
		return false
	}
}

// connection keeps what the outcomes of requests say about the API server and
// about the user's rights.
type connection struct {
	now   func() time.Time
	dirty func()

	mu     sync.Mutex
	lost   map[string]failure // topics that fail
	denied map[string]error   // optional topics that may not be read
}

// failure is since when requests for something fail, and how the first did.
type failure struct {
	since time.Time
	err   error
}

func newConnection(now func() time.Time, dirty func()) *connection {
	return &connection{now: now, dirty: dirty, lost: map[string]failure{}, denied: map[string]error{}}
}

// outcome records how a list or watch request went.
func (c *connection) outcome(ctx context.Context, topic string, optional bool, err error) {
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, wasLost := c.lost[topic]
	_, wasDenied := c.denied[topic]
	switch {
	case err == nil, apierrors.IsResourceExpired(err), apierrors.IsGone(err):
		// An expired watch is the API server's normal answer after a while.
		delete(c.lost, topic)
		delete(c.denied, topic)
	case optional && apierrors.IsForbidden(err):
		delete(c.lost, topic)
		c.denied[topic] = err
	default:
		if !wasLost {
			c.lost[topic] = failure{since: c.now(), err: err}
		}
	}
	_, isLost := c.lost[topic]
	_, isDenied := c.denied[topic]
	if isLost != wasLost || isDenied != wasDenied {
		c.dirty()
	}
}

// failing returns the failure of the first of the topics that still fail; its
// time is zero while none does.
func (c *connection) failing(topics ...string) failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first failure
	for _, topic := range topics {
		if f, ok := c.lost[topic]; ok && (first.err == nil || f.since.Before(first.since)) {
			first = f
		}
	}
	return first
}

// denial returns why an optional topic may not be read, or nil.
func (c *connection) denial(topic string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.denied[topic]
}
