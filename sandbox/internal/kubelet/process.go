package kubelet

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podlogs"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podnet"
)

// runtimeName prefixes container IDs, as the runtime's name does.
const runtimeName = "containerd"

// Exit codes and reasons as the runtime reports them.
const (
	exitKilled = 137 // 128 + SIGKILL
	exitPanic  = 2

	reasonCompleted = "Completed"
	reasonError     = "Error"
	reasonOOMKilled = "OOMKilled"
)

// process is one start of one container.
type process struct {
	id      string
	attempt int32
	program container.Program
	desc    *container.Process
	net     *podnet.Process
	log     *podlogs.Log
	started time.Time
	console *console

	term     chan struct{}
	termOnce sync.Once
	alive    context.Context // the life of the process
	cancel   context.CancelFunc

	mu   sync.Mutex
	over bool
	exit exitState
	done chan struct{} // closed when exit is set
}

type exitState struct {
	code   int32
	reason string
	at     time.Time
}

// newContainerID returns an identity as the container runtime makes them.
func newContainerID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// launch starts the program. The process belongs to the crew: it is killed when the
// crew ends.
func (p *process) launch(c *crew) {
	p.alive, p.cancel = context.WithCancel(c.ctx)
	c.run(func(context.Context) {
		code := p.call(p.alive)
		if p.alive.Err() != nil {
			code = exitKilled
		}
		p.end(code)
	})
}

// bound returns a context that ends with ctx or with the process.
func (p *process) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.alive, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// call runs the program and survives its panic, which ends only the container.
func (p *process) call(ctx context.Context) (code int) {
	defer func() {
		if cause := recover(); cause != nil {
			_, _ = fmt.Fprintf(p.desc.Stderr, "panic: %v\n\n%s", cause, debug.Stack()) // a log takes everything
			code = exitPanic
		}
	}()
	return p.program.Run(ctx, p.desc)
}

// end makes the process exit with the code: its sockets close, its log ends, and what
// its program still does is of no effect. Only the first call counts.
func (p *process) end(code int) {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		return
	}
	p.over = true
	p.exit = exitState{code: int32(code & 0xff), reason: reasonError, at: time.Now()}
	switch code {
	case 0:
		p.exit.reason = reasonCompleted
	case container.ExitOOMKilled:
		p.exit.reason = reasonOOMKilled
	}
	p.mu.Unlock()

	p.net.Close()
	_ = p.log.Close() // a full disk shows as a log cut short
	p.console.close()
	p.cancel()
	close(p.done)
}

// kill is SIGKILL.
func (p *process) kill() { p.end(exitKilled) }

// terminate is SIGTERM.
func (p *process) terminate() { p.termOnce.Do(func() { close(p.term) }) }

// result returns how the process ended; done must be closed.
func (p *process) result() exitState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

func (p *process) containerID() string { return runtimeName + "://" + p.id }

// console copies a process's output to those attached and feeds it their input.
type console struct {
	mu       sync.Mutex
	closed   bool
	attached map[*attachment]struct{}
	stdin    *io.PipeReader // nil if the container takes no input
	stdinIn  *io.PipeWriter
	once     bool // input ends with the first client that gives some
}

// attachment is one client attached to a process. A client that does not keep up
// loses output rather than holding up the process.
type attachment struct {
	output chan outputChunk
}

type outputChunk struct {
	stderr bool
	text   []byte
}

// attachBacklog is how many writes of the process an attached client may lag.
const attachBacklog = 256

func newConsole(stdin, once bool) *console {
	c := &console{attached: make(map[*attachment]struct{}), once: once}
	if stdin {
		c.stdin, c.stdinIn = io.Pipe()
	}
	return c
}

// tee returns a writer to the log that attached clients see too.
func (c *console) tee(log io.Writer, stderr bool) io.Writer {
	return teeWriter{log: log, console: c, stderr: stderr}
}

type teeWriter struct {
	log     io.Writer
	console *console
	stderr  bool
}

func (w teeWriter) Write(p []byte) (int, error) {
	w.console.mu.Lock()
	for a := range w.console.attached {
		select {
		case a.output <- outputChunk{stderr: w.stderr, text: append([]byte(nil), p...)}:
		default:
		}
	}
	w.console.mu.Unlock()
	return w.log.Write(p)
}

func (c *console) attach() *attachment {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &attachment{output: make(chan outputChunk, attachBacklog)}
	if c.closed {
		close(a.output)
		return a
	}
	c.attached[a] = struct{}{}
	return a
}

func (c *console) detach(a *attachment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.attached, a)
}

// feed gives a client's input to the process, until either ends.
func (c *console) feed(in io.Reader) {
	if c.stdinIn == nil {
		return
	}
	_, _ = io.Copy(c.stdinIn, in) // whichever has ended is none of the other's faults
	if c.once {
		_ = c.stdinIn.Close() // never fails
	}
}

// close ends the attachments' output, after what they have not read yet.
func (c *console) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for a := range c.attached {
		close(a.output)
		delete(c.attached, a)
	}
	if c.stdinIn != nil {
		_ = c.stdinIn.CloseWithError(io.EOF) // never fails
		_ = c.stdin.Close()
	}
}
