package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// faulty is the node's end of a network connection that can go silent: what comes is
// lost, and nothing is sent, as when a machine on the way has forgotten it.
type faulty struct {
	net.Conn
	silent, stuck atomic.Bool   // stuck: nothing is taken any more
	gone          chan struct{} // closed with the test
}

func (f *faulty) Read(p []byte) (int, error) {
	for {
		if f.stuck.Load() {
			<-f.gone
			return 0, io.EOF
		}
		n, err := f.Conn.Read(p)
		if err != nil || !f.silent.Load() {
			return n, err
		}
	}
}

func (f *faulty) Write(p []byte) (int, error) {
	if f.silent.Load() {
		return len(p), nil
	}
	return f.Conn.Write(p)
}

// faultyTunnel is a tunnel over a connection of its own to each pod, with a node that
// acknowledges streams and then says nothing.
func faultyTunnel(t *testing.T) (tunnel *Tunnel, nodes *[]*faulty) {
	t.Helper()
	nodes = new([]*faulty)
	tunnel = newTunnel(func(context.Context, Pod) (httpstream.Connection, error) {
		ours, theirs := net.Pipe()
		node := &faulty{Conn: theirs, gone: make(chan struct{})}
		server, err := spdy.NewServerConnection(node, func(httpstream.Stream, <-chan struct{}) error { return nil })
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() {
			close(node.gone)
			_ = theirs.Close()
			_ = server.Close()
		})
		*nodes = append(*nodes, node)
		return share(ours)
	})
	return tunnel, nodes
}

func TestAQuietConnectionLastsAsLongAsItsPingsAreAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tunnel, nodes := faultyTunnel(t)
		defer func() { _ = tunnel.Close() }()
		conn, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ended := make(chan error, 1)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			ended <- err
		}()
		select {
		case err := <-ended:
			t.Fatalf("it ended with %v", err)
		case <-time.After(20 * time.Minute):
		}

		begin := time.Now()
		(*nodes)[0].silent.Store(true)
		var lost *LostError
		if err := <-ended; !errors.As(err, &lost) {
			t.Errorf("a silent connection ends with %v", err)
		}
		if took := time.Since(begin); took > silenceLimit+pingPeriod {
			t.Errorf("noticed after %s", took)
		}
		next, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil || len(*nodes) != 2 {
			t.Fatalf("%d connections, then %v", len(*nodes), err)
		}
		_ = next.Close()
	})
}

// The library's writers wait for each other by a mutex, which stops the clock of a
// synctest; so the network connection is looked at alone here.
func TestAWriteThatNobodyTakesIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		end   bool
		limit time.Duration
	}{
		{"while the connection is used", false, silenceLimit},
		{"while it is being closed", true, goodbye},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				defer theirs.Close()
				conn := attend(ours)
				if tt.end {
					conn.end()
					<-time.After(goodbye / 2)
					// What still comes does not prolong it.
					go func() { _, _ = theirs.Write([]byte("x")) }()
					if _, err := conn.Read(make([]byte, 1)); err != nil {
						t.Fatal(err)
					}
					conn.end()
					tt.limit -= goodbye / 2
				}
				begin := time.Now()
				_, err := conn.Write([]byte("x"))
				if err == nil || time.Since(begin) != tt.limit {
					t.Errorf("after %s: %v", time.Since(begin), err)
				}
			})
		})
	}
}

func TestATunnelClosesWhileNobodyTakesWhatIsWritten(t *testing.T) {
	t.Parallel()
	tunnel, nodes := faultyTunnel(t)
	conn, err := tunnel.DialContext(t.Context(), leader, 1)
	if err != nil {
		t.Fatal(err)
	}
	(*nodes)[0].stuck.Store(true)
	writing := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		close(writing)
		var err error
		for err == nil {
			_, err = conn.Write(make([]byte, 64<<10))
		}
		written <- err
	}()
	<-writing
	_ = tunnel.Close()
	if err := <-written; err == nil {
		t.Error("the write succeeded")
	}
}
