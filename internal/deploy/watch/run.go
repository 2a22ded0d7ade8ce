package watch

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// Run observes until ctx is done. It first asks for the pods and the
// LeaderWorkerSet once, so that what cannot work is an error at once: the API
// server does not answer, one of the two may not be listed, or the cluster
// does not know LeaderWorkerSets (ErrNotInstalled). The first snapshot comes
// when both are known and the leaders that run have been asked for their
// health, so that a deployment that serves is not said to load first.
func Run(ctx context.Context, o Options) (<-chan status.Snapshot, error) {
	if err := preflight(ctx, o); err != nil {
		return nil, err
	}
	w := newObserver(o)
	out := make(chan status.Snapshot, 1)
	go func() {
		defer close(out)
		w.observe(ctx, out)
	}()
	return out, nil
}

func preflight(ctx context.Context, o Options) error {
	one := metav1.ListOptions{Limit: 1}
	if _, err := o.Client.CoreV1().Pods(o.Namespace).List(ctx, one); err != nil {
		return fmt.Errorf("listing pods in namespace %s: %w", o.Namespace, err)
	}
	if _, err := o.Dynamic.Resource(lwsResource).Namespace(o.Namespace).List(ctx, one); err != nil {
		return lwsError(o.Namespace, err)
	}
	return nil
}

// lwsError explains a failed list of LeaderWorkerSets: of a kind that the
// server does not know it says that the path was not found.
func lwsError(namespace string, err error) error {
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("listing LeaderWorkerSets in namespace %s: %w", namespace, ErrNotInstalled)
	}
	return fmt.Errorf("listing LeaderWorkerSets in namespace %s: %w", namespace, err)
}

// observer is a running observation.
type observer struct {
	o      Options
	change chan struct{}
	conn   *connection

	lws    *resource[*unstructured.Unstructured]
	pods   *resource[*corev1.Pod]
	sets   *resource[*appsv1.StatefulSet]
	events *resource[*corev1.Event]
	nodes  *resource[*corev1.Node]

	memory *memory
	logs   *followers
	pulses *pulses
}

func newObserver(o Options) *observer {
	w := &observer{o: o, change: make(chan struct{}, 1)}
	dirty := w.dirty
	w.conn = newConnection(o.now, dirty)
	w.lws = newResource[*unstructured.Unstructured](topicLWS, w.conn, dirty)
	w.pods = newResource[*corev1.Pod](topicPods, w.conn, dirty)
	w.sets = newResource[*appsv1.StatefulSet](status.TopicStatefulSet, w.conn, dirty)
	w.events = newResource[*corev1.Event](status.TopicEvents, w.conn, dirty)
	w.nodes = newResource[*corev1.Node](status.TopicNodes, w.conn, dirty)
	w.pods.trim, w.sets.trim, w.nodes.trim, w.events.trim = trimPod, trimSet, trimNode, trimEvent
	w.nodes.same = sameNode
	// The API cannot select events by a prefix of their object's name.
	w.events.keep = func(e *corev1.Event) bool { return status.Concerns(e, o.Name) }
	w.pods.changed = w.podChanged

	w.memory = newMemory(o.now)
	w.pulses = newPulses(o.Prober, dirty)
	w.logs = &followers{
		memory: w.memory, dirty: dirty, now: o.now, pod: w.pod, read: openLog(o.Client), lines: o.Lines,
		runs: map[podlog.Ref]*followed{}, troubles: map[podlog.Ref]*trouble{},
	}
	return w
}

// dirty marks the state as changed. It never blocks.
func (w *observer) dirty() {
	select {
	case w.change <- struct{}{}:
	default:
	}
}

// pod returns the present pod of a name, or nil.
func (w *observer) pod(name string) *corev1.Pod {
	obj, ok, err := w.pods.GetByKey(w.o.Namespace + "/" + name)
	if err != nil || !ok {
		return nil
	}
	pod, _ := obj.(*corev1.Pod)
	return pod
}

// podChanged looks at each state of a pod, also those that the next one
// replaces before a snapshot is built: the end of a container may be visible
// for a second only.
func (w *observer) podChanged(pod *corev1.Pod) {
	leader := w.leaderOf(pod)
	for _, e := range status.ExitsOf(pod, leader) {
		w.memory.ended(refTo(pod, e.Container, e.Restart), e)
	}
	if status.IsLeader(pod) {
		w.pulses.hurry(pod.UID)
	}
}

// leaderOf returns the UID of a pod's leader: where the StatefulSets do not
// tell, that of the group's present leader.
func (w *observer) leaderOf(pod *corev1.Pod) types.UID {
	if uid := status.LeaderUID(pod, w.sets.all()); uid != "" {
		return uid
	}
	if leader := w.pod(w.o.Name + "-" + pod.Labels[lwsv1.GroupIndexLabelKey]); leader != nil {
		return leader.UID
	}
	return ""
}

