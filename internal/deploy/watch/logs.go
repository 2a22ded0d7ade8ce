package watch

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// maxFollowed bounds the log streams that are open at once; each costs a
	// buffer here and a connection between API server and kubelet.
	maxFollowed = 256
	// maxWorkers is how many of them may be of workers. The largest slices have
	// 64 hosts to a group; leaders, of which more is to be learnt, find room
	// beside the workers of several groups.
	maxWorkers = 160
	// persistent is how many attempts in a row to open a log must fail for it
	// to be told: containers that have just started are among the reasons.
	persistent = 4
	// deniedPause is how long no log is asked for after one was denied.
	deniedPause = time.Minute
)

// noisy is the container whose log tells nothing of how far a start-up is: it
// reports each probe that fails while the model loads, twice a second. It is
// followed only for those who want to read it.
const noisy = "jetstream-http"

// followers follow the logs of the containers of the present pods.
type followers struct {
	memory *memory
	dirty  func()
	now    func() time.Time
	// pod returns the present pod of a name, or nil.
	pod func(name string) *corev1.Pod
	// read opens a log.
	read logReader
	// lines is told every line; it may be nil.
	lines func(status.Origin, podlog.Ref, []podlog.Line)

	wg sync.WaitGroup

	mu       sync.Mutex
	runs     map[podlog.Ref]*followed
	active   int
	workers  int // of the active ones
	deniedAt time.Time
	deniedBy error
	// without says that some logs are not followed for their number, of leaders
	// and of workers.
	without  struct{ leaders, workers bool }
	troubles map[podlog.Ref]*trouble
}

// followed is a run whose log is or was followed.
type followed struct {
	origin status.Origin
	done   bool
	// stream is what was opened last, unless it has been given up. present says
	// that it is the log of the container's present run, and overdue since when
	// it is known that this is not the run any more.
	stream  io.Closer
	present bool
	overdue time.Time
	// last is the time of the last line that was handed out. Lines up to skip
	// have been, for the run before.
	last, skip time.Time
}

// trouble is a log that cannot be opened.
type trouble struct {
	first error
	times int
}

// follow starts following what is not followed yet of the pods.
func (f *followers) follow(ctx context.Context, pods []*corev1.Pod, leaderOf func(*corev1.Pod) types.UID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.without.leaders, f.without.workers = false, false
	if !f.deniedAt.IsZero() && f.now().Sub(f.deniedAt) < deniedPause {
		return
	}
	for _, pod := range pods {
		f.followPod(ctx, pod, leaderOf)
	}
	f.giveUpOverdue()
}

// followPod follows the runs of a pod. The caller holds mu.
func (f *followers) followPod(ctx context.Context, pod *corev1.Pod, leaderOf func(*corev1.Pod) types.UID) {
	each := func(statuses []corev1.ContainerStatus) {
		for i := range statuses {
			s := &statuses[i]
			if s.Name == noisy && f.lines == nil {
				continue
			}
			if s.LastTerminationState.Terminated != nil {
				f.start(ctx, pod, leaderOf, s.Name, status.LastRun(s))
			}
			if s.State.Running != nil || s.State.Terminated != nil {
				f.start(ctx, pod, leaderOf, s.Name, s.RestartCount)
			}
		}
	}
	each(pod.Status.InitContainerStatuses)
	each(pod.Status.ContainerStatuses)
}

