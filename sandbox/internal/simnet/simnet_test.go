package simnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

var (
	clientIP = netip.MustParseAddr("10.244.0.1")
	serverIP = netip.MustParseAddr("10.244.0.2")
	serverAt = netip.AddrPortFrom(serverIP, 80)
)

// pair returns both ends of a connection and the network that has it.
func pair(t *testing.T) (n *simnet.Network, client, server *simnet.Conn) {
	t.Helper()
	n = simnet.New()
	n.Attach(clientIP)
	n.Attach(serverIP)
	l, err := n.Listen(serverAt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	client, err = n.Dial(t.Context(), clientIP, serverAt.String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server = accepted.(*simnet.Conn)
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return n, client, server
}

func mustWrite(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("read %q and %v, want %q", got, err, want)
	}
}

func wantRead(t *testing.T, c net.Conn, want error) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, want) {
		t.Errorf("reading gives %d bytes and %v, want %v", n, err, want)
	}
}

func TestConnBehavesLikeANetConn(t *testing.T) {
	t.Parallel()
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		n := simnet.New()
		n.Attach(clientIP)
		n.Attach(serverIP)
		l, err := n.Listen(serverAt)
		if err != nil {
			return nil, nil, nil, err
		}
		client, err := n.Dial(context.Background(), clientIP, serverAt.String())
		if err != nil {
			return nil, nil, nil, err
		}
		server, err := l.Accept()
		return client, server, func() {
			_ = l.Close()
			_ = client.Close()
			if server != nil {
				_ = server.Close()
			}
		}, err
	})
}

func TestConnReportsBothAddresses(t *testing.T) {
	t.Parallel()
	_, client, server := pair(t)
	if got := client.RemoteAddr().String(); got != "10.244.0.2:80" {
		t.Errorf("the client's peer is %s", got)
	}
	if got, want := server.RemoteAddr().String(), client.LocalAddr().String(); got != want {
		t.Errorf("the server's peer is %s, want the client's %s", got, want)
	}
}

func TestHalfCloseLeavesTheOtherDirectionOpen(t *testing.T) {
	t.Parallel()
	_, client, server := pair(t)
	mustWrite(t, client, "question")
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(server); err != nil || string(got) != "question" {
		t.Fatalf("the server reads %q and %v, want the question and the end", got, err)
	}
	mustWrite(t, server, "answer")
	mustRead(t, client, "answer")
	if _, err := client.Write([]byte("more")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing after CloseWrite gives %v, want net.ErrClosed", err)
	}
}

func TestCloseLetsThePeerReadWhatWasWrittenAndThenTheEnd(t *testing.T) {
	t.Parallel()
	_, client, server := pair(t)
	mustWrite(t, client, "last words")
	_ = client.Close()
	mustRead(t, server, "last words")
	wantRead(t, server, io.EOF)
	if _, err := server.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing to a closed peer gives %v, want EPIPE", err)
	}
	wantRead(t, client, net.ErrClosed)
}

func TestCloseWithUnreadDataResetsThePeerAfterWhatItHasReceived(t *testing.T) {
	t.Parallel()
	_, client, server := pair(t)
	mustWrite(t, client, "never read")
	mustWrite(t, server, "received")
	_ = server.Close()
	mustRead(t, client, "received")
	wantRead(t, client, syscall.ECONNRESET)
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("writing gives %v, want ECONNRESET", err)
	}
}

func TestResetLosesDataUnderWayOnBothSides(t *testing.T) {
	t.Parallel()
	_, client, server := pair(t)
	mustWrite(t, client, "lost")
	client.Reset()
	wantRead(t, server, syscall.ECONNRESET)
	wantRead(t, client, syscall.ECONNRESET)
}

func TestDetachClosesEverythingOfTheAddress(t *testing.T) {
	t.Parallel()
	n, client, server := pair(t)
	n.SetName("db.default.svc", serverIP)
	n.Detach(serverIP)
	wantRead(t, client, syscall.ECONNRESET)
	wantRead(t, server, syscall.ECONNRESET)
	var unknown *net.DNSError
	if _, err := n.Dial(t.Context(), clientIP, "db.default.svc:80"); !errors.As(err, &unknown) || !unknown.IsNotFound {
		t.Errorf("dialling the name gives %v, want a DNS error", err)
	}
	if _, err := n.Dial(t.Context(), clientIP, serverAt.String()); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("dialling the address gives %v, want EHOSTUNREACH", err)
	}
	n.Attach(serverIP)
	if _, err := n.Dial(t.Context(), clientIP, serverAt.String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the listener has outlived its address: %v", err)
	}
}