// observe runs everything until ctx is done and then waits for all of it.
func (w *observer) observe(ctx context.Context, out chan status.Snapshot) {
	copies := w.keepCopies(ctx)
	defer func() {
		copies.Wait()
		w.logs.wg.Wait()
		w.pulses.wg.Wait()
	}()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	begun := w.o.now()
	var changed, built time.Time
	var cost time.Duration
	var last *status.Snapshot
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if now := w.o.now(); now.Sub(changed) > restless && now.Sub(built) < slowHeartbeat {
				continue
			}
		case <-w.change:
			if !pause(ctx, max(coalesce, share*cost)) {
				return
			}
			select {
			case <-w.change:
			default:
			}
			changed = w.o.now()
		}
		if !w.lws.hasSynced() || !w.pods.hasSynced() {
			continue
		}
		built = w.o.now()
		start := time.Now()
		s := w.build(ctx)
		news := last == nil || !same(*last, s)
		cost = time.Since(start)
		if last == nil && w.pulses.unasked() && w.o.now().Sub(begun) < firstAnswer {
			continue
		}
		if !news {
			continue
		}
		last = &s
		publish(out, s)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// publish replaces what the receiver has not taken yet. There is one producer,
// so there is room after taking it back.
func publish(out chan status.Snapshot, s status.Snapshot) {
	select {
	case out <- s:
		return
	default:
	}
	select {
	case <-out:
	default:
	}
	out <- s
}

// same reports whether two snapshots differ in nothing but their time.
func same(a, b status.Snapshot) bool {
	a.ObservedAt, b.ObservedAt = time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}

// build gathers all that is known into a snapshot, and lets the followers of
// logs and health go after the present pods.
func (w *observer) build(ctx context.Context) status.Snapshot {
	in := status.Inputs{
		Namespace: w.o.Namespace, Name: w.o.Name,
		Pods:              sorted(w.pods.all()),
		StatefulSets:      sorted(w.sets.all()),
		Events:            sorted(w.events.all()),
		Nodes:             sorted(w.nodes.all()),
		NodesKnown:        w.nodes.hasSynced() && w.conn.denial(status.TopicNodes) == nil,
		DisconnectedSince: w.conn.failing(topicLWS, topicPods).since,
		Now:               w.o.now(),
	}
	w.takeLWS(&in)
	alive := map[types.UID]bool{}
	var leaders []*corev1.Pod
	for _, pod := range in.Pods {
		alive[pod.UID] = true
		if status.IsLeader(pod) {
			leaders = append(leaders, pod)
			o := status.OriginOf(pod, pod.UID, "", 0)
			w.memory.saw(o.Group, o.Revision, pod.UID)
		}
	}
	w.logs.follow(ctx, in.Pods, w.leaderOf)
	w.pulses.follow(ctx, leaders)
	w.memory.forget(alive)
	w.logs.forget(alive)
	in.Health = w.pulses.state()
	w.memory.recall(&in)
	in.Notes = append(in.Notes, w.notes(in.Health)...)
	s := status.Build(in)
	for _, g := range s.Groups {
		if g.Leader != nil && (g.Phase == status.Serving || g.Phase == status.Ready) {
			w.memory.served(g.Index, types.UID(g.Leader.UID))
		}
	}
	return s
}

// takeLWS sets the LeaderWorkerSet and what follows from it.
func (w *observer) takeLWS(in *status.Inputs) {
	for _, obj := range w.lws.all() {
		if err := decodeLWS(obj, w.o, in); err != nil {
			in.Notes = append(in.Notes, status.Note{Topic: topicLWS, Message: err.Error()})
			continue
		}
		w.memory.setPlan(status.PlanOf(in.LWS))
	}
}

// keepCopies runs the local copies of the objects.
func (w *observer) keepCopies(ctx context.Context) *sync.WaitGroup {
	var g sync.WaitGroup
	ns, name := w.o.Namespace, w.o.Name
	members := labels.Set{lwsv1.SetNameLabelKey: name}.String()
	byLabel := func(opts *metav1.ListOptions) { opts.LabelSelector = members }
	byName := func(opts *metav1.ListOptions) {
		opts.FieldSelector = fields.OneTermEqualSelector("metadata.name", name).String()
	}
	whole := func(*metav1.ListOptions) {}
	client := w.o.Client
	g.Go(func() {
		run(ctx, w.lws, w.o.Dynamic.Resource(lwsResource).Namespace(ns), byName, w.o.Dynamic, false)
	})
	g.Go(func() { run(ctx, w.pods, client.CoreV1().Pods(ns), byLabel, client, false) })
	g.Go(func() { run(ctx, w.sets, client.AppsV1().StatefulSets(ns), byLabel, client, true) })
	g.Go(func() { run(ctx, w.events, client.CoreV1().Events(ns), whole, client, true) })
	g.Go(func() { run(ctx, w.nodes, client.CoreV1().Nodes(), whole, client, true) })
	return &g
}
