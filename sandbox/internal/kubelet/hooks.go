package kubelet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/probe"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/shell"
)

// execute runs a command in a process's container. It ends when the process does.
func execute(ctx context.Context, p *process, command []string, streams shell.Streams) (int, error) {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	s := &shell.Shell{Process: p.desc, Program: p.program}
	code, err := s.Run(ctx, command, streams)
	if errors.Is(err, shell.ErrNotFound) {
		err = fmt.Errorf("failed to exec in container: failed to start exec %q: OCI runtime exec failed: exec failed: unable to start container process: %w", newContainerID(), err)
	}
	return code, err
}

// executor runs the commands of probes.
type executor struct{ process *process }

func (e executor) Execute(ctx context.Context, command []string) (output []byte, exitCode int, err error) {
	var out bytes.Buffer
	code, err := execute(ctx, e.process, command, shell.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	return out.Bytes(), code, err
}

// DialContext connects from the node, as its kubelet does.
func (n nodeDialer) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return n.k.cfg.Network.Dial(ctx, n.node.spec.IP, address)
}

type nodeDialer struct {
	k    *Kubelet
	node *node
}

// target is what probes and hooks of a process ask.
func (w *worker) target(c *containerState, p *process) *probe.Target {
	return &probe.Target{Container: c.spec, PodIP: p.desc.PodIP.String(), Dialer: nodeDialer{w.k, w.node}, Executor: executor{p}}
}

// scale converts durations that end a process to the clock's: programs that work in
// real time are given it.
func (p *process) scale(simulated func(time.Duration) time.Duration) func(time.Duration) time.Duration {
	if r, ok := p.program.(container.RealTimer); ok && r.RealTime() {
		return func(d time.Duration) time.Duration { return d }
	}
	return simulated
}

// startProbes begins to probe a process that has just started. The mutex must be held.
func (w *worker) startProbes(life *crew, c *containerState, p *process) {
	target := w.target(c, p)
	begin := func(name probe.Name, spec *corev1.Probe, due func() bool, verdict func(ok bool) bool) {
		if spec == nil {
			return
		}
		scale := w.k.cfg.World.Scale
		if name != probe.Readiness {
			scale = p.scale(scale)
		}
		schedule := probe.NewSchedule(spec, scale)
		// The kubelet has to learn first that the container runs.
		schedule.InitialDelay = max(schedule.InitialDelay, w.k.cfg.World.Scale(observeDelay))
		run := &probe.Probe{
			Schedule: schedule,
			Due:      due,
			Ask:      func(ctx context.Context) probe.Answer { return target.Ask(ctx, &spec.ProbeHandler) },
			Failed: func(a probe.Answer) {
				w.mu.Lock()
				pod := w.pod
				w.mu.Unlock()
				w.event(pod, c, corev1.EventTypeWarning, "Unhealthy", name.Message(a))
			},
			Verdict: verdict,
		}
		life.run(run.Run)
	}
	// is tells whether the process is still the container's, in a state that f accepts.
	is := func(f func() bool) func() bool {
		return func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return c.running && c.proc == p && f()
		}
	}
	started := is(func() bool { return c.started })
	begin(probe.Startup, c.spec.StartupProbe, is(func() bool { return w.termination == nil }), func(ok bool) bool {
		w.update(func() {
			switch {
			case c.proc != p || !c.running:
			case ok:
				c.started = true
			default:
				w.killUnhealthy(c, probe.Startup, c.spec.StartupProbe)
			}
		})
		return false
	})
	begin(probe.Liveness, c.spec.LivenessProbe, is(func() bool { return c.started && w.termination == nil }), func(ok bool) bool {
		if ok {
			return true
		}
		w.update(func() {
			if c.proc == p && c.running {
				w.killUnhealthy(c, probe.Liveness, c.spec.LivenessProbe)
			}
		})
		return false
	})
	begin(probe.Readiness, c.spec.ReadinessProbe, started, func(ok bool) bool {
		w.update(func() {
			if c.proc == p {
				c.ready = ok
			}
		})
		return true
	})
}

// killUnhealthy stops a container whose probe has failed.
func (w *worker) killUnhealthy(c *containerState, name probe.Name, spec *corev1.Probe) {
	if w.termination != nil {
		return
	}
	message := fmt.Sprintf("Container %s failed %s probe", c.spec.Name, strings.ToLower(string(name)))
	policy := w.pod.Spec.RestartPolicy
	if c.spec.RestartPolicy != nil {
		policy = corev1.RestartPolicy(*c.spec.RestartPolicy)
	}
	if policy != corev1.RestartPolicyNever {
		message += ", will be restarted"
	}
	w.stop(c, w.grace(spec), message)
}

// kubeletRestarted makes what has a readiness probe unready until its next answer.
func (w *worker) kubeletRestarted() {
	w.update(func() {
		for _, c := range w.all() {
			if c.running && c.spec.ReadinessProbe != nil {
				c.ready = false
			}
		}
	})
}

// runPostStart runs a container's hook for the time after its start, beside it. A
// hook that fails ends the container.
func (w *worker) runPostStart(life *crew, c *containerState, p *process) {
	if c.spec.Lifecycle == nil || c.spec.Lifecycle.PostStart == nil {
		return
	}
	pod, hook := w.pod, c.spec.Lifecycle.PostStart
	life.run(func(ctx context.Context) {
		err := w.runHook(ctx, c, p, hook)
		if err == nil || ctx.Err() != nil {
			return
		}
		w.event(pod, c, corev1.EventTypeWarning, "FailedPostStartHook", "PostStartHook failed")
		w.update(func() {
			if c.proc == p && c.running {
				w.stop(c, w.grace(nil), "FailedPostStartHook")
			}
		})
	})
}

// runPreStop runs a container's hook for the time before its end, for at most the
// grace period, and returns how much of that it took, both in unscaled time.
func (w *worker) runPreStop(ctx context.Context, pod *corev1.Pod, c *containerState, p *process, grace time.Duration) time.Duration {
	if c.spec.Lifecycle == nil || c.spec.Lifecycle.PreStop == nil || grace <= 0 {
		return 0
	}
	scaled := w.k.cfg.World.Scale(grace)
	ctx, cancel := context.WithTimeout(ctx, scaled)
	defer cancel()
	began := time.Now()
	if err := w.runHook(ctx, c, p, c.spec.Lifecycle.PreStop); err != nil && ctx.Err() == nil {
		w.event(pod, c, corev1.EventTypeWarning, "FailedPreStopHook", "PreStopHook failed")
	}
	return time.Duration(float64(time.Since(began)) * w.k.cfg.World.Speed()).Truncate(time.Second)
}

// runHook runs a hook until it is done, ctx ends, or the process does.
func (w *worker) runHook(ctx context.Context, c *containerState, p *process, hook *corev1.LifecycleHandler) error {
	switch {
	case hook.Exec != nil:
		code, err := execute(ctx, p, hook.Exec.Command, shell.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
		if err == nil && code != 0 {
			err = fmt.Errorf("command exited with %d", code)
		}
		return err
	case hook.HTTPGet != nil:
		return w.target(c, p).Get(ctx, hook.HTTPGet)
	case hook.Sleep != nil:
		timer := time.NewTimer(w.k.cfg.World.Scale(time.Duration(hook.Sleep.Seconds) * time.Second))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.done:
		case <-ctx.Done():
		}
		return nil
	case hook.TCPSocket != nil:
		return nil // accepted by the API and without effect, as documented
	default:
		return errors.New("the hook has no action")
	}
}