// start follows a run, unless it is known already or there is no room. The
// caller holds mu.
func (f *followers) start(ctx context.Context, pod *corev1.Pod, leaderOf func(*corev1.Pod) types.UID, container string, restart int32) {
	ref := refTo(pod, container, restart)
	if f.runs[ref] != nil {
		return
	}
	worker := !status.IsLeader(pod)
	leader := leaderOf(pod)
	switch {
	case leader == "":
		return // Without it, lines could not be told apart from those of another incarnation.
	case worker && (f.workers >= maxWorkers || f.active >= maxFollowed):
		f.without.workers = true
		return
	case f.active >= maxFollowed:
		f.without.leaders = true
		return
	}
	r := &followed{origin: status.OriginOf(pod, leader, container, restart), skip: f.handedOut(ref)}
	f.runs[ref] = r
	if container != noisy { // Memory takes no lines of what it has not begun.
		f.memory.begin(ref, r.origin)
	}
	f.active++
	if worker {
		f.workers++
	}
	f.wg.Go(func() {
		follower := podlog.Follower{Open: f.open, Ended: f.ended, Foreign: f.foreign, Deliver: f.deliver}
		err := follower.Follow(ctx, ref)
		f.memory.finish(ref)
		f.mu.Lock()
		f.active--
		if worker {
			f.workers--
		}
		r.done, r.stream = true, nil
		delete(f.troubles, ref)
		if errors.Is(err, podlog.ErrNotPermitted) {
			f.deniedAt, f.deniedBy = f.now(), err
			delete(f.runs, ref)
			f.memory.abandon(ref)
		}
		f.mu.Unlock()
		f.dirty()
	})
}

// handedOut returns up to when the lines of a run have been handed out as those
// of the run before, whose end was not known then. The caller holds mu.
func (f *followers) handedOut(ref podlog.Ref) time.Time {
	before := ref
	before.Restart--
	if r := f.runs[before]; r != nil && f.afterRun(before, r.last) {
		return r.last
	}
	return time.Time{}
}

// giveUpOverdue closes the streams that go on although their run is known to be
// over for a while: what they follow is the next one. The caller holds mu.
func (f *followers) giveUpOverdue() {
	for ref, r := range f.runs {
		switch {
		case r.stream == nil || !r.present || !f.superseded(ref):
		case r.overdue.IsZero():
			r.overdue = f.now()
		case f.now().Sub(r.overdue) >= drain:
			r.stream.Close()
			r.stream = nil
		}
	}
}

// forget drops what is known of runs that cannot come back: those of pods that
// are gone, and those before the last two of a container.
func (f *followers) forget(alive map[types.UID]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ref, r := range f.runs {
		if !r.done {
			continue
		}
		later := ref
		later.Restart += 2
		if !alive[types.UID(ref.UID)] || f.runs[later] != nil {
			delete(f.runs, ref)
		}
	}
}

// deliver takes the next lines of a run.
func (f *followers) deliver(ref podlog.Ref, lines []podlog.Line) {
	if end := f.ending(ref); !end.IsZero() {
		lines = slices.DeleteFunc(lines, func(l podlog.Line) bool { return afterEnd(end, l.Time) })
	}
	if len(lines) == 0 {
		return
	}
	if f.memory.lines(ref, lines) {
		f.dirty()
	}
	if f.lines == nil {
		return
	}
	f.mu.Lock()
	r := f.runs[ref]
	r.last = lines[len(lines)-1].Time
	origin, skip := r.origin, r.skip
	f.mu.Unlock()
	if !skip.IsZero() {
		lines = slices.DeleteFunc(lines, func(l podlog.Line) bool { return !l.Time.After(skip) })
	}
	if len(lines) > 0 {
		f.lines(origin, ref, lines)
	}
}

// denied returns why logs may not be read, or nil.
func (f *followers) denied() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deniedBy
}

// unfollowed reports whether some logs are not followed for their number.
func (f *followers) unfollowed() (leaders, workers bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.without.leaders, f.without.workers
}

// troubled returns a log that cannot be opened for a while now, if there is
// one; of several always the same.
func (f *followers) troubled() (podlog.Ref, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ref podlog.Ref
	var err error
	for r, t := range f.troubles {
		if t.times >= persistent && (err == nil || r.Pod+"/"+r.Container < ref.Pod+"/"+ref.Container) {
			ref, err = r, t.first
		}
	}
	return ref, err
}
