// Package container is the contract between the simulated kubelet and the programs
// of the simulated images: what a process is given, how it is told to stop, and
// what it leaves behind.
//
// The kubelet calls Program.Run once for every start of a container, in a goroutine
// of its own, and waits for it. A program sees only its Process: arguments and
// environment as the kubelet expanded them, its streams, the pod's network, and the
// world. Everything that it opened through Process.Net is closed by the kubelet when
// it ends, as the kernel does for a process.
package container

import (
	"context"
	"io"
	"net"
	"net/netip"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// Program is what a simulated image runs. Run returns the exit code. It must return
// soon after ctx ends, which is SIGKILL; what it returns or writes after that is
// ignored and the exit code is 137.
type Program interface {
	Run(ctx context.Context, p *Process) (exitCode int)
}

// ProgramFunc is a Program made of a function.
type ProgramFunc func(ctx context.Context, p *Process) int

// Run calls f.
func (f ProgramFunc) Run(ctx context.Context, p *Process) int { return f(ctx, p) }

// Execer is implemented by programs that can run further commands in their
// container (kubectl exec, exec probes) beyond the few that every simulated
// container has. handled is false for commands it does not know.
type Execer interface {
	Exec(ctx context.Context, p *Process, command []string, stdin io.Reader, stdout, stderr io.Writer) (exitCode int, handled bool)
}

// RealTimer is implemented by programs whose work takes real time, such as those that
// start a process of the host. The probes that could kill their containers run in real
// time too, however fast the rest of the sandbox does.
type RealTimer interface {
	RealTime() bool
}

// Process is one start of one container.
type Process struct {
	Namespace, Pod, UID string
	Container           string
	Image               string
	Node                string
	Labels              map[string]string // the pod's
	Annotations         map[string]string // the pod's
	PodIP               netip.Addr
	NodeIP              netip.Addr
	ServiceAccount      string

	// Command and Args are the container's, with $(VAR) expanded. Command is empty
	// where the image's own entry point applies.
	Command, Args []string
	// Env is the environment, including what references resolved to.
	Env map[string]string
	// Restarts is how often this container has been started before in this pod.
	Restarts int

	// Stdin is empty unless the container asks for stdin and is attached to.
	Stdin io.Reader
	// Stdout and Stderr go to the container's log. Writes never block for long and
	// never fail.
	Stdout, Stderr io.Writer

	// Term is closed when the container is asked to stop (SIGTERM). A program that
	// ignores it is killed when the grace period is over.
	Term <-chan struct{}

	// Net is the pod's network namespace.
	Net Net
	// World is what lies outside the cluster.
	World *world.World
	// Mounts gives the directories of the container's volumes by mount path, for
	// programs that need real files; empty where a volume has none.
	Mounts map[string]string
}

// Net is the network as a process in a pod sees it. "localhost" and 127.0.0.1 are
// the pod's own; names resolve as in the cluster's DNS. Errors wrap syscall.Errno
// and *net.DNSError as the net package's do.
type Net interface {
	// Listen opens a port on all addresses of the pod.
	Listen(port uint16) (net.Listener, error)
	// DialContext connects to "host:port"; network is "tcp".
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Milestone reports that the program has reached a point, and lets a fault end it
// there: a positive exit code means that the program must print the lines and exit.
func (p *Process) Milestone(name string) (exitCode int, lines []string) {
	fault := p.World.Faults().Crash
	if fault == nil {
		return 0, nil
	}
	return fault(world.Milestone{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container, Name: name, Labels: p.Labels})
}
