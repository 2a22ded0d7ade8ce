// Package imagetest runs simulated programs in tests as a kubelet would: several in
// one pod with one address, on a simulated network, without a cluster.
//
// Everything is meant to run inside testing/synctest, so that simulated minutes take
// no time; nothing here sleeps on its own.
package imagetest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// Cluster is a network and a world for pods.
type Cluster struct {
	t       *testing.T
	World   *world.World
	Network *simnet.Network
	next    netip.Addr
}

// New returns a cluster without pods.
func New(t *testing.T, o world.Options) *Cluster {
	t.Helper()
	return &Cluster{t: t, World: world.New(o), Network: simnet.New(), next: netip.MustParseAddr("10.244.0.2")}
}

// Pod is one address that containers share.
type Pod struct {
	cluster *Cluster
	Name    string
	IP      netip.Addr
	Labels  map[string]string
}

// Pod adds a pod, whose name resolves to its address.
func (c *Cluster) Pod(name string, labels map[string]string) *Pod {
	c.t.Helper()
	ip := c.next
	c.next = ip.Next()
	c.Network.Attach(ip)
	c.Network.SetName(name, ip)
	return &Pod{cluster: c, Name: name, IP: ip, Labels: labels}
}

// Container is one running or ended program.
type Container struct {
	Stdout, Stderr *Output
	// Log has both streams in the order of the writes, as a container's log does.
	Log      *Output
	pod      *Pod
	net      *processNet
	term     chan struct{}
	termOnce sync.Once
	kill     context.CancelFunc
	done     chan struct{}
	code     int
}

// Run starts the program of an image, with what the world's faults make of its
// arguments. It is killed, and waited for, when the test ends at the latest.
func (p *Pod) Run(name, image string, program container.Program, args []string, env map[string]string) *Container {
	p.cluster.t.Helper()
	ctx, kill := context.WithCancel(context.WithoutCancel(p.cluster.t.Context()))
	c := &Container{
		Stdout: new(Output), Stderr: new(Output), Log: new(Output), pod: p,
		net:  &processNet{pod: p, open: make(map[closer]struct{})},
		term: make(chan struct{}), kill: kill, done: make(chan struct{}),
	}
	start := &world.Start{Namespace: "default", Pod: p.Name, Container: name, Image: image, Args: slices.Clone(args), Env: maps.Clone(env)}
	if edit := p.cluster.World.Faults().Start; edit != nil {
		edit(start)
	}
	process := &container.Process{
		Namespace: "default", Pod: p.Name, UID: "uid-" + p.Name, Container: name, Image: image,
		Labels: p.Labels, PodIP: p.IP, Args: start.Args, Env: start.Env,
		Stdin: bytes.NewReader(nil), Stdout: io.MultiWriter(c.Stdout, c.Log), Stderr: io.MultiWriter(c.Stderr, c.Log),
		Term: c.term, Net: c.net, World: p.cluster.World,
	}
	if process.Env == nil {
		process.Env = map[string]string{}
	}
	go func() {
		defer close(c.done)
		c.code = program.Run(ctx, process)
		c.net.closeAll()
	}()
	p.cluster.t.Cleanup(c.Kill)
	return c
}

// Terminate sends SIGTERM.
func (c *Container) Terminate() { c.termOnce.Do(func() { close(c.term) }) }

// Kill sends SIGKILL and waits for the end.
func (c *Container) Kill() {
	c.kill()
	<-c.done
}

// Done is closed when the program has ended.
func (c *Container) Done() <-chan struct{} { return c.done }

// Wait waits for the program's end and returns its exit code.
func (c *Container) Wait() int {
	<-c.done
	return c.code
}

// Running reports whether the program has not ended.
func (c *Container) Running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// Dial connects to the pod from outside it, as a probe does.
func (p *Pod) Dial(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "localhost" || host == "127.0.0.1" {
		address = net.JoinHostPort(p.IP.String(), port)
	}
	return p.cluster.Network.Dial(ctx, netip.MustParseAddr("10.128.0.2"), address)
}

// Output collects what a program writes.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String is everything written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Lines are the lines written so far.
func (o *Output) Lines() []string {
	return strings.Split(strings.TrimSuffix(o.String(), "\n"), "\n")
}
