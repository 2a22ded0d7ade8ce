package jetstreampathways

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/glog"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

// process is the Python process in the container.
type process struct {
	*container.Process
	stdout *python.Stdout
	root   python.CloudRoot // the root logger: JSON on standard error
	logger *python.Logger   // JetstreamLogger: text on standard output
	cpp    *glog.Logger     // the C++ libraries below JAX

	mu     sync.Mutex // guards chance, which the driver's threads share
	chance *rand.Rand
}

// pid is the process id of Python under the image's shell script.
const pid = 7

func newProcess(p *container.Process) *process {
	stdout := python.NewStdout(p.Stdout, p.Env)
	return &process{
		Process: p,
		stdout:  stdout,
		root:    python.CloudRoot{Stderr: p.Stderr},
		logger:  &python.Logger{Name: "JetstreamLogger", Level: python.ParseLevel(p.Env["LOG_LEVEL"]), Stdout: stdout},
		cpp:     glog.New(p.Stderr, pid),
		chance:  p.World.Rand(p.Namespace + "/" + p.Pod + "/" + p.Container),
	}
}

// The ways in which the process ends, besides an exception that nobody catches.
var (
	// errKilled is the process killing itself, as it does when one of its threads
	// fails. What print() has buffered is lost.
	errKilled = errors.New("killed")
	// errTerminated is SIGTERM. The real container's first process is a shell that
	// ignores it until the kill; the sandbox ends at once, so that nobody has to
	// wait out the grace period at every change.
	errTerminated = errors.New("terminated")
)

// crash is the end that a fault of the world put at a milestone.
type crash struct{ exitCode int }

func (c *crash) Error() string { return fmt.Sprintf("crashed with exit code %d", c.exitCode) }

// exitCode ends the process as err says: nil and an exception flush what is
// buffered, as the interpreter does at its end; signals do not.
func (p *process) exitCode(err error) int {
	var exception *python.Exception
	var crashed *crash
	switch {
	case err == nil:
		p.stdout.Flush()
		return 0
	case errors.As(err, &exception):
		_, _ = io.WriteString(p.Stderr, exception.Traceback()) // a container's log never fails
		p.stdout.Flush()
		return 1
	case errors.As(err, &crashed):
		return crashed.exitCode
	case errors.Is(err, errKilled):
		// The shell tells how its child ended.
		fmt.Fprintf(p.Stderr, "/usr/bin/jetstream_pathways_entrypoint.sh: line 18: %5d Killed                  python3 MaxText/maxengine_server.py $@\n", pid)
		return 128 + 9
	default:
		return 128 + 15
	}
}

// sleep waits a duration of the real system. It ends early, with ctx's cause, when
// the process is to end or has lost its devices.
func (p *process) sleep(ctx context.Context, d time.Duration) error {
	return wait(ctx, p.World.Scale(d))
}

// wait is sleep for a duration of real time.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// between is a duration by chance.
func (p *process) between(least, most time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return least + time.Duration(p.chance.Int64N(int64(most-least)))
}

// reach reports a milestone, where a fault may end the process.
func (p *process) reach(name string) error {
	code, lines := p.Milestone(name)
	for _, line := range lines {
		fmt.Fprintln(p.Stderr, line)
	}
	if code > 0 {
		return &crash{code}
	}
	return nil
}

// infof logs to the root logger from a place in JetStream's source.
func (p *process) infof(file string, line int, function, format string, args ...any) {
	p.root.Logf(python.Info, "root", python.Source{File: "/JetStream/jetstream/" + file, Line: line, Function: function}, format, args...)
}