func TestErrorsReadAsTheNetPackagesDo(t *testing.T) {
	t.Parallel()
	n, client, server := pair(t)
	client.Reset()
	_, readErr := server.Read(make([]byte, 1))
	_, refused := n.Dial(t.Context(), clientIP, "10.244.0.2:81")
	_, unreachable := n.Dial(t.Context(), clientIP, "10.244.9.9:80")
	_, unknown := n.Dial(t.Context(), clientIP, "nobody:80")
	_, inUse := n.Listen(serverAt)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, impatient := n.Dial(cancelled, clientIP, serverAt.String())
	for _, c := range []struct {
		err  error
		want string
	}{
		{readErr, "read tcp 10.244.0.2:80->" + server.RemoteAddr().String() + ": read: connection reset by peer"},
		{refused, "dial tcp 10.244.0.2:81: connect: connection refused"},
		{unreachable, "dial tcp 10.244.9.9:80: connect: no route to host"},
		{unknown, "dial tcp: lookup nobody: no such host"},
		{inUse, "listen tcp 10.244.0.2:80: bind: address already in use"},
		{impatient, "dial tcp: operation was canceled"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("got error %q, want %q", c.err, c.want)
		}
	}
	if !errors.Is(impatient, context.Canceled) {
		t.Errorf("%v does not wrap context.Canceled", impatient)
	}
}

func TestWriterWaitsForASlowReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client, server := pair(t)
		sent := bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // a mebibyte
		done := make(chan error, 1)
		go func() {
			_, err := client.Write(sent)
			_ = client.Close()
			done <- err
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("a write of a mebibyte that nobody reads has ended: %v", err)
		default:
		}
		got, err := io.ReadAll(server)
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("read %d bytes and %v, want the %d that were sent", len(got), err, len(sent))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(*simnet.Conn) error
		want time.Duration
	}{
		{"a deadline ends a read that is under way", func(c *simnet.Conn) error { return c.SetReadDeadline(time.Now().Add(time.Second)) }, time.Second},
		{"a deadline in the past ends a read at once", func(c *simnet.Conn) error { return c.SetDeadline(time.Now().Add(-time.Second)) }, 0},
		{"a later deadline replaces an earlier one", func(c *simnet.Conn) error {
			if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
				return err
			}
			return c.SetReadDeadline(time.Now().Add(3 * time.Second))
		}, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, client, _ := pair(t)
				began := time.Now()
				if err := c.set(client); err != nil {
					t.Fatal(err)
				}
				_, err := client.Read(make([]byte, 1))
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("reading gives %v, want a timeout", err)
				}
				if took := time.Since(began); took != c.want {
					t.Errorf("the read took %v, want %v", took, c.want)
				}
				if err := client.SetReadDeadline(time.Time{}); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestDialToAFullBacklogWaitsUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, _, _ := pair(t) // its listener accepts nothing more
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var err error
		for range 1000 {
			var c *simnet.Conn
			if c, err = n.Dial(ctx, clientIP, serverAt.String()); err != nil {
				break
			}
			defer func() { _ = c.Close() }()
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dialling gives %v, want a timeout", err)
		}
	})
}

func TestSharedListenerServesSeveralAddressesAndSurvivesTheLossOfOne(t *testing.T) {
	t.Parallel()
	n := simnet.New()
	l := n.NewListener()
	defer func() { _ = l.Close() }()
	addresses := []netip.AddrPort{netip.MustParseAddrPort("10.128.0.1:10250"), netip.MustParseAddrPort("10.128.0.2:10250")}
	for _, at := range addresses {
		n.Attach(at.Addr())
		if err := l.Add(at); err != nil {
			t.Fatal(err)
		}
	}
	accept := func(at netip.AddrPort) {
		t.Helper()
		c, err := n.Dial(t.Context(), clientIP, at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if got := s.LocalAddr().String(); got != at.String() {
			t.Errorf("a connection to %s arrives at %s", at, got)
		}
	}
	accept(addresses[0])
	accept(addresses[1])
	n.Detach(addresses[0].Addr())
	if _, err := n.Dial(t.Context(), clientIP, addresses[0].String()); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("dialling the lost address gives %v", err)
	}
	accept(addresses[1])
}

func TestClosingAListenerResetsWhoeverWaitsToBeAccepted(t *testing.T) {
	t.Parallel()
	n := simnet.New()
	n.Attach(serverIP)
	l, err := n.Listen(netip.AddrPortFrom(serverIP, 0))
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := n.Dial(t.Context(), clientIP, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	wantRead(t, waiting, syscall.ECONNRESET)
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepting gives %v, want net.ErrClosed", err)
	}
	if _, err := n.Dial(t.Context(), clientIP, l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a closed listener gives %v, want ECONNREFUSED", err)
	}
}
