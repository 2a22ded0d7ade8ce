package kubelet

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/environ"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/image"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podlogs"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// Reasons for which a container waits, as the kubelet words them.
const (
	waitErrImagePull        = "ErrImagePull"
	waitImagePullBackOff    = "ImagePullBackOff"
	waitErrImageNeverPull   = "ErrImageNeverPull"
	waitInvalidImageName    = "InvalidImageName"
	waitContainerConfig     = "CreateContainerConfigError"
	waitRunContainer        = "RunContainerError"
	waitCrashLoopBackOff    = "CrashLoopBackOff"
	statusUnknownReason     = "ContainerStatusUnknown"
	statusUnknownAtDeletion = "The container could not be located when the pod was terminated"
)

// preparation is what a start needs, or why it cannot be.
type preparation struct {
	image         image.Image
	env           map[string]string
	command, args []string

	failed *corev1.ContainerStateWaiting
	pull   bool // the failure is the registry's
}

// prepare pulls the image and builds the environment beside the worker.
func (w *worker) prepare(c *containerState) {
	c.starting = true
	pod, podIP := w.pod, w.ip.String()
	w.crew.run(func(ctx context.Context) {
		p := w.gather(ctx, pod, c, podIP)
		w.update(func() { c.prepared = p })
	})
}

func (w *worker) gather(ctx context.Context, pod *corev1.Pod, c *containerState, podIP string) *preparation {
	img, failed := w.ensureImage(ctx, pod, c)
	if failed != nil {
		w.event(pod, c, corev1.EventTypeWarning, "Failed", "Error: "+failed.failed.Reason)
		return failed
	}
	env, err := environ.Build(ctx, w.k.objects, pod, c.spec, environ.Facts{
		PodIP: podIP, HostIP: w.node.spec.IP.String(), Allocatable: w.node.spec.Allocatable,
	})
	if err != nil {
		w.event(pod, c, corev1.EventTypeWarning, "Failed", "Error: "+err.Error())
		return &preparation{failed: &corev1.ContainerStateWaiting{Reason: waitContainerConfig, Message: err.Error()}}
	}
	if env["HOSTNAME"] = pod.Spec.Hostname; pod.Spec.Hostname == "" {
		env["HOSTNAME"] = pod.Name
	}
	return &preparation{
		image: img, env: env,
		command: environ.ExpandAll(c.spec.Command, env), args: environ.ExpandAll(c.spec.Args, env),
	}
}

