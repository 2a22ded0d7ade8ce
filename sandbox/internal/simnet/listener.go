package simnet

import (
	"net"
	"net/netip"
	"sync"
)

// backlogSize is how many connections may wait to be accepted; a dialler beyond
// that waits, as with a full accept queue.
const backlogSize = 128

// Listener accepts the connections to one address and port, or to several when it was
// made by NewListener. It is a net.Listener.
type Listener struct {
	network *Network
	first   netip.AddrPort
	shared  bool
	backlog chan *Conn
	closed  chan struct{}
	once    sync.Once
}

var _ net.Listener = (*Listener)(nil)

func newListener(n *Network, first netip.AddrPort) *Listener {
	return &Listener{network: n, first: first, backlog: make(chan *Conn, backlogSize), closed: make(chan struct{})}
}

// NewListener returns a listener without an address; Add gives it some. It stays open
// when its addresses are detached, so that one server can stand for many machines.
func (n *Network) NewListener() *Listener {
	l := newListener(n, netip.AddrPort{})
	l.shared = true
	return l
}

// Add makes the listener accept what is dialled to one more address and port, which
// must be attached and free. Connections tell by LocalAddr which one was meant.
func (l *Listener) Add(at netip.AddrPort) error {
	select {
	case <-l.closed:
		return opError("listen", at, net.ErrClosed)
	default:
		return l.network.bind(l, at)
	}
}

// Accept returns the next connection, or net.ErrClosed once the listener is closed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, opError("accept", l.first, net.ErrClosed)
	default:
	}
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, opError("accept", l.first, net.ErrClosed)
	}
}

// Close stops accepting and resets the connections nobody has accepted. Accepted
// ones live on. Closing twice is harmless.
func (l *Listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.forget(l)
		for {
			select {
			case c := <-l.backlog:
				c.Reset()
			default:
				return
			}
		}
	})
	return nil
}

// Addr is the address and port the listener was opened on; that of a listener with
// several is unspecified.
func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.first) }
