package tunnel

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
)

// link is the shared connection to one pod.
type link struct {
	tunnel *Tunnel
	pod    Pod

	// opened is closed when shared and err are set.
	opened chan struct{}
	shared httpstream.Connection
	err    error

	mu      sync.Mutex
	request int         // ID of the last connection
	users   int         // connections that are open
	expiry  *time.Timer // runs while users is 0
	retired bool
}

// broken reports whether the link cannot be used any more; a link that is
// still being opened can.
func (l *link) broken() bool {
	select {
	case <-l.opened:
	default:
		return false
	}
	return l.err != nil || l.lost()
}

// lost reports whether the shared connection has ended.
func (l *link) lost() bool {
	select {
	case <-l.shared.CloseChan():
		return true
	default:
		return false
	}
}

// enter counts a connection in and returns its number.
func (l *link) enter() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.expiry != nil {
		l.expiry.Stop()
		l.expiry = nil
	}
	l.users++
	l.request++
	return l.request
}

// leave counts a connection out.
func (l *link) leave() {
	l.mu.Lock()
	l.users--
	last := l.users == 0 && l.retired
	l.mu.Unlock()
	if last {
		l.close()
		return
	}
	l.idle()
}

// retire takes the link out of use: dials get another one, the connections in
// it go on, and the last of them closes it.
func (l *link) retire() {
	l.tunnel.forget(l)
	l.mu.Lock()
	l.retired = true
	unused := l.users == 0
	l.mu.Unlock()
	if unused {
		l.close()
	}
}

// close ends the shared connection and all in it.
func (l *link) close() {
	l.mu.Lock()
	if l.expiry != nil {
		l.expiry.Stop()
	}
	l.mu.Unlock()
	// The connection is being given up; that it cannot be closed in good order
	// is often why.
	_ = l.shared.Close()
}

// idle starts the wait after which an unused link is retired.
func (l *link) idle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users > 0 || l.expiry != nil {
		return
	}
	l.expiry = time.AfterFunc(idleTimeout, func() {
		guarded(func() {
			l.mu.Lock()
			unused := l.users == 0
			l.mu.Unlock()
			if unused {
				l.retire()
			}
		})
	})
}

// streams are the two streams of one connection.
type streams struct {
	data, report httpstream.Stream
	// roundTrip is how long the node took to acknowledge the first of them.
	roundTrip time.Duration
}

// dial opens a pair of streams for one connection. Creating a stream waits for
// the other side's reply and knows no context, so it runs beside.
func (l *link) dial(ctx context.Context, port int) (*conn, error) {
	type result struct {
		streams
		err error
	}
	request := l.enter()
	done := make(chan result, 1)
	go guarded(func() {
		s, err := l.create(request, port)
		done <- result{s, err}
	})
	var err error
	select {
	case r := <-done:
		if r.err == nil {
			if c := newConn(l, r.streams, port); c != nil {
				return c, nil
			}
			l.discard(r.streams)
			r.err = net.ErrClosed
		}
		l.leave()
		return nil, &LostError{Pod: l.pod, Err: r.err}
	case <-ctx.Done():
		err = fmt.Errorf("connecting to port %d of pod %s: %w", port, l.pod.Name, ctx.Err())
	case <-l.shared.CloseChan():
		err = &LostError{Pod: l.pod, Err: errConnectionLost}
	}
	go guarded(func() {
		if r := <-done; r.err == nil {
			l.discard(r.streams)
		}
		l.leave()
	})
	return nil, err
}

// create opens the stream for error reports and then the one for data, as the
// node expects.
func (l *link) create(request, port int) (streams, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(request))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	begin := time.Now()
	report, err := l.shared.CreateStream(headers)
	if err != nil {
		return streams{}, fmt.Errorf("creating the error stream: %w", err)
	}
	roundTrip := time.Since(begin)
	// Nothing is ever written to it.
	if err := report.Close(); err != nil {
		return streams{}, fmt.Errorf("closing the error stream for writing: %w", err)
	}
	headers = headers.Clone()
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := l.shared.CreateStream(headers)
	if err != nil {
		l.discard(streams{report: report})
		return streams{}, fmt.Errorf("creating the data stream: %w", err)
	}
	return streams{data: data, report: report, roundTrip: roundTrip}, nil
}

// discard resets the streams of a connection: the node learns that nobody
// reads any more, and both sides forget them. The reset of a stream whose
// connection is gone fails, and that is as good.
func (l *link) discard(s streams) {
	for _, stream := range []httpstream.Stream{s.data, s.report} {
		if stream != nil {
			_ = stream.Reset()
			l.shared.RemoveStreams(stream)
		}
	}
}

// readReport returns what the node reported for a connection.
func readReport(report io.Reader) string {
	const limit = 8 << 10
	// An error here is the end of the shared connection, which is noticed
	// where it matters.
	text, _ := io.ReadAll(io.LimitReader(report, limit))
	return string(text)
}
