package controlplane

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

func TestEgressReachesTheSimulatedNetworkOnly(t *testing.T) {
	t.Parallel()
	network := simnet.New()
	pod := netip.MustParseAddr("10.244.0.7")
	network.Attach(pod)
	listener, err := network.Listen(netip.AddrPortFrom(pod, 9443))
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends when the test closes the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(conn, conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })

	dial := startEgress(t, network)
	for _, tc := range []struct {
		name, target string
		wantStatus   int
		wantReason   string
	}{
		{"a port that a pod listens on is connected", "10.244.0.7:9443", http.StatusOK, ""},
		{"a port without a listener is refused", "10.244.0.7:80", http.StatusBadGateway, "connection refused"},
		{"an address without a pod has no route", "10.244.0.8:80", http.StatusBadGateway, "no route to host"},
		{"the machine's own network is out of reach", "127.0.0.1:22", http.StatusBadGateway, "no route to host"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t)
			fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", tc.target)
			reader := bufio.NewReader(conn)
			resp, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tc.wantStatus {
				t.Fatalf("status %s, want %d", resp.Status, tc.wantStatus)
			}
			if tc.wantStatus != http.StatusOK {
				if !strings.Contains(resp.Status, tc.wantReason) {
					t.Errorf("status %q does not tell %q", resp.Status, tc.wantReason)
				}
				return
			}
			if _, err := io.WriteString(conn, "ping"); err != nil {
				t.Fatal(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			// The pod answers only after it has read the end of the request, so the
			// end must travel on its own.
			if echo, err := io.ReadAll(reader); err != nil || string(echo) != "ping" {
				t.Errorf("the pod's answer is %q, %v; want %q", echo, err, "ping")
			}
		})
	}
}

// startEgress runs the proxy on a socket until the test and its subtests are over.
func startEgress(t *testing.T, network *simnet.Network) func(*testing.T) *net.UnixConn {
	t.Helper()
	dir, err := os.MkdirTemp("", "eg") // the path of t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, egressSocket)
	l, err := listenUnix(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serveEgress(ctx, l, network) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(dir)
	})
	return func(t *testing.T) *net.UnixConn {
		t.Helper()
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}
