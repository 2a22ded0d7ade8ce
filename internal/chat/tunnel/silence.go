package tunnel

import (
	"net"
	"sync"
	"time"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	// silenceLimit is how long nothing may come through a shared connection. Its
	// pings are answered by the node, so something comes every pingPeriod while it
	// lives.
	silenceLimit = 3 * pingPeriod
	// goodbye bounds the orderly end of a shared connection. Its resets wait for
	// their turn to be written, behind what the other end does not take.
	goodbye = time.Second
)

// attended is the network connection below a shared one. It closes itself when
// nothing has come for silenceLimit: after sleep or a change of network the
// system would wait for the other end for many minutes, and so would whoever
// reads an answer or waits to write.
type attended struct {
	net.Conn

	mu      sync.Mutex
	silence *time.Timer
	ending  bool
}

func attend(c net.Conn) *attended {
	return &attended{Conn: c, silence: time.AfterFunc(silenceLimit, func() { guarded(func() { _ = c.Close() }) })}
}

func (a *attended) Read(p []byte) (int, error) {
	n, err := a.Conn.Read(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	if n > 0 && !a.ending {
		a.silence.Reset(silenceLimit)
	}
	return n, err
}

// end lets the connection live for another moment.
func (a *attended) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ending {
		a.ending = true
		a.silence.Reset(goodbye)
	}
}

func (a *attended) Close() error {
	a.mu.Lock()
	a.ending = true
	a.silence.Stop()
	a.mu.Unlock()
	return a.Conn.Close()
}

// attendedShared is a shared connection whose end is bounded.
type attendedShared struct {
	httpstream.Connection
	below *attended
}

// share makes a shared connection of a network connection.
func share(c net.Conn) (httpstream.Connection, error) {
	below := attend(c)
	shared, err := spdy.NewClientConnectionWithPings(&joined{Conn: below}, pingPeriod)
	if err != nil {
		_ = below.Close()
		return nil, err
	}
	return &attendedShared{shared, below}, nil
}

func (s *attendedShared) Close() error {
	s.below.end()
	return s.Connection.Close()
}
