// Package podnet is a pod's network namespace on the simulated network: one address
// shared by the pod's containers, which know it as localhost.
//
// Sockets belong to a process. Closing a Process closes its listeners and connections
// as the kernel does when a process ends; the namespace and the other processes'
// sockets stay. All methods are safe for concurrent use.
package podnet

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

// Namespace is the network of one pod.
type Namespace struct {
	network  *simnet.Network
	ip       netip.Addr
	hostname string
	search   []string
}

// New returns the namespace of the pod that owns ip, which must be attached to the
// network. Names resolve as in a pod of the given Kubernetes namespace; hostname is
// the pod's own and resolves to ip.
func New(network *simnet.Network, ip netip.Addr, kubernetesNamespace, hostname string) *Namespace {
	return &Namespace{
		network: network, ip: ip, hostname: hostname,
		search: []string{"", "." + kubernetesNamespace + ".svc.cluster.local", ".svc.cluster.local", ".cluster.local"},
	}
}

// IP is the pod's address.
func (n *Namespace) IP() netip.Addr { return n.ip }

// Dial connects to "host:port" from within the namespace.
func (n *Namespace) Dial(ctx context.Context, address string) (*simnet.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	return n.network.Dial(ctx, n.ip, net.JoinHostPort(n.resolve(host), port))
}

// resolve turns a name into an address where it can; what it cannot is left to the
// network, whose error then names the host as it was asked for.
func (n *Namespace) resolve(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.IsLoopback() || ip.IsUnspecified() {
			return n.ip.String()
		}
		return host
	}
	if host == "" || host == "localhost" || host == n.hostname {
		return n.ip.String()
	}
	for _, suffix := range n.search {
		if ip, err := n.network.Resolve(host + suffix); err == nil {
			return ip.String()
		}
	}
	return host
}

// NewProcess returns the sockets of a process that starts in the namespace.
func (n *Namespace) NewProcess() *Process {
	return &Process{namespace: n, open: make(map[interface{ Close() error }]struct{})}
}

// Process holds the sockets of one process. It implements container.Net.
type Process struct {
	namespace *Namespace

	mu    sync.Mutex
	ended bool
	open  map[interface{ Close() error }]struct{}
}

// Listen opens a port on the pod's address.
func (p *Process) Listen(port uint16) (net.Listener, error) {
	l, err := p.namespace.network.Listen(netip.AddrPortFrom(p.namespace.ip, port))
	if err != nil {
		return nil, err
	}
	tracked := &listener{Listener: l, process: p}
	if !p.add(tracked) {
		_ = l.Close() // the process has ended: nobody may hold the port
		return nil, net.ErrClosed
	}
	return tracked, nil
}

// DialContext connects to "host:port"; the network must be TCP.
func (p *Process) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4":
	default:
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.UnknownNetworkError(network)}
	}
	c, err := p.namespace.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return p.track(c)
}

// Close ends the process: everything it has open closes, and nothing opens any more.
func (p *Process) Close() {
	p.mu.Lock()
	p.ended = true
	open := p.open
	p.open = nil
	p.mu.Unlock()
	for socket := range open {
		_ = socket.Close()
	}
}

func (p *Process) track(c *simnet.Conn) (net.Conn, error) {
	tracked := &conn{Conn: c, process: p}
	if !p.add(tracked) {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	return tracked, nil
}

func (p *Process) add(socket interface{ Close() error }) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.open[socket] = struct{}{}
	return true
}

func (p *Process) remove(socket interface{ Close() error }) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, socket)
}

// listener hands out connections that belong to the process.
type listener struct {
	*simnet.Listener
	process *Process
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.process.track(c.(*simnet.Conn))
}

func (l *listener) Close() error {
	l.process.remove(l)
	return l.Listener.Close()
}

// conn is a connection of the process; half-close and reset stay available.
type conn struct {
	*simnet.Conn
	process *Process
}

func (c *conn) Close() error {
	c.process.remove(c)
	return c.Conn.Close()
}
