package simnet

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// bufferSize is how much one direction holds before a writer waits: a socket's
// order of magnitude, so that backpressure is felt as on a real network.
const bufferSize = 64 << 10

// Conn is one end of a simulated connection. It is a net.Conn with half-close and
// reset; all methods may be called concurrently.
type Conn struct {
	network       *Network
	local, remote netip.AddrPort
	peer          *Conn
	in, out       *stream
	once          sync.Once
}

var _ net.Conn = (*Conn)(nil)

func newConnPair(n *Network, client, server netip.AddrPort) (*Conn, *Conn) {
	up, down := newStream(), newStream()
	c := &Conn{network: n, local: client, remote: server, in: down, out: up}
	s := &Conn{network: n, local: server, remote: client, in: up, out: down}
	c.peer, s.peer = s, c
	return c, s
}

// Read returns io.EOF after the peer closed its side, ECONNRESET after a reset, and
// net.ErrClosed after Close.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

// Write returns EPIPE once the peer has closed and ECONNRESET after a reset.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// CloseWrite ends the outgoing direction: the peer reads io.EOF after what was
// written, and can still write.
func (c *Conn) CloseWrite() error {
	c.out.closeWrite()
	return nil
}

// Close ends both directions. The peer reads what was written before and then
// io.EOF; its writes fail. If there was something left to read here, the peer meets
// ECONNRESET instead, as TCP has it.
func (c *Conn) Close() error {
	c.once.Do(func() {
		unread := c.in.closeRead()
		if unread {
			c.in.tear()
			c.out.tear()
		}
		c.out.closeWrite()
		c.release()
	})
	return nil
}

// release lets go of timers and of the network's record of the connection.
func (c *Conn) release() {
	c.in.change(c.in.readDeadline.stopLocked)
	c.out.change(c.out.writeDeadline.stopLocked)
	c.network.untrack(c)
}

// Reset ends the connection at once, as a TCP RST does: both ends fail with
// ECONNRESET and data under way is lost.
func (c *Conn) Reset() {
	c.in.reset()
	c.out.reset()
	c.once.Do(c.release)
	c.peer.once.Do(c.peer.release)
}

// LocalAddr is the address and port of this end.
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr is the address and port of the other end.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// SetDeadline bounds reads and writes, those under way included; the zero time
// lifts the bound.
func (c *Conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline bounds reads; see SetDeadline.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.readDeadline.set(c.in, t)
	return nil
}

// SetWriteDeadline bounds writes; see SetDeadline.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.writeDeadline.set(c.out, t)
	return nil
}

// wrap gives errors the shape the net package gives them. io.EOF stays bare, since
// readers compare it.
func (c *Conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // the stream returns io.EOF itself, never wrapped
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: systemCall(op, err)}
}

var errReset error = syscall.ECONNRESET
