package ifrt

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// Dial opens a connection to "host:port", as container.Net's DialContext does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// StatusError is an absl status that ended a session or refused it.
type StatusError struct{ Status string }

func (e *StatusError) Error() string { return e.Status }

// The ends of a session that the client library words itself.
const (
	// StatusSocketClosed is what the client's library makes of a connection that
	// closes under it.
	StatusSocketClosed = "UNAVAILABLE: Socket closed"
	// StatusCancelled is what a second client gets while the first is connected.
	StatusCancelled = "CANCELLED: Cancelled"
)

// Session is a client's session with the proxy.
type Session struct {
	peer     *Peer
	topology Topology
	placed   chan struct{}
	done     chan struct{}
	reader   sync.WaitGroup

	mu  sync.Mutex
	err error
}

// Connect makes one attempt to open a session with the proxy at address. A refusal is
// a *StatusError; any other error is the network's.
func Connect(ctx context.Context, dial Dial, address string, v Versions) (*Session, error) {
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// The proxy may take its time to answer, so ctx must be able to end the wait.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	peer := NewPeer(conn)
	answer, err := handshake(peer, v)
	if err != nil {
		_ = peer.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	s := &Session{peer: peer, topology: answer.Topology, placed: make(chan struct{}), done: make(chan struct{})}
	if answer.Topology.Ready() {
		close(s.placed)
	}
	s.reader.Go(s.read)
	return s, nil
}

func handshake(peer *Peer, v Versions) (Message, error) {
	if err := peer.Send(Message{Kind: Init, Version: v}); err != nil {
		return Message{}, &StatusError{Status: StatusSocketClosed}
	}
	m, err := peer.Receive()
	switch {
	case err != nil:
		return Message{}, &StatusError{Status: StatusSocketClosed}
	case m.Kind == Refused:
		return Message{}, &StatusError{Status: m.Status}
	case m.Kind != Welcome:
		return Message{}, fmt.Errorf("proxy answered %q to init", m.Kind)
	}
	return m, nil
}

func (s *Session) read() {
	defer close(s.done)
	for {
		m, err := s.peer.Receive()
		switch {
		case err != nil:
			s.fail(&StatusError{Status: StatusSocketClosed})
			return
		case m.Kind == Terminated:
			s.fail(&StatusError{Status: m.Status})
			return
		case m.Kind == State && m.Topology.Ready():
			select {
			case <-s.placed:
			default:
				close(s.placed)
			}
		}
	}
}

func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// Topology is what the proxy told when the session opened.
func (s *Session) Topology() Topology { return s.topology }

// Placed is closed once every slice has its workers; until then the devices are
// virtual and nothing runs on them.
func (s *Session) Placed() <-chan struct{} { return s.placed }

// Done is closed when the session has ended, by either side.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err tells why the session ended; nil while it lasts. A session that its owner
// closed ends with net.ErrClosed.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Await waits until the devices exist, the session ends or ctx does.
func (s *Session) Await(ctx context.Context) error {
	select {
	case <-s.placed:
		return nil
	case <-s.done:
		return s.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the session and waits until nothing of it runs.
func (s *Session) Close() {
	s.fail(net.ErrClosed)
	_ = s.peer.Close() // the session is over either way
	s.reader.Wait()
}
