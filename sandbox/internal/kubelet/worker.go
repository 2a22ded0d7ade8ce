package kubelet

import (
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podnet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podstatus"
)

// Delays of the kubelet's own doing, as they show in a cluster. They are scaled.
const (
	// observeDelay is how long an exit goes unnoticed: the mean of the kubelet's
	// polling of the runtime, once a second.
	observeDelay = 500 * time.Millisecond
	// restartDelay lies between reporting an exit and the next start.
	restartDelay = 500 * time.Millisecond
	// retryPeriod is when a start that failed for other reasons is tried again, and
	// how often a waiting container is looked at.
	retryPeriod = 12 * time.Second
	// logPollPeriod is how often the kubelet looks whether a container whose log is
	// followed still runs.
	logPollPeriod = time.Second
)

// worker runs one pod. Everything that happens to the pod enters through update,
// which holds the mutex and then calls sync to draw the conclusions.
type worker struct {
	k               *Kubelet
	node            *node
	uid             types.UID
	namespace, name string
	crew            *crew
	events          record.EventRecorder
	dir             string // of volumes
	logDir          string
	sandboxID       string

	mu         sync.Mutex
	gone       bool // nothing more happens: the worker has been given up
	pod        *corev1.Pod
	startTime  time.Time
	init       []*containerState // init containers and sidecars, in order
	containers []*containerState

	volumes     volumeState
	ip          netip.Addr
	net         *podnet.Namespace
	initialized bool

	termination *termination // nil until the pod is to end
	final       bool         // everything has ended
	orphaned    bool         // the object is deleted: nobody to report to
	verdict     *podstatus.Verdict
	extra       []corev1.PodCondition
	logsRemoved bool
	deadline    bool // the timer of activeDeadlineSeconds runs

	status   corev1.PodStatus // as last derived
	deleting bool             // the object's deletion has been asked for
	// contradicted is set when somebody else has changed what the kubelet reported.
	contradicted bool
}

func newWorker(k *Kubelet, n *node, pod *corev1.Pod, c *crew) *worker {
	w := &worker{
		k: k, node: n, uid: pod.UID, namespace: pod.Namespace, name: pod.Name,
		crew: c, events: k.events.recorder(n.spec.Name),
		dir:       filepath.Join(k.cfg.Dir, "pods", string(pod.UID)),
		logDir:    filepath.Join(k.cfg.Dir, "logs", pod.Namespace+"_"+pod.Name+"_"+string(pod.UID)),
		sandboxID: newContainerID(),
		pod:       pod, startTime: time.Now(), status: *pod.Status.DeepCopy(),
	}
	if pod.Status.StartTime != nil {
		w.startTime = pod.Status.StartTime.Time
	}
	for i := range pod.Spec.InitContainers {
		c := &containerState{spec: &pod.Spec.InitContainers[i], kind: initContainer}
		if podstatus.IsSidecar(c.spec) {
			c.kind = sidecarContainer
		}
		w.init = append(w.init, c)
	}
	for i := range pod.Spec.Containers {
		w.containers = append(w.containers, &containerState{spec: &pod.Spec.Containers[i]})
	}
	w.recall()
	return w
}

func containerNamed(list []*containerState, name string) *containerState {
	for _, c := range list {
		if c.spec.Name == name {
			return c
		}
	}
	return nil
}

// container finds a container of any kind. The mutex must be held.
func (w *worker) container(name string) *containerState {
	if c := containerNamed(w.init, name); c != nil {
		return c
	}
	return containerNamed(w.containers, name)
}

// all lists the containers of every kind. The mutex must be held.
func (w *worker) all() []*containerState {
	return append(append([]*containerState(nil), w.init...), w.containers...)
}

// update lets f change the worker and draws the conclusions. After the worker has
// been given up it does nothing.
func (w *worker) update(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return
	}
	f()
	w.sync()
}

// sync brings the pod one step further and reports. The mutex must be held.
func (w *worker) sync() {
	switch {
	case w.final:
	case w.termination != nil:
		w.advanceTermination()
	default:
		w.advance()
	}
	w.publish()
	if w.final && w.orphaned {
		w.discard()
	}
}

// advance starts what is to be started next.
func (w *worker) advance() {
	w.watchDeadline()
	if !w.mounted() || !w.networked() {
		return
	}
	if !w.advanceInit() {
		return
	}
	for _, c := range w.containers {
		w.ensureRunning(c)
	}
	for _, c := range w.containers {
		if c.starting && c.prepared == nil {
			break // those after it wait, so that containers start in order
		}
		w.startPrepared(c)
	}
	for _, c := range w.containers {
		if c.attempts > 0 {
			w.initialized = true
		}
		if !c.endedForGood(w.pod) {
			return
		}
	}
	w.terminate(&termination{})
}

// advanceInit runs the init containers in order and tells whether the others may
// start. Once one of those has started, only sidecars are looked after.
func (w *worker) advanceInit() bool {
	for _, c := range w.init {
		if w.initialized && c.kind == initContainer {
			continue
		}
		if c.kind == initContainer && c.idle() && c.ended != nil && c.ended.ExitCode == 0 {
			continue
		}
		if c.kind == initContainer && c.endedForGood(w.pod) {
			w.terminate(&termination{})
			return false
		}
		w.ensureRunning(c)
		w.startPrepared(c)
		if !w.initialized && (c.kind == initContainer || !c.running || !c.started) {
			return false
		}
	}
	return true
}

// ensureRunning sees to it that a container gets started when it should.
func (w *worker) ensureRunning(c *containerState) {
	if !c.idle() || c.cancelRetry != nil {
		return
	}
	now := time.Now()
	if c.ended != nil {
		if c.endedForGood(w.pod) {
			return
		}
		finished := c.ended.FinishedAt.Time
		if wait := c.restart.remaining(finished, now, w.k.cfg.World.Scale); wait > 0 {
			w.holdBackRestart(c, wait)
			return
		}
	}
	if wait := c.pull.until.Sub(now); wait > 0 {
		w.holdBackPull(c, wait)
		return
	}
	if c.ended != nil && c.startFailed.Before(c.ended.FinishedAt.Time) {
		c.restart.advance(c.ended.FinishedAt.Time, now, w.k.cfg.World.Scale)
	}
	w.prepare(c)
}

// retryIn looks at a container again in d, counted in the clock's time.
func (w *worker) retryIn(c *containerState, d time.Duration) {
	c.clearRetry()
	c.cancelRetry = w.crew.after(d, func() {
		w.update(func() { c.cancelRetry = nil })
	})
}

// abandon gives the worker up at once: its containers die and nobody is told.
func (w *worker) abandon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return
	}
	for _, c := range w.all() {
		c.clearRetry()
		if c.running {
			c.proc.kill()
		}
	}
	w.discard()
}

// discard ends the worker and removes what it has on disk. The mutex must be held.
func (w *worker) discard() {
	w.gone = true
	w.unplug()
	w.crew.stop()
	w.k.forget(w)
	// What cannot be removed stays until the sandbox's folder is.
	_ = os.RemoveAll(w.dir)
	_ = os.RemoveAll(w.logDir)
}

// isOrphaned tells whether the pod's object is gone.
func (w *worker) isOrphaned() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.orphaned
}
