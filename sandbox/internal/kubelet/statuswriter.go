package kubelet

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
)

const (
	// statusWriters is how many pods' statuses are written at once.
	statusWriters = 16
	// gatherDelay is how long the first steps of a pod, which follow one another
	// closely, are gathered into one write.
	gatherDelay = 50 * time.Millisecond
)

// statusWriter writes pod statuses: for one pod never two at a time, and always the
// latest one, so that an older state cannot overwrite a newer.
type statusWriter struct {
	client kubernetes.Interface
	logger *slog.Logger
	queue  workqueue.TypedRateLimitingInterface[types.UID]

	mu      sync.Mutex
	pending map[types.UID]statusWrite
	written map[types.UID]*corev1.PodStatus // as the API server has it
	writing map[types.UID]bool
}

// statusWrite is a status to be written.
type statusWrite struct {
	namespace, name string
	uid             types.UID
	base            *corev1.PodStatus // what the API had when the pod was last seen
	status          corev1.PodStatus
	delete          bool   // delete the object when that is done
	gone            func() // called when the API server has no such pod any more
}

func newStatusWriter(client kubernetes.Interface, logger *slog.Logger) *statusWriter {
	return &statusWriter{
		client: client, logger: logger,
		queue:   workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[types.UID]()),
		pending: make(map[types.UID]statusWrite),
		written: make(map[types.UID]*corev1.PodStatus),
		writing: make(map[types.UID]bool),
	}
}

func (s *statusWriter) start(all *crew) {
	all.run(func(ctx context.Context) {
		<-ctx.Done()
		s.queue.ShutDown()
	})
	for range statusWriters {
		all.run(func(ctx context.Context) {
			for s.next(ctx) {
			}
		})
	}
}

// set replaces what is to be written of a pod. What a pod shows before any container
// has been started may wait a moment for more.
func (s *statusWriter) set(w statusWrite) {
	s.mu.Lock()
	s.pending[w.uid] = w
	s.mu.Unlock()
	if w.status.Phase == corev1.PodPending && !w.delete {
		s.queue.AddAfter(w.uid, gatherDelay)
		return
	}
	s.queue.Add(w.uid)
}

// rebase takes base as what the API server has of a pod, unless a write is under way.
// It tells whether it did.
func (s *statusWriter) rebase(uid types.UID, base *corev1.PodStatus) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, pending := s.pending[uid]; pending || s.writing[uid] || s.written[uid] == nil {
		return false
	}
	s.written[uid] = base
	return true
}

// forget drops what is known of a pod that is gone.
func (s *statusWriter) forget(uid types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, uid)
	delete(s.written, uid)
}

func (s *statusWriter) next(ctx context.Context) bool {
	uid, quit := s.queue.Get()
	if quit {
		return false
	}
	defer s.queue.Done(uid)
	s.mu.Lock()
	w, ok := s.pending[uid]
	delete(s.pending, uid)
	base := s.written[uid]
	s.writing[uid] = ok
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.writing, uid)
		s.mu.Unlock()
	}()
	if !ok {
		return true
	}
	if base == nil {
		base = w.base
	}
	err := s.write(ctx, w, base)
	switch {
	case err == nil:
		s.queue.Forget(uid)
		s.mu.Lock()
		if w.delete {
			delete(s.written, uid) // the pod is gone, perhaps before this answer came
		} else {
			s.written[uid] = &w.status
		}
		s.mu.Unlock()
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		s.queue.Forget(uid) // the pod is gone, or another one has its name
		s.forget(uid)
		w.gone()
	case ctx.Err() == nil:
		s.logger.Warn("writing a pod's status", "namespace", w.namespace, "pod", w.name, "error", err)
		s.mu.Lock()
		if _, newer := s.pending[uid]; !newer {
			s.pending[uid] = w
		}
		s.mu.Unlock()
		s.queue.AddRateLimited(uid)
	}
	return true
}

func (s *statusWriter) write(ctx context.Context, w statusWrite, base *corev1.PodStatus) error {
	patch, err := statusPatch(w.uid, base, &w.status)
	if err != nil {
		return err
	}
	pods := s.client.CoreV1().Pods(w.namespace)
	if patch != nil {
		if _, err := pods.Patch(ctx, w.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
			return fmt.Errorf("patching it: %w", err)
		}
	}
	if w.delete {
		err := pods.Delete(ctx, w.name, metav1.DeleteOptions{
			GracePeriodSeconds: ptr.To(int64(0)),
			Preconditions:      &metav1.Preconditions{UID: &w.uid},
		})
		if err != nil {
			return fmt.Errorf("deleting the pod: %w", err)
		}
	}
	return nil
}

// statusPatch is the difference between two statuses, bound to the pod's identity;
// nil if there is none.
func statusPatch(uid types.UID, from, to *corev1.PodStatus) ([]byte, error) {
	encode := func(s *corev1.PodStatus) ([]byte, error) {
		raw, err := json.Marshal(corev1.Pod{Status: *s})
		if err != nil {
			return nil, fmt.Errorf("encoding a status: %w", err)
		}
		return raw, nil
	}
	before, err := encode(from)
	if err != nil {
		return nil, err
	}
	after, err := encode(to)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, corev1.Pod{})
	if err != nil {
		return nil, fmt.Errorf("comparing statuses: %w", err)
	}
	if string(patch) == "{}" {
		return nil, nil
	}
	var object map[string]any
	if err := json.Unmarshal(patch, &object); err != nil {
		return nil, fmt.Errorf("comparing statuses: %w", err)
	}
	object["metadata"] = map[string]any{"uid": uid}
	if patch, err = json.Marshal(object); err != nil {
		return nil, fmt.Errorf("comparing statuses: %w", err)
	}
	return patch, nil
}
