package controlplane

import (
	"net"
	"sync"
)

// closingListener can close the connections that it has accepted. The API server's
// own shutdown gives each HTTP/2 client a second to say goodbye, which is longer
// than a whole sandbox should take to end.
type closingListener struct {
	net.Listener

	mu    sync.Mutex
	conns map[*acceptedConn]struct{}
}

type acceptedConn struct {
	net.Conn
	from *closingListener
}

func newClosingListener(l net.Listener) *closingListener {
	return &closingListener{Listener: l, conns: make(map[*acceptedConn]struct{})}
}

func (l *closingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &acceptedConn{Conn: conn, from: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return c, nil
}

// Close forgets the connection, so that the set does not grow with every client.
func (c *acceptedConn) Close() error {
	c.from.mu.Lock()
	delete(c.from.conns, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}

// closeConns ends the connections there are.
func (l *closingListener) closeConns() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Conn.Close()
	}
}
