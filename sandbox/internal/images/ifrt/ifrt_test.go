package ifrt

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

// proxy accepts one connection on a simulated network and hands it to serve.
func proxy(t *testing.T, serve func(*Peer)) Dial {
	t.Helper()
	network, ip := simnet.New(), netip.MustParseAddr("10.244.0.1")
	network.Attach(ip)
	dial := func(ctx context.Context, _, address string) (net.Conn, error) { return network.Dial(ctx, ip, address) }
	if serve == nil {
		return dial
	}
	l, err := network.Listen(netip.AddrPortFrom(ip, 38681))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		serve(NewPeer(conn))
	}()
	return dial
}

const address = "10.244.0.1:38681"

func send(t *testing.T, p *Peer, m Message) {
	t.Helper()
	if err := p.Send(m); err != nil {
		t.Error(err)
	}
}

func TestSessionLearnsOfPlacementAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dial := proxy(t, func(p *Peer) {
			if m, err := p.Receive(); err != nil || m.Kind != Init || !m.Version.Agree(Versions{3, 14}) {
				t.Errorf("first message %+v, %v", m, err)
			}
			send(t, p, Message{Kind: Welcome, Topology: Topology{Slices: 2, SlicesReady: 1, Devices: 16}})
			time.Sleep(time.Minute)
			send(t, p, Message{Kind: State, Topology: Topology{Slices: 2, SlicesReady: 2, Devices: 16}})
			time.Sleep(time.Minute)
			send(t, p, Message{Kind: Terminated, Status: "FAILED_PRECONDITION: gone"})
		})
		s, err := Connect(t.Context(), dial, address, Versions{3, 14})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Topology().Devices != 16 {
			t.Errorf("topology %+v", s.Topology())
		}
		start := time.Now()
		if err := s.Await(t.Context()); err != nil || time.Since(start) != time.Minute {
			t.Errorf("placed after %v: %v", time.Since(start), err)
		}
		<-s.Done()
		var ended *StatusError
		if !errors.As(s.Err(), &ended) || ended.Status != "FAILED_PRECONDITION: gone" {
			t.Errorf("ended with %v", s.Err())
		}
	})
}

func TestConnectFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		serve func(*Peer)
		want  string
	}{
		{"refused", func(p *Peer) { _, _ = p.Receive(); _ = p.Send(Message{Kind: Refused, Status: StatusCancelled}) }, StatusCancelled},
		{"closed without a word", func(p *Peer) { _, _ = p.Receive() }, StatusSocketClosed},
		{"answered with something else", func(p *Peer) { _, _ = p.Receive(); _ = p.Send(Message{Kind: State}) }, `proxy answered "state" to init`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if _, err := Connect(t.Context(), proxy(t, tt.serve), address, Versions{1, 2}); err == nil || err.Error() != tt.want {
					t.Errorf("error %v, want %q", err, tt.want)
				}
			})
		})
	}
	if _, err := Connect(t.Context(), proxy(t, nil), address, Versions{1, 2}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("without a proxy: %v", err)
	}
}

func TestConnectGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		silent := proxy(t, func(p *Peer) { _, _ = p.Receive(); _, _ = p.Receive() })
		if _, err := Connect(ctx, silent, address, Versions{1, 2}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

func TestClosingASessionIsNoLoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dial := proxy(t, func(p *Peer) {
			_, _ = p.Receive()
			_ = p.Send(Message{Kind: Welcome})
			_, _ = p.Receive()
		})
		s, err := Connect(t.Context(), dial, address, Versions{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if <-s.Done(); !errors.Is(s.Err(), net.ErrClosed) {
			t.Errorf("ended with %v", s.Err())
		}
	})
}

// script is a connection whose other end has written a fixed text.
type script struct {
	net.Conn
	io.Reader
}

func (s script) Read(p []byte) (int, error) { return s.Reader.Read(p) }

func FuzzReceive(f *testing.F) {
	f.Add(`{"Kind":"register","Host":"w"}{"Kind":"state","Topology":{"Slices":1}}`)
	f.Add("GET / HTTP/1.1\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		p := NewPeer(script{Reader: strings.NewReader(text)})
		for range len(text) + 1 {
			if _, err := p.Receive(); err != nil {
				return
			}
		}
		t.Fatal("more messages than bytes")
	})
}
