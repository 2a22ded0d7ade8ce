package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podlogs"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/shell"
)

// logSource is where a log comes from: a log, or the identity of a container that has
// been removed with its log.
type logSource struct {
	log  *podlogs.Log
	gone string
}

var errNoContainer = errors.New("no such container")

// logOf finds the log of a container by its state, with the texts of the kubelet for
// those that have none.
func (w *worker) logOf(name string, previous bool) (logSource, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.container(name)
	if c == nil {
		return logSource{}, errNoContainer
	}
	s := c.status(len(w.init) > 0)
	var id string
	switch ended, last := s.State.Terminated, s.LastTerminationState.Terminated; {
	case previous:
		if last == nil || last.ContainerID == "" {
			return logSource{}, fmt.Errorf("previous terminated container %q in pod %q not found", name, w.name)
		}
		id = last.ContainerID
	case s.State.Running != nil:
		id = s.ContainerID
	case ended != nil && ended.ContainerID != "":
		id = ended.ContainerID
	case last != nil && last.ContainerID != "":
		id = last.ContainerID
	case ended != nil || last != nil:
		return logSource{}, fmt.Errorf("container %q in pod %q is terminated", name, w.name)
	default:
		return logSource{}, fmt.Errorf("container %q in pod %q is waiting to start: %s", name, w.name, waitingText(s.State.Waiting.Reason))
	}
	if w.logsRemoved {
		return logSource{gone: id}, nil
	}
	for _, p := range []*process{c.proc, c.previous} {
		if p != nil && p.containerID() == id {
			return logSource{log: p.log}, nil
		}
	}
	return logSource{gone: id}, nil
}

func waitingText(reason string) string {
	switch reason {
	case waitErrImagePull:
		return "image can't be pulled"
	case waitImagePullBackOff:
		return "trying and failing to pull image"
	default:
		return reason
	}
}

// runningProcess returns the process of a container that runs.
func (w *worker) runningProcess(name string) (*process, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.container(name)
	if c == nil || !c.running {
		return nil, false
	}
	return c.proc, true
}

// forwardLinger is how long the second direction of a forwarded connection may go on
// after the first has ended, as in the container runtime.
const forwardLinger = time.Second

// forwarder connects the streams of one port-forward session to ports of its pod.
type forwarder struct {
	worker *worker
	epoch  int // the run of the kubelet that the session belongs to
}

// PortForward copies between a stream and a port of the pod until one side is done.
// The client closes the whole session when it is told an error.
func (f *forwarder) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	w := f.worker
	w.mu.Lock()
	namespace := w.net
	w.mu.Unlock()
	if _, epoch := w.node.kubeletRun(); epoch != f.epoch || w.node.isSilent() {
		return errors.New("the kubelet that served the session has been restarted")
	}
	if namespace == nil {
		return fmt.Errorf("failed to find sandbox %q in store: not found", w.sandboxID)
	}
	run, _ := w.node.kubeletRun()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(run, cancel)()

	fail := func(err error) error {
		return fmt.Errorf("failed to execute portforward in network namespace %q: %w", "/var/run/netns/cni-"+w.sandboxID[:12], err)
	}
	conn, err := namespace.Dial(ctx, "localhost:"+strconv.Itoa(int(port)))
	if err != nil {
		return fail(refusal(err, port, w.sandboxID))
	}
	defer func() { _ = conn.Close() }()

	ends := make(chan error, 2)
	go func() { // ends when the connection is closed
		_, err := io.Copy(stream, conn)
		ends <- err
	}()
	go func() { // ends when the client's stream is closed or reset by the session
		_, err := io.Copy(conn, stream)
		ends <- err
	}()
	var first error
	select {
	case first = <-ends:
	case <-ctx.Done():
		return nil // the client notices with its next connection
	}
	linger := time.NewTimer(forwardLinger)
	defer linger.Stop()
	select {
	case second := <-ends:
		if first == nil {
			first = second
		}
	case <-linger.C:
	case <-ctx.Done():
		return nil
	}
	if first != nil {
		return fail(asLoopback(first))
	}
	return nil
}

// asLoopback words an error of a connection in the pod as the runtime sees it, which
// connects over localhost.
func asLoopback(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err
	}
	local := func(a net.Addr) net.Addr {
		tcp, ok := a.(*net.TCPAddr)
		if !ok {
			return a
		}
		return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return &net.OpError{Op: op.Op, Net: "tcp4", Source: local(op.Source), Addr: local(op.Addr), Err: op.Err}
}

// refusal words the failure to connect to a port of the pod as the container runtime
// does, which tries both families of localhost.
func refusal(err error, port int32, sandbox string) error {
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = fmt.Errorf("dial tcp4 127.0.0.1:%d: %w", port, call)
	}
	return fmt.Errorf("failed to connect to localhost:%d inside namespace %q, IPv4: %w IPv6 dial tcp6 [::1]:%d: connect: connection refused ", port, sandbox, err, port)
}

// commandRunner runs the commands of kubectl exec in a process's container.
type commandRunner struct{ process *process }

// ExecInContainer implements remotecommand.Executor.
func (r *commandRunner) ExecInContainer(ctx context.Context, _, _, _ string, command []string, in io.Reader, out, errOut io.WriteCloser, tty bool, _ <-chan remotecommand.TerminalSize, _ time.Duration) error {
	streams := shell.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	if in != nil {
		streams.In = in
	}
	if out != nil {
		streams.Out = out
		streams.Err = out // a terminal has one stream
	}
	if errOut != nil {
		streams.Err = errOut
	}
	if tty {
		streams = shell.Terminal(streams)
	}
	code, err := execute(ctx, r.process, command, streams)
	switch {
	case err != nil:
		return err
	case code != 0:
		return utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: code}
	default:
		return nil
	}
}

// attacher connects clients to a process's own streams.
type attacher struct{ process *process }

// AttachContainer implements remotecommand.Attacher.
func (a *attacher) AttachContainer(ctx context.Context, _, _, _ string, in io.Reader, out, errOut io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize) error {
	p := a.process
	view := p.console.attach()
	defer p.console.detach(view)
	if in != nil {
		go p.console.feed(in) // ends with the session
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case chunk, ok := <-view.output:
			if !ok {
				return nil
			}
			to := out
			if chunk.stderr && errOut != nil {
				to = errOut
			}
			if to == nil {
				continue
			}
			if _, err := to.Write(chunk.text); err != nil {
				return nil // the client has gone
			}
		}
	}
}
