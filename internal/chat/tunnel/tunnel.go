package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
)

const (
	// openTimeout bounds the opening of a shared connection.
	openTimeout = 15 * time.Second
	// idleTimeout is how long a shared connection without connections in it is
	// kept for the next one. It also ends those to pods that are gone.
	idleTimeout = 2 * time.Minute
	// attempts is how often a dial tries to get its streams: a shared
	// connection may turn out to have been broken for a while, and nothing has
	// been sent then.
	attempts = 2
)

// Pod is the pod to connect to. UID tells it from its successor of the same
// name.
type Pod struct {
	Namespace, Name, UID string
}

// Tunnel opens connections to ports of pods.
type Tunnel struct {
	open func(ctx context.Context, pod Pod) (httpstream.Connection, error)

	// life ends with Close; what the tunnel starts in the background uses it.
	life context.Context
	end  context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex
	closed bool
	links  map[Pod]*link
}

// New returns a tunnel through the API server of config.
func New(config *rest.Config) (*Tunnel, error) {
	u, err := newUpgrader(config)
	if err != nil {
		return nil, err
	}
	return newTunnel(u.open), nil
}

func newTunnel(open func(context.Context, Pod) (httpstream.Connection, error)) *Tunnel {
	life, end := context.WithCancel(context.Background())
	return &Tunnel{open: open, life: life, end: end, links: map[Pod]*link{}}
}

// DialContext connects to a port of a pod. The context bounds the dial, not the
// connection. Errors are a *NotPermittedError, a *PodNotRunningError or a
// *LostError; what the node says about the port itself comes from the
// connection's Read. Read deadlines work as for any connection; a write
// deadline is looked at before a Write, which then runs to its end.
func (t *Tunnel) DialContext(ctx context.Context, pod Pod, port int) (net.Conn, error) {
	c, err := t.dial(ctx, pod, port)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (t *Tunnel) dial(ctx context.Context, pod Pod, port int) (*conn, error) {
	var err error
	for range attempts {
		var l *link
		l, err = t.link(ctx, pod)
		if err != nil {
			return nil, err
		}
		var c *conn
		c, err = l.dial(ctx, port)
		if err == nil {
			return c, nil
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			// A connection that went silent (sleep, a network change) never says so. The
			// next dial gets a new one; what still runs in this one goes on.
			l.retire()
		}
		if ctx.Err() != nil || t.life.Err() != nil {
			break
		}
		l.retire()
	}
	return nil, err
}

// link returns the shared connection to pod, opening it if there is none that
// lives. Callers that come while it is being opened wait for the same one.
func (t *Tunnel) link(ctx context.Context, pod Pod) (*link, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, net.ErrClosed
	}
	l := t.links[pod]
	if l == nil || l.broken() {
		l = &link{tunnel: t, pod: pod, opened: make(chan struct{})}
		t.links[pod] = l
		t.wg.Go(func() { guarded(func() { t.establish(l) }) })
	}
	t.mu.Unlock()

	select {
	case <-l.opened:
	case <-ctx.Done():
		return nil, fmt.Errorf("connecting to pod %s: %w", pod.Name, ctx.Err())
	}
	return l, l.err
}

// establish opens a shared connection, independently of the one who asked
// first: others may wait for it, too.
func (t *Tunnel) establish(l *link) {
	ctx, cancel := context.WithTimeout(t.life, openTimeout)
	defer cancel()
	l.shared, l.err = t.open(ctx, l.pod)
	if l.err != nil {
		t.forget(l)
		close(l.opened)
		return
	}
	close(l.opened)
	l.idle()
	// Both ends of a connection that broke must be closed to free its socket.
	select {
	case <-l.shared.CloseChan():
	case <-t.life.Done():
	}
	t.forget(l)
	l.close()
}

func (t *Tunnel) forget(l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.links[l.pod] == l {
		delete(t.links, l.pod)
	}
}

// spawn runs f in a goroutine that Close waits for. It reports false, and does
// not run f, once the tunnel is closed.
func (t *Tunnel) spawn(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.wg.Go(func() { guarded(f) })
	return true
}

// Close ends every connection and waits until all that the tunnel started has
// ended; only a stream whose creation the node leaves unanswered lingers for
// the 30 seconds that it is waited for. A closed tunnel refuses to dial.
func (t *Tunnel) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.end()
	t.wg.Wait()
	return nil
}
