package simnet

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Linux hands out source ports from this range; so does the Network.
const (
	firstEphemeralPort = 32768
	lastEphemeralPort  = 60999
)

// Network is one simulated network. The zero value is not usable; see New.
type Network struct {
	mu        sync.Mutex
	attached  map[netip.Addr]bool
	names     map[string]netip.Addr
	listeners map[netip.AddrPort]*Listener
	conns     map[netip.Addr]map[*Conn]struct{}
	nextPort  uint16
}

// New returns a network without addresses, names or listeners.
func New() *Network {
	return &Network{
		attached:  make(map[netip.Addr]bool),
		names:     make(map[string]netip.Addr),
		listeners: make(map[netip.AddrPort]*Listener),
		conns:     make(map[netip.Addr]map[*Conn]struct{}),
		nextPort:  firstEphemeralPort,
	}
}

// Attach makes an address reachable. Attaching it again changes nothing.
func (n *Network) Attach(ip netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attached[ip] = true
}

// Detach takes an address off the network: its listeners close, its connections
// are reset on both sides, its names disappear.
func (n *Network) Detach(ip netip.Addr) {
	n.mu.Lock()
	delete(n.attached, ip)
	var closing []*Listener
	for at, l := range n.listeners {
		switch {
		case at.Addr() != ip:
		case l.shared:
			delete(n.listeners, at)
		default:
			closing = append(closing, l)
		}
	}
	for name, at := range n.names {
		if at == ip {
			delete(n.names, name)
		}
	}
	var resetting []*Conn
	for c := range n.conns[ip] {
		resetting = append(resetting, c)
	}
	n.mu.Unlock()
	for _, l := range closing {
		_ = l.Close()
	}
	for _, c := range resetting {
		c.Reset()
	}
}

// SetName makes name resolve to ip until the address is detached or the name is
// set anew. Names are compared without case and without a trailing dot.
func (n *Network) SetName(name string, ip netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[canonicalName(name)] = ip
}

// Resolve returns the address of a name or of an address literal. The error is a
// *net.DNSError with IsNotFound set when there is none.
func (n *Network) Resolve(host string) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if ip, ok := n.names[canonicalName(host)]; ok {
		return ip, nil
	}
	return netip.Addr{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func canonicalName(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// Listen opens a listener on an attached address. Port 0 picks a free one. A port
// in use fails with EADDRINUSE, an address not attached with EADDRNOTAVAIL.
func (n *Network) Listen(at netip.AddrPort) (*Listener, error) {
	if at.Port() == 0 {
		n.mu.Lock()
		at = netip.AddrPortFrom(at.Addr(), n.freePortLocked(at.Addr()))
		n.mu.Unlock()
	}
	l := newListener(n, at)
	if err := n.bind(l, at); err != nil {
		return nil, err
	}
	return l, nil
}

func (n *Network) bind(l *Listener, at netip.AddrPort) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.attached[at.Addr()] {
		return opError("listen", at, syscall.EADDRNOTAVAIL)
	}
	if _, used := n.listeners[at]; used {
		return opError("listen", at, syscall.EADDRINUSE)
	}
	n.listeners[at] = l
	return nil
}

// Dial connects from an address to "host:port", where host is a name or an address.
// It returns once the listener has room for the connection or ctx ends.
func (n *Network) Dial(ctx context.Context, from netip.Addr, address string) (*Conn, error) {
	if ctx.Err() != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: dialError{ctx.Err()}}
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.AddrError{Err: "invalid port", Addr: address}}
	}
	ip, err := n.Resolve(host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	to := netip.AddrPortFrom(ip, uint16(port))

	n.mu.Lock()
	if !n.attached[ip] {
		n.mu.Unlock()
		return nil, opError("dial", to, syscall.EHOSTUNREACH)
	}
	l, ok := n.listeners[to]
	if !ok {
		n.mu.Unlock()
		return nil, opError("dial", to, syscall.ECONNREFUSED)
	}
	local := netip.AddrPortFrom(from, n.freePortLocked(from))
	client, server := newConnPair(n, local, to)
	n.trackLocked(client)
	n.trackLocked(server)
	n.mu.Unlock()

	select {
	case l.backlog <- server:
		return client, nil
	case <-l.closed:
		client.Reset()
		return nil, opError("dial", to, syscall.ECONNREFUSED)
	case <-ctx.Done():
		client.Reset()
		return nil, opError("dial", to, dialError{ctx.Err()})
	}
}

// freePortLocked returns the next port of the ephemeral range on which nothing
// listens. Source ports may repeat once the range is used up, as they identify
// connections only in logs here.
func (n *Network) freePortLocked(ip netip.Addr) uint16 {
	for {
		port := n.nextPort
		if n.nextPort++; n.nextPort > lastEphemeralPort {
			n.nextPort = firstEphemeralPort
		}
		if _, used := n.listeners[netip.AddrPortFrom(ip, port)]; !used {
			return port
		}
	}
}

func (n *Network) trackLocked(c *Conn) {
	ip := c.local.Addr()
	if n.conns[ip] == nil {
		n.conns[ip] = make(map[*Conn]struct{})
	}
	n.conns[ip][c] = struct{}{}
}

func (n *Network) untrack(c *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ip := c.local.Addr()
	delete(n.conns[ip], c)
	if len(n.conns[ip]) == 0 {
		delete(n.conns, ip)
	}
}

func (n *Network) forget(l *Listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l.shared {
		maps.DeleteFunc(n.listeners, func(_ netip.AddrPort, other *Listener) bool { return other == l })
	} else if n.listeners[l.first] == l {
		delete(n.listeners, l.first)
	}
}

// opError shapes an error as the net package does, system call included, so that its
// text reads as a real one and errors.Is finds the errno.
func opError(op string, at netip.AddrPort, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: systemCall(op, err)}
}

func systemCall(op string, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	switch op {
	case "dial":
		op = "connect"
	case "listen":
		op = "bind"
	}
	return os.NewSyscallError(op, err)
}

// dialError is a dialler's loss of patience, in the net package's words.
type dialError struct{ cause error }

func (e dialError) Error() string {
	if e.Timeout() {
		return os.ErrDeadlineExceeded.Error()
	}
	return "operation was canceled"
}

func (e dialError) Timeout() bool   { return errors.Is(e.cause, context.DeadlineExceeded) }
func (e dialError) Temporary() bool { return e.Timeout() }
func (e dialError) Unwrap() error   { return e.cause }
