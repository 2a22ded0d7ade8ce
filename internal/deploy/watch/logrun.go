package watch

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// The API opens the log of a container's present run or of the one before, and
// does not say which run it opened. What the pods tell of their runs decides.

// logReader opens a log as the API gives it.
type logReader func(ctx context.Context, ref podlog.Ref, opts corev1.PodLogOptions) (io.ReadCloser, error)

// openLog opens a log as podlog asks for it.
func openLog(client kubernetes.Interface) logReader {
	return func(ctx context.Context, ref podlog.Ref, opts corev1.PodLogOptions) (io.ReadCloser, error) {
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
}

func refTo(pod *corev1.Pod, container string, restart int32) podlog.Ref {
	return podlog.Ref{
		Namespace: pod.Namespace, Pod: pod.Name, UID: string(pod.UID), Container: container, Restart: restart,
	}
}

// open opens the log of a run and keeps count of failures.
func (f *followers) open(ctx context.Context, ref podlog.Ref, since time.Time) (io.ReadCloser, error) {
	stream, present, err := f.openRun(ctx, ref, since)
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.runs[ref]; r != nil {
		r.stream, r.present, r.overdue = nil, present, time.Time{}
		if err == nil {
			r.stream = stream
		}
	}
	if err == nil {
		f.deniedBy = nil
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

// openRun opens the log of a run, as long as the pod still has it. present says
// that it asked for the container's present run.
func (f *followers) openRun(ctx context.Context, ref podlog.Ref, since time.Time) (stream io.ReadCloser, present bool, err error) {
	pod := f.pod(ref.Pod)
	if pod == nil || string(pod.UID) != ref.UID {
		return nil, false, podlog.ErrGone
	}
	opts := corev1.PodLogOptions{Follow: true}
	if s := containerStatus(pod, ref.Container); s != nil && s.RestartCount != ref.Restart {
		if status.LastRun(s) != ref.Restart {
			return nil, false, podlog.ErrGone
		}
		opts.Follow, opts.Previous = false, true
	}
	if !since.IsZero() {
		opts.SinceTime = &metav1.Time{Time: since}
	}
	stream, err = f.read(ctx, ref, opts)
	return stream, !opts.Previous, err
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

// superseded reports whether the container of a run is known to have a later
// one.
func (f *followers) superseded(ref podlog.Ref) bool {
	pod := f.pod(ref.Pod)
	if pod == nil || string(pod.UID) != ref.UID {
		return false
	}
	s := containerStatus(pod, ref.Container)
	return s != nil && s.RestartCount > ref.Restart
}

// foreign reports whether the stream that is open for a run has turned out to
// be of a later one, as a line of it is from after the run's end.
func (f *followers) foreign(ref podlog.Ref, at time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.runs[ref]
	return r != nil && r.present && f.superseded(ref) && f.afterRun(ref, at)
}

func (f *followers) afterRun(ref podlog.Ref, at time.Time) bool {
	end := f.ending(ref)
	return !end.IsZero() && afterEnd(end, at)
}

// afterEnd reports whether something happened after a run's end, which is
// known in whole seconds.
func afterEnd(end, at time.Time) bool { return at.After(end.Add(time.Second)) }

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
