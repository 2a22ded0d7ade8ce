package tunnel

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxUnread bounds what one connection may hold for a reader that does not
	// read. The streams of a shared connection have no flow control of their
	// own: data that is not taken off one blocks others, so it is always
	// taken, and a reader that falls this far behind loses its connection.
	maxUnread = 16 << 20
	// maxFrame is the largest piece that is written at once, so that writers
	// take turns.
	maxFrame = 32 << 10
	// reportWait is how long the end of the data waits for the node's report,
	// which comes on another stream and may arrive a moment later.
	reportWait = 500 * time.Millisecond
)

// conn is a connection to a port of a pod.
type conn struct {
	link *link
	streams
	port int
	// reported is closed when report has been read to its end into text.
	reported chan struct{}
	text     string
	// closed is closed by Close.
	closed    chan struct{}
	closeOnce sync.Once
	// halfClosed is set by CloseWrite.
	halfClosed atomic.Bool

	mu     sync.Mutex
	unread []byte
	err    error         // why no more data will come; set once
	news   chan struct{} // closed and replaced when unread or err changes

	readDeadline  deadline
	writeDeadline deadline
}

var _ net.Conn = (*conn)(nil)

// newConn returns the connection over a pair of streams, or nil when the tunnel
// has been closed.
func newConn(l *link, s streams, port int) *conn {
	c := &conn{
		link: l, streams: s, port: port,
		reported: make(chan struct{}), closed: make(chan struct{}), news: make(chan struct{}),
		readDeadline: newDeadline(), writeDeadline: newDeadline(),
	}
	started := l.tunnel.spawn(func() {
		reading := make(chan struct{})
		go guarded(func() {
			defer close(reading)
			c.text = readReport(s.report)
			close(c.reported)
		})
		c.pump()
		<-reading
	})
	if !started {
		return nil
	}
	return c
}

// pump takes data off the stream until it ends.
func (c *conn) pump() {
	buf := make([]byte, maxFrame)
	for {
		n, err := c.data.Read(buf)
		if n > 0 && !c.receive(buf[:n]) {
			c.fail(fmt.Errorf("reading from port %d of pod %s: more than %d bytes wait to be read", c.port, c.link.pod.Name, maxUnread))
			c.link.discard(c.streams)
			return
		}
		if err != nil {
			c.fail(c.ending(err))
			return
		}
	}
}

func (c *conn) receive(p []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.unread)+len(p) > maxUnread {
		return false
	}
	c.unread = append(c.unread, p...)
	c.announce()
	return true
}

func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		c.announce()
	}
}

// announce wakes the readers. The caller holds mu.
func (c *conn) announce() {
	close(c.news)
	c.news = make(chan struct{})
}

// ending finds out why the data ended: the stream itself says EOF in every
// case.
func (c *conn) ending(err error) error {
	if !errors.Is(err, io.EOF) {
		return &LostError{Pod: c.link.pod, Err: err}
	}
	wait := time.NewTimer(reportWait)
	defer wait.Stop()
	select {
	case <-c.reported:
		if c.text != "" {
			return streamError(c.link.pod, c.port, c.text)
		}
	case <-c.closed:
		return net.ErrClosed
	case <-wait.C:
	}
	if c.link.lost() {
		return &LostError{Pod: c.link.pod, Err: errConnectionLost}
	}
	return io.EOF
}

// Read returns data that has arrived, or waits for some. After the last data
// it returns io.EOF when the pod closed the connection, a *PortRefusedError,
// *PodNotRunningError or *ForwardError when the node reported one, and a
// *LostError when the tunnel broke.
func (c *conn) Read(p []byte) (int, error) {
	for {
		switch {
		case isClosed(c.closed):
			return 0, net.ErrClosed
		case isClosed(c.readDeadline.passed()):
			return 0, os.ErrDeadlineExceeded
		}
		c.mu.Lock()
		n := copy(p, c.unread)
		c.unread = c.unread[n:]
		err, news := c.err, c.news
		c.mu.Unlock()
		switch {
		case n > 0 || len(p) == 0:
			return n, nil
		case err != nil:
			return 0, err
		}
		select {
		case <-news:
		case <-c.closed:
		case <-c.readDeadline.passed():
		}
	}
}

// Write sends p. See DialContext for its deadline.
func (c *conn) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		switch {
		case isClosed(c.closed), c.halfClosed.Load():
			return sent, net.ErrClosed
		case isClosed(c.writeDeadline.passed()):
			return sent, os.ErrDeadlineExceeded
		}
		n, err := c.data.Write(p[sent:min(len(p), sent+maxFrame)])
		sent += n
		if err != nil {
			return sent, c.writeError(err)
		}
	}
	return sent, nil
}

// writeError prefers the reason why the connection ended to the failure of a
// write after it.
func (c *conn) writeError(err error) error {
	c.mu.Lock()
	ended := c.err
	c.mu.Unlock()
	if ended != nil && !errors.Is(ended, io.EOF) {
		return ended
	}
	return &LostError{Pod: c.link.pod, Err: err}
}

// CloseWrite tells the pod that nothing more will be sent. What it still sends can be
// read, for as long as its node lets it: one with containerd ends the connection a
// second later.
func (c *conn) CloseWrite() error {
	switch {
	case isClosed(c.closed):
		return net.ErrClosed
	case c.halfClosed.Swap(true):
		return nil
	}
	if err := c.data.Close(); err != nil {
		return c.writeError(err)
	}
	return nil
}

// Close resets the connection's streams: the pod sees its connection end at
// once, whatever was under way. Other connections go on.
func (c *conn) Close() error {
	c.closeOnce.Do(func() {
		close(c.closed)
		// The reset is written to the shared connection, which may be slow. A
		// tunnel that is closed has reset it already.
		c.link.tunnel.spawn(func() {
			c.link.discard(c.streams)
			c.link.leave()
		})
	})
	return nil
}

func (c *conn) LocalAddr() net.Addr { return address("local") }

func (c *conn) RemoteAddr() net.Addr {
	return address(net.JoinHostPort(c.link.pod.Namespace+"/"+c.link.pod.Name, strconv.Itoa(c.port)))
}

func (c *conn) SetDeadline(t time.Time) error {
	c.readDeadline.set(t)
	c.writeDeadline.set(t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.readDeadline.set(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writeDeadline.set(t)
	return nil
}

// address names an end of a connection through the tunnel.
type address string

func (address) Network() string  { return "portforward" }
func (a address) String() string { return string(a) }
