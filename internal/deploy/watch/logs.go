package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// maxFollowed bounds the log streams that are open at once. The largest
	// slices have 64 hosts and so 67 of them to a group.
	maxFollowed = 200
	// persistent is how many attempts in a row to open a log must fail for it
	// to be told: containers that have just started are among the reasons.
	persistent = 4
	// deniedPause is how long no log is asked for after one was denied.
	deniedPause = time.Minute
)

// unfollowed is the container whose log says nothing: it reports each probe
// that fails while the model loads, twice a second.
const unfollowed = "jetstream-http"

// openLog opens a log as podlog asks for it.
func openLog(ctx context.Context, client kubernetes.Interface, ref podlog.Ref, opts corev1.PodLogOptions) (io.ReadCloser, error) {
	opts.Container, opts.Timestamps = ref.Container, true
	stream, err := client.CoreV1().Pods(ref.Namespace).GetLogs(ref.Pod, &opts).Stream(ctx)
	switch {
	case err == nil:
		return stream, nil
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("%w: %w", podlog.ErrGone, err)
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("%w: %w", podlog.ErrNotPermitted, err)
	}
	return nil, err
}

// followers follow the logs of the containers of the present pods.
type followers struct {
	client kubernetes.Interface
	memory *memory
	dirty  func()
	now    func() time.Time
	// pod returns the present pod of a name, or nil.
	pod func(name string) *corev1.Pod

	wg sync.WaitGroup

	mu       sync.Mutex
	active   int
	deniedAt time.Time
	deniedBy error
	crowded  bool // there were more logs than may be followed
	troubles map[podlog.Ref]*trouble
}

// trouble is a log that cannot be opened.
type trouble struct {
	first error
	times int
}

// follow starts following what is not followed yet of a pod.
func (f *followers) follow(ctx context.Context, pod *corev1.Pod, leader types.UID) {
	if leader == "" {
		return // Without it, lines could not be told apart from those of another incarnation.
	}
	each := func(statuses []corev1.ContainerStatus) {
		for i := range statuses {
			s := &statuses[i]
			if s.Name == unfollowed {
				continue
			}
			if s.LastTerminationState.Terminated != nil {
				f.start(ctx, pod, leader, s.Name, status.LastRun(s))
			}
			if s.State.Running != nil || s.State.Terminated != nil {
				f.start(ctx, pod, leader, s.Name, s.RestartCount)
			}
		}
	}
	each(pod.Status.InitContainerStatuses)
	each(pod.Status.ContainerStatuses)
}

func (f *followers) start(ctx context.Context, pod *corev1.Pod, leader types.UID, container string, restart int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.deniedAt.IsZero() && f.now().Sub(f.deniedAt) < deniedPause {
		return
	}
	if f.active >= maxFollowed {
		f.crowded = true
		return
	}
	ref := refTo(pod, container, restart)
	if !f.memory.begin(ref, status.OriginOf(pod, leader, container, restart)) {
		return
	}
	f.active++
	f.wg.Go(func() {
		follower := podlog.Follower{Open: f.open, Ended: f.ended, Deliver: f.deliver}
		err := follower.Follow(ctx, ref)
		f.memory.finish(ref)
		f.mu.Lock()
		f.active--
		delete(f.troubles, ref)
		if errors.Is(err, podlog.ErrNotPermitted) {
			f.deniedAt, f.deniedBy = f.now(), err
			f.memory.abandon(ref)
		}
		f.mu.Unlock()
		f.dirty()
	})
}

func refTo(pod *corev1.Pod, container string, restart int32) podlog.Ref {
	return podlog.Ref{
		Namespace: pod.Namespace, Pod: pod.Name, UID: string(pod.UID), Container: container, Restart: restart,
	}
}

// open opens the log of a run and keeps count of failures.
func (f *followers) open(ctx context.Context, ref podlog.Ref, since time.Time) (io.ReadCloser, error) {
	stream, err := f.openRun(ctx, ref, since)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.troubles, ref)
		return stream, nil
	}
	t := f.troubles[ref]
	if t == nil {
		t = &trouble{first: err}
		f.troubles[ref] = t
	}
	if t.times++; t.times == persistent {
		f.dirty()
	}
	return nil, err
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

// openRun opens the log of a run, as long as the pod still has it.
func (f *followers) openRun(ctx context.Context, ref podlog.Ref, since time.Time) (io.ReadCloser, error) {
	pod := f.pod(ref.Pod)
	if pod == nil || string(pod.UID) != ref.UID {
		return nil, podlog.ErrGone
	}
	opts := corev1.PodLogOptions{Follow: true}
	if s := containerStatus(pod, ref.Container); s != nil && s.RestartCount != ref.Restart {
		if status.LastRun(s) != ref.Restart {
			return nil, podlog.ErrGone
		}
		opts.Follow, opts.Previous = false, true
	}
	if !since.IsZero() {
		opts.SinceTime = &metav1.Time{Time: since}
	}
	return openLog(ctx, f.client, ref, opts)
}

// ended reports whether a run is over, as far as the local copy of its pod
// tells.
func (f *followers) ended(ref podlog.Ref) bool {
	pod := f.pod(ref.Pod)
	if pod == nil || string(pod.UID) != ref.UID {
		return true
	}
	s := containerStatus(pod, ref.Container)
	return s != nil && (s.RestartCount > ref.Restart || s.State.Running == nil)
}

// ending returns when a run ended, or a zero time while that is not known.
func (f *followers) ending(ref podlog.Ref) time.Time {
	pod := f.pod(ref.Pod)
	if pod == nil || string(pod.UID) != ref.UID {
		return time.Time{}
	}
	s := containerStatus(pod, ref.Container)
	switch {
	case s == nil:
	case s.State.Terminated != nil && s.RestartCount == ref.Restart:
		return s.State.Terminated.FinishedAt.Time
	case s.LastTerminationState.Terminated != nil && status.LastRun(s) == ref.Restart:
		return s.LastTerminationState.Terminated.FinishedAt.Time
	}
	return time.Time{}
}

func (f *followers) deliver(ref podlog.Ref, lines []podlog.Line) {
	if end := f.ending(ref); !end.IsZero() {
		// The log of the next run may be what was opened; times of ends are in
		// whole seconds.
		lines = slices.DeleteFunc(lines, func(l podlog.Line) bool { return l.Time.After(end.Add(time.Second)) })
	}
	if f.memory.lines(ref, lines) {
		f.dirty()
	}
}

// denied returns why logs may not be read, or nil.
func (f *followers) denied() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deniedBy
}

// full reports whether some logs are not followed for their number.
func (f *followers) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crowded
}

func containerStatus(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range statuses {
			if statuses[i].Name == name {
				return &statuses[i]
			}
		}
	}
	return nil
}