// ensureImage has the image on the node, by the container's pull policy.
func (w *worker) ensureImage(ctx context.Context, pod *corev1.Pod, c *containerState) (image.Image, *preparation) {
	refuse := func(reason, message string, pull bool) (image.Image, *preparation) {
		return image.Image{}, &preparation{pull: pull, failed: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	asked := c.spec.Image
	name, err := image.Normalize(asked)
	if err != nil {
		message := fmt.Sprintf("Failed to apply default image tag %q: %v", asked, err)
		w.event(pod, c, corev1.EventTypeWarning, "InspectFailed", message)
		return refuse(waitInvalidImageName, message, false)
	}
	if c.spec.ImagePullPolicy != corev1.PullAlways {
		if img, ok := w.node.images.Present(name); ok {
			w.event(pod, c, corev1.EventTypeNormal, "Pulled", fmt.Sprintf("Container image %q already present on machine and can be accessed by the pod", asked))
			return img, nil
		}
	}
	if c.spec.ImagePullPolicy == corev1.PullNever {
		message := fmt.Sprintf("Container image %q is not present with pull policy of Never", asked)
		w.event(pod, c, corev1.EventTypeWarning, waitErrImageNeverPull, message)
		return refuse(waitErrImageNeverPull, message, false)
	}
	w.event(pod, c, corev1.EventTypeNormal, "Pulling", fmt.Sprintf("Pulling image %q", asked))
	began := time.Now()
	img, err := w.node.images.Pull(ctx, name)
	if err != nil {
		w.event(pod, c, corev1.EventTypeWarning, "Failed", fmt.Sprintf("Failed to pull image %q: %v", asked, err))
		return refuse(waitErrImagePull, err.Error(), true)
	}
	took := time.Since(began).Truncate(time.Millisecond)
	w.event(pod, c, corev1.EventTypeNormal, "Pulled",
		fmt.Sprintf("Successfully pulled image %q in %v (%v including waiting). Image size: %d bytes.", asked, took, took, img.Size))
	return img, nil
}

// startPrepared starts a container whose preparation is done.
func (w *worker) startPrepared(c *containerState) {
	p := c.prepared
	if p == nil {
		return
	}
	c.starting, c.prepared = false, nil
	if p.failed != nil {
		w.failStart(c, p)
		return
	}
	c.pull = pullBackoff{}
	proc, err := w.newProcess(c, p)
	if err != nil {
		w.event(w.pod, c, corev1.EventTypeWarning, "Failed", "Error: "+err.Error())
		w.failStart(c, &preparation{failed: &corev1.ContainerStateWaiting{Reason: waitRunContainer, Message: err.Error()}})
		return
	}
	w.event(w.pod, c, corev1.EventTypeNormal, "Created", "Container created")
	c.image = p.image
	if c.ended != nil {
		c.last, c.ended = c.ended, nil
	}
	w.dropLog(c.previous)
	c.previous, c.proc = c.proc, proc
	c.attempts++
	c.running, c.stopping, c.waiting = true, false, nil
	c.started = c.spec.StartupProbe == nil
	c.ready = c.spec.ReadinessProbe == nil
	life := w.crew.branch()
	proc.launch(w.crew)
	w.event(w.pod, c, corev1.EventTypeNormal, "Started", "Container started")
	w.startProbes(life, c, proc)
	w.runPostStart(life, c, proc)
	w.awaitExit(life, c, proc)
}

// failStart notes why a container could not start and when to try again.
func (w *worker) failStart(c *containerState, p *preparation) {
	now := time.Now()
	c.waiting = p.failed
	c.startFailed = now
	scale := w.k.cfg.World.Scale
	if !p.pull {
		w.retryIn(c, scale(retryPeriod))
		return
	}
	c.pull.fail(p.failed.Reason+": "+p.failed.Message, now, scale)
	w.retryIn(c, scale(min(c.pull.delay, retryPeriod)/2))
}

// holdBackPull shows that the registry's refusal is being waited out.
func (w *worker) holdBackPull(c *containerState, wait time.Duration) {
	message := fmt.Sprintf("Back-off pulling image %q", c.spec.Image)
	w.event(w.pod, c, corev1.EventTypeNormal, "BackOff", message)
	w.event(w.pod, c, corev1.EventTypeWarning, "Failed", "Error: "+waitImagePullBackOff)
	c.waiting = &corev1.ContainerStateWaiting{Reason: waitImagePullBackOff, Message: message + ": " + c.pull.message}
	w.retryIn(c, min(wait, w.k.cfg.World.Scale(retryPeriod)))
}

// holdBackRestart shows that a container waits for its next start.
func (w *worker) holdBackRestart(c *containerState, wait time.Duration) {
	who := fmt.Sprintf("%s_%s(%s)", w.name, w.namespace, w.uid)
	w.event(w.pod, c, corev1.EventTypeWarning, "BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s", c.spec.Name, who))
	c.waiting = &corev1.ContainerStateWaiting{
		Reason:  waitCrashLoopBackOff,
		Message: fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", c.restart.delay, c.spec.Name, who),
	}
	w.retryIn(c, min(wait, w.k.cfg.World.Scale(retryPeriod)))
}

// newProcess creates the process of the next start, with its log.
func (w *worker) newProcess(c *containerState, p *preparation) (*process, error) {
	cfg := w.k.cfg
	start := &world.Start{
		Namespace: w.namespace, Pod: w.name, Container: c.spec.Name, Image: c.spec.Image,
		Restarts: int(c.attempts), Args: p.args, Env: p.env,
	}
	if edit := cfg.World.Faults().Start; edit != nil {
		edit(start)
	}
	path := filepath.Join(w.logDir, c.spec.Name, fmt.Sprintf("%d.log", c.attempts))
	log, err := podlogs.Create(path, cfg.LogLimits)
	if err != nil {
		return nil, err
	}
	proc := &process{
		id: newContainerID(), attempt: c.attempts, program: p.image.Program,
		net: w.net.NewProcess(), log: log, started: time.Now(),
		console: newConsole(c.spec.Stdin, c.spec.StdinOnce), term: make(chan struct{}), done: make(chan struct{}),
	}
	proc.desc = &container.Process{
		Namespace: w.namespace, Pod: w.name, UID: string(w.uid), Container: c.spec.Name, Image: c.spec.Image,
		Node: w.node.spec.Name, Labels: maps.Clone(w.pod.Labels), Annotations: maps.Clone(w.pod.Annotations),
		PodIP: w.ip, NodeIP: w.node.spec.IP, ServiceAccount: w.pod.Spec.ServiceAccountName,
		Command: p.command, Args: start.Args, Env: start.Env, Restarts: int(c.attempts),
		Stdin:  strings.NewReader(""),
		Stdout: proc.console.tee(log.Stdout(), false), Stderr: proc.console.tee(log.Stderr(), true),
		Term: proc.term, Net: proc.net, World: cfg.World, Mounts: w.volumes.mounts(c.spec),
	}
	if c.spec.Stdin {
		proc.desc.Stdin = proc.console.stdin
	}
	return proc, nil
}

// awaitExit observes the end of a process, after the delay a kubelet has.
func (w *worker) awaitExit(life *crew, c *containerState, p *process) {
	life.run(func(ctx context.Context) {
		defer life.stop()
		select {
		case <-ctx.Done():
			return
		case <-p.done:
		}
		w.mu.Lock()
		hurried := c.stopping
		w.mu.Unlock()
		if !hurried && !sleep(ctx, w.k.cfg.World.Scale(observeDelay)) {
			return
		}
		w.update(func() { w.observeExit(c, p) })
	})
}

func (w *worker) observeExit(c *containerState, p *process) {
	c.running, c.stopping, c.started, c.ready = false, false, false, false
	c.ended = terminated(p, w.terminationMessage(c, p))
	if w.termination == nil {
		w.retryIn(c, w.k.cfg.World.Scale(restartDelay))
	}
}

// Bounds of a termination message taken from the log.
const (
	messageLines = 80
	messageBytes = 2048
)

// terminationMessage is the end of the log of a container that failed, if its policy
// asks for that.
func (w *worker) terminationMessage(c *containerState, p *process) string {
	if c.spec.TerminationMessagePolicy != corev1.TerminationMessageFallbackToLogsOnError || p.result().code == 0 {
		return ""
	}
	var text strings.Builder
	lines := int64(messageLines)
	if err := p.log.Read(context.Background(), podlogs.Selection{Tail: &lines}, &text); err != nil {
		return ""
	}
	message := text.String()
	return message[max(0, len(message)-messageBytes):]
}

// dropLog removes the log of a start that can no longer be asked for.
func (w *worker) dropLog(p *process) {
	if p != nil {
		_ = p.log.Remove() // what stays goes with the pod's folder
	}
}

func (w *worker) event(pod *corev1.Pod, c *containerState, kind, reason, message string) {
	w.events.Event(containerRef(pod, c), kind, reason, message)
}
