// Package lwsmanager is the simulated image of the LeaderWorkerSet controller. What
// it simulates is the image alone: the controller is the real one, linked into this
// binary and run as a child process of the same executable.
//
// A process of its own it must be, since the controller keeps global state, exits the
// process when it loses its lease, and runs in two replicas. The child works with the
// pod's own service account; what it serves is reachable at the pod's address in the
// simulated network, over unix sockets that only this user can open. It ends when its
// parent does, however that ends.
//
// The parent starts the child with ChildCommand, a directory and the container's own
// arguments, writes a Setup to its standard input and keeps that open; the child ends when its input does. For each port that it serves the
// child listens on a unix socket of that number's name in Setup.SocketDir and then
// writes the number, as a line, to AnnounceFD. Package process is the child's side.
package lwsmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

// Repository and Tag name the image. The tag is the version of the linked module, so
// that the manifests of other releases fail to pull as an image that does not exist.
const (
	Repository = "registry.k8s.io/lws/lws"
	Tag        = "v0.9.0"
)

// entrypoint is the image's own command.
const entrypoint = "/manager"

// Exit codes of a container whose command cannot be run or was ended by a signal.
const (
	exitNoCommand = 127
	exitKilled    = 137
)

// outputTimeout bounds the wait for output of a child that has ended.
const outputTimeout = time.Second

// Program runs the controller.
type Program struct {
	// Executable is this binary. It is started under the name of this process.
	Executable string
	// Server is the URL of the API server.
	Server string
	// SocketDir is where the child's sockets are made, each start in a directory of
	// its own, which is removed afterwards. It must leave room for SocketName.
	SocketDir string
}

var _ container.Program = Program{}

// SocketName is the longest name of a socket below Program.SocketDir.
const SocketName = "lws-0123456789/65535"

// RealTime keeps the probes of a busy machine from killing a process that is still
// starting.
func (Program) RealTime() bool { return true }

// Run starts a child and waits for it. The exit code is the child's.
func (m Program) Run(ctx context.Context, p *container.Process) int {
	code, err := m.run(ctx, p)
	if err != nil {
		fmt.Fprintf(p.Stderr, "jetstream-sandbox: running the LeaderWorkerSet controller: %v\n", err)
	}
	return code
}

func (m Program) run(ctx context.Context, p *container.Process) (int, error) {
	if len(p.Command) > 0 && p.Command[0] != entrypoint {
		return exitNoCommand, fmt.Errorf("the image has no command %q, only %s", p.Command[0], entrypoint)
	}
	sockets, err := os.MkdirTemp(m.SocketDir, "lws-")
	if err != nil {
		return 1, fmt.Errorf("making the socket directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(sockets) }() // or the sandbox does at its end

	account := Setup{Mounts: p.Mounts}.Path(serviceAccountPath)
	setup := Setup{
		Server:    m.Server,
		CAFile:    filepath.Join(account, "ca.crt"),
		TokenFile: filepath.Join(account, "token"),
		Namespace: p.Namespace,
		Identity:  p.Pod,
		SocketDir: sockets,
		Mounts:    p.Mounts,
	}
	args := append(slices.Clone(p.Command), p.Args...)
	if len(p.Command) > 0 {
		args = args[1:]
	}
	return m.supervise(ctx, p, setup, args)
}

// serviceAccountPath is where every pod finds its token.
const serviceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// supervise runs the child until it ends. SIGTERM and SIGKILL of the container are
// passed on; so is the end of this process, by the end of the child's input.
func (m Program) supervise(ctx context.Context, p *container.Process, setup Setup, args []string) (int, error) {
	// Where the system can tie a child's life to its parent's, it ties it to the
	// thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	ports, announce, err := os.Pipe()
	if err != nil {
		return 1, fmt.Errorf("making a pipe: %w", err)
	}
	defer func() { _ = ports.Close() }()
	cmd := exec.Command(m.Executable, append([]string{ChildCommand, setup.SocketDir}, args...)...) //nolint:noctx // ended by signals, so that its exit code is its own
	cmd.Args[0] = os.Args[0]
	cmd.Env = environment(p.Env)
	cmd.Dir = setup.SocketDir
	cmd.Stdout, cmd.Stderr = p.Stdout, p.Stderr
	cmd.ExtraFiles = []*os.File{announce}
	cmd.SysProcAttr = childAttributes()
	cmd.WaitDelay = outputTimeout
	stdin, err := cmd.StdinPipe()
	if err != nil {
		_ = announce.Close()
		return 1, fmt.Errorf("making the child's input: %w", err)
	}
	err = cmd.Start()
	_ = announce.Close() // the child has its own
	if err != nil {
		return 1, fmt.Errorf("starting %s: %w", m.Executable, err)
	}

	serving, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { forwardPorts(serving, p, setup.SocketDir, ports) })
	ended := make(chan struct{})
	work.Go(func() { passSignals(ctx, p.Term, ended, cmd.Process) })
	err = json.NewEncoder(stdin).Encode(setup)
	if err == nil {
		err = cmd.Wait() // closes stdin
	} else {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	close(ended)
	stop()
	work.Wait()
	return exitCode(ctx, cmd.ProcessState), exitError(err)
}

// passSignals hands SIGTERM on once and SIGKILL at the end.
func passSignals(ctx context.Context, term, ended <-chan struct{}, child *os.Process) {
	for {
		select {
		case <-ended:
			return
		case <-term:
			term = nil // a closed channel would be ready for ever
			_ = child.Signal(terminate)
		case <-ctx.Done():
			_ = child.Kill()
			return
		}
	}
}

func exitCode(ctx context.Context, state *os.ProcessState) int {
	switch {
	case ctx.Err() != nil:
		return exitKilled
	case state == nil:
		return 1
	case state.ExitCode() < 0:
		return exitBySignal(state)
	}
	return state.ExitCode()
}

// exitError leaves out what the exit code says already.
func exitError(err error) error {
	if _, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Wait returns it bare
		return nil
	}
	return err
}

// environment is the container's and nothing of this process's.
func environment(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}
