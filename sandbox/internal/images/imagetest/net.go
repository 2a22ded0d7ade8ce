package imagetest

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

// processNet is a pod's network as one process sees it. Like a kernel, it closes
// what the process has left open when it ends.
type processNet struct {
	pod *Pod

	mu     sync.Mutex
	open   map[closer]struct{}
	closed bool
}

type closer interface{ Close() error }

var _ container.Net = (*processNet)(nil)

func (n *processNet) Listen(port uint16) (net.Listener, error) {
	l, err := n.pod.cluster.Network.Listen(netip.AddrPortFrom(n.pod.IP, port))
	if err != nil {
		return nil, err
	}
	n.track(l)
	return &listener{Listener: l, net: n}, nil
}

func (n *processNet) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "localhost" || host == "127.0.0.1" {
		address = net.JoinHostPort(n.pod.IP.String(), port)
	}
	conn, err := n.pod.cluster.Network.Dial(ctx, n.pod.IP, address)
	if err != nil {
		return nil, err
	}
	n.track(conn)
	return conn, nil
}

func (n *processNet) track(c closer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		_ = c.Close()
		return
	}
	n.open[c] = struct{}{}
}

func (n *processNet) closeAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for c := range n.open {
		_ = c.Close()
	}
}

// listener tracks the connections it accepts.
type listener struct {
	net.Listener
	net *processNet
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.net.track(conn)
	return conn, nil
}
