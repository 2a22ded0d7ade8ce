package podnet_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podnet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

var _ container.Net = (*podnet.Process)(nil)

var ip = netip.MustParseAddr("10.244.0.5")

func newNamespace(t *testing.T) (*simnet.Network, *podnet.Namespace) {
	t.Helper()
	n := simnet.New()
	n.Attach(ip)
	return n, podnet.New(n, ip, "prod", "lws-0")
}

// greet answers every connection with a text.
func greet(t *testing.T, p *podnet.Process, port uint16, text string) {
	t.Helper()
	l, err := p.Listen(port)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
			_ = c.Close()
		}
	}()
}

func TestNamesOfThePodAndOfTheCluster(t *testing.T) {
	t.Parallel()
	network, namespace := newNamespace(t)
	server := namespace.NewProcess()
	t.Cleanup(server.Close)
	greet(t, server, 80, "me")
	other := netip.MustParseAddr("10.244.0.6")
	network.Attach(other)
	network.SetName("lws-0-1.lws.prod.svc.cluster.local", other)
	otherProcess := podnet.New(network, other, "prod", "lws-0-1").NewProcess()
	t.Cleanup(otherProcess.Close)
	greet(t, otherProcess, 80, "other")

	client := namespace.NewProcess()
	t.Cleanup(client.Close)
	for _, c := range []struct{ name, address, want string }{
		{"localhost", "localhost:80", "me"},
		{"the loopback address", "127.0.0.1:80", "me"},
		{"the IPv6 loopback address", "[::1]:80", "me"},
		{"the unspecified address", "0.0.0.0:80", "me"},
		{"no host at all", ":80", "me"},
		{"the pod's own address", "10.244.0.5:80", "me"},
		{"the pod's own hostname", "lws-0:80", "me"},
		{"another pod's address", "10.244.0.6:80", "other"},
		{"another pod's full name", "lws-0-1.lws.prod.svc.cluster.local:80", "other"},
		{"another pod's name in the same namespace", "lws-0-1.lws:80", "other"},
		{"another pod's name with the namespace", "lws-0-1.lws.prod:80", "other"},
	} {
		conn, err := client.DialContext(t.Context(), "tcp", c.address)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, err := io.ReadAll(conn); err != nil || string(got) != c.want {
			t.Errorf("%s: %q and %v, want %q", c.name, got, err, c.want)
		}
		conn.Close()
	}
	var unknown *net.DNSError
	if _, err := client.DialContext(t.Context(), "tcp", "nobody.lws:80"); !errors.As(err, &unknown) || unknown.Name != "nobody.lws" {
		t.Errorf("an unknown name gives %v", err)
	}
	if _, err := client.DialContext(t.Context(), "udp", "localhost:53"); err == nil {
		t.Error("there is UDP")
	}
}

func TestTheEndOfAProcessClosesWhatIsItsOwnAlone(t *testing.T) {
	t.Parallel()
	_, namespace := newNamespace(t)
	ending, staying := namespace.NewProcess(), namespace.NewProcess()
	t.Cleanup(staying.Close)
	l, err := ending.Listen(80)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := staying.Listen(81)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := staying.Listen(80); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the port of another container of the pod is free: %v", err)
	}
	client, err := staying.DialContext(t.Context(), "tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(accepted, "last words"); err != nil {
		t.Fatal(err)
	}
	ending.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != "last words" {
		t.Errorf("the peer reads %q and %v, want the last words and a clean end", got, err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("its listener gives %v", err)
	}
	if _, err := ending.Listen(82); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a process that has ended can listen: %v", err)
	}
	if _, err := ending.DialContext(t.Context(), "tcp", "localhost:81"); err == nil {
		t.Error("a process that has ended can dial")
	}
	if _, err := staying.Listen(80); err != nil {
		t.Errorf("the port is not free again: %v", err)
	}
	if c, err := staying.DialContext(t.Context(), "tcp", kept.Addr().String()); err != nil {
		t.Errorf("the other process's port has gone: %v", err)
	} else {
		c.Close()
	}
}

func TestHalfCloseAndResetStayAvailable(t *testing.T) {
	t.Parallel()
	_, namespace := newNamespace(t)
	p := namespace.NewProcess()
	t.Cleanup(p.Close)
	if _, err := p.Listen(80); err != nil {
		t.Fatal(err)
	}
	c, err := p.DialContext(t.Context(), "tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.(interface{ CloseWrite() error }); !ok {
		t.Error("connections cannot be closed half")
	}
	if _, ok := c.(interface{ Reset() }); !ok {
		t.Error("connections cannot be reset")
	}
}
