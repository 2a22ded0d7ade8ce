package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// listTime bounds the lists that a snapshot can do without.
	listTime = 5 * time.Second
	// logTime bounds the reading of logs for one snapshot.
	logTime = 5 * time.Second
	// logLines and logBytes bound what is read of one log: the end, where both
	// progress and failures are.
	logLines = 2000
	logBytes = 2 << 20
	// logReaders bounds the logs that are read at once.
	logReaders = 8
)

// Get observes once: it lists the objects, asks the leaders for their health
// and reads the ends of the logs of groups that do not serve. What a snapshot
// can do without is waited for some seconds only, and named in its notes where
// it is missing. The errors are those of Run.
func Get(ctx context.Context, o Options) (status.Snapshot, error) {
	in := status.Inputs{Namespace: o.Namespace, Name: o.Name, Now: o.now()}
	members := metav1.ListOptions{LabelSelector: labels.Set{lwsv1.SetNameLabelKey: o.Name}.String()}
	pods, err := o.Client.CoreV1().Pods(o.Namespace).List(ctx, members)
	if err != nil {
		return status.Snapshot{}, fmt.Errorf("listing pods in namespace %s: %w", o.Namespace, err)
	}
	in.Pods = sorted(pointers(pods.Items))
	sets, err := o.Dynamic.Resource(lwsResource).Namespace(o.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", o.Name).String(),
	})
	if err != nil {
		return status.Snapshot{}, lwsError(o.Namespace, err)
	}
	for i := range sets.Items {
		if err := decodeLWS(&sets.Items[i], o, &in); err != nil {
			return status.Snapshot{}, err
		}
	}
	if in.LWS == nil && len(in.Pods) == 0 {
		return status.Build(in), nil
	}

	g := &gathering{o: o, in: &in}
	g.wg.Go(func() { g.lists(ctx, members) })
	g.wg.Go(func() { g.health(ctx) })
	g.wg.Wait()
	g.logs(ctx)
	in.Notes = append(in.Notes, healthNotes(in.Health, in.Now)...)
	return status.Build(in), nil
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out
}

// gathering collects the inputs of one snapshot from several requests at once.
type gathering struct {
	o  Options
	wg sync.WaitGroup

	mu sync.Mutex
	in *status.Inputs
}

// lists adds what a snapshot can do without.
func (g *gathering) lists(ctx context.Context, members metav1.ListOptions) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		list, err := g.o.Client.AppsV1().StatefulSets(g.o.Namespace).List(ctx, members)
		g.add(status.TopicStatefulSet, err, func() { g.in.StatefulSets = sorted(pointers(list.Items)) })
	})
	wg.Go(func() {
		list, err := g.o.Client.CoreV1().Events(g.o.Namespace).List(ctx, metav1.ListOptions{})
		g.add(status.TopicEvents, err, func() { g.in.Events = sorted(pointers(list.Items)) })
	})
	wg.Go(func() {
		list, err := g.o.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
		g.add(status.TopicNodes, err, func() {
			g.in.Nodes, g.in.NodesKnown = sorted(pointers(list.Items)), true
		})
	})
	wg.Wait()
}

// add takes the result of one request, or notes that it is missing.
func (g *gathering) add(topic string, err error, take func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.in.Notes = append(g.in.Notes, deniedNote(topic, err))
		return
	}
	take()
}

func (g *gathering) note(n status.Note) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in.Notes = append(g.in.Notes, n)
}

// health asks every leader that runs.
func (g *gathering) health(ctx context.Context) {
	g.in.Health = map[types.UID]health.Health{}
	if g.o.Prober == nil {
		return
	}
	var wg sync.WaitGroup
	for _, pod := range g.in.Pods {
		if !status.IsLeader(pod) || pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue
		}
		wg.Go(func() {
			h := g.o.Prober.Probe(ctx, health.Target{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID)})
			// One look does not tell since when.
			h.Since = time.Time{}
			g.mu.Lock()
			defer g.mu.Unlock()
			g.in.Health[pod.UID] = h
		})
	}
	wg.Wait()
}

// logs reads the ends of the logs of the groups that do not serve, and of runs
// before the present one where there are any.
func (g *gathering) logs(ctx context.Context) {
	if g.in.LWS == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, logTime)
	defer cancel()
	m := newMemory(g.o.now)
	m.setPlan(status.PlanOf(g.in.LWS))
	slots := make(chan struct{}, logReaders)
	var wg sync.WaitGroup
	var once sync.Once
	for _, pod := range g.in.Pods {
		leader := leaderAmong(pod, g.in)
		if leader == "" || g.in.Health[leader].State == health.Serving {
			continue
		}
		for _, run := range runsOf(pod) {
			ref := refTo(pod, run.container, run.restart)
			m.begin(ref, status.OriginOf(pod, leader, run.container, run.restart))
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				err := readEnd(ctx, g.o, ref, run.previous, m)
				m.finish(ref)
				switch {
				case err == nil, errors.Is(err, podlog.ErrGone), apierrors.IsBadRequest(err):
					// A container that has not started yet has no log.
				case apierrors.IsForbidden(err):
					once.Do(func() { g.add(status.TopicLogs, err, nil) })
				default:
					once.Do(func() { g.note(troubleNote(ref, err)) })
				}
			})
		}
		for _, e := range status.ExitsOf(pod, leader) {
			m.ended(refTo(pod, e.Container, e.Restart), e)
		}
	}
	wg.Wait()
	m.settle()
	m.recall(g.in)
}

// leaderAmong returns the UID of a pod's leader.
func leaderAmong(pod *corev1.Pod, in *status.Inputs) types.UID {
	if uid := status.LeaderUID(pod, in.StatefulSets); uid != "" {
		return uid
	}
	for _, p := range in.Pods {
		if status.IsLeader(p) && p.Labels[lwsv1.GroupIndexLabelKey] == pod.Labels[lwsv1.GroupIndexLabelKey] {
			return p.UID
		}
	}
	return ""
}

// logRun is a run of a container whose log can be read.
type logRun struct {
	container string
	restart   int32
	previous  bool
}

func runsOf(pod *corev1.Pod) []logRun {
	var runs []logRun
	for _, s := range append(pod.Status.InitContainerStatuses[:len(pod.Status.InitContainerStatuses):len(pod.Status.InitContainerStatuses)], pod.Status.ContainerStatuses...) {
		if s.Name == noisy {
			continue
		}
		if s.LastTerminationState.Terminated != nil {
			runs = append(runs, logRun{s.Name, status.LastRun(&s), true})
		}
		if s.State.Running != nil || s.State.Terminated != nil {
			runs = append(runs, logRun{s.Name, s.RestartCount, false})
		}
	}
	return runs
}

// readEnd reads the end of one log into m.
func readEnd(ctx context.Context, o Options, ref podlog.Ref, previous bool, m *memory) error {
	stream, err := openLog(o.Client)(ctx, ref, corev1.PodLogOptions{
		Previous: previous, TailLines: new(int64(logLines)), LimitBytes: new(int64(logBytes)),
	})
	if err != nil {
		return err
	}
	defer stream.Close()
	return podlog.Read(stream, func(lines []podlog.Line) { m.lines(ref, lines) })
}
