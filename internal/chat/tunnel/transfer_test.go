package tunnel

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestLargeTransfersBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listenTCP(8000, func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
	conn, err := s.start().DialContext(t.Context(), leader, 8000)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 512<<10)
	go func() {
		_, _ = conn.Write(sent)
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came back, error %v", len(got), len(sent), err)
	}
}

func TestWhatThePodSendsAfterAHalfCloseArrives(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listenTCP(8000, func(c *net.TCPConn) {
		got, _ := io.ReadAll(c)
		_, _ = c.Write(bytes.ToUpper(got))
	})
	conn, err := s.start().DialContext(t.Context(), leader, 8000)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "question"); err != nil {
		t.Fatal(err)
	}
	half := conn.(interface{ CloseWrite() error })
	for range 2 {
		if err := half.CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(conn, "more"); err == nil {
		t.Error("a write after it succeeds")
	}
	if got, err := io.ReadAll(conn); string(got) != "QUESTION" || err != nil {
		t.Errorf("answer %q, error %v", got, err)
	}
	_ = conn.Close()
	if err := half.CloseWrite(); err == nil {
		t.Error("a closed connection can be closed half")
	}
}

func TestAReaderThatFallsTooFarBehindLosesItsConnectionOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opened := map[Pod][]*fakeShared{}
		tunnel := fakeTunnel(opened)
		defer func() { _ = tunnel.Close() }()
		lazy, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		other, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		data := lazy.(*conn).data.(*fakeStream).w
		piece := make([]byte, 1<<20)
		for range maxUnread / len(piece) {
			if _, err := data.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := data.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n, err := io.Copy(io.Discard, lazy)
		if n != maxUnread || err == nil || !strings.Contains(err.Error(), "wait to be read") {
			t.Errorf("%d bytes, then %v", n, err)
		}
		if opened[leader][0].isClosed() {
			t.Error("the shared connection was closed")
		}
		_ = lazy.Close()
	})
}

// BenchmarkRequest measures a dial and a small request through a WebSocket to a
// server of this process: what the tunnel adds, without a network.
func BenchmarkRequest(b *testing.B) {
	s := newAPIServer(b)
	s.resets = make(chan string, 1<<20)
	s.listen(8000, http.HandlerFunc(hello))
	var d net.Dialer
	through := func(dial func(context.Context, string, string) (net.Conn, error)) func(*testing.B) {
		return func(b *testing.B) {
			b.Helper()
			client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://model/", nil)
				if err != nil {
					b.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}
	}
	route := &Route{Tunnel: s.start(), Port: 8000, Candidates: func(context.Context, bool) ([]Candidate, error) {
		return []Candidate{{Pod: leader, Running: true, Serving: true}}, nil
	}}
	b.Run("tunnel", through(route.DialContext))
	b.Run("direct", through(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", s.ports["8000"])
	}))
}

// BenchmarkTransfer measures the bytes of a large answer.
func BenchmarkTransfer(b *testing.B) {
	s := newAPIServer(b)
	var wanted atomic.Int64
	s.listenTCP(8000, func(c *net.TCPConn) {
		_, _ = io.CopyN(c, zeros{}, wanted.Load())
	})
	tunnel := s.start()
	const size = 8 << 20
	wanted.Store(size)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		conn, err := tunnel.DialContext(b.Context(), leader, 8000)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, conn); n != size || err != nil {
			b.Fatalf("%d bytes, %v", n, err)
		}
		_ = conn.Close()
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
