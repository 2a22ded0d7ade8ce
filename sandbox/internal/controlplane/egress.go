package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

const egressSocket = "egress.sock"

// egressDialTimeout is how long a listener with a full queue is waited for.
const egressDialTimeout = 10 * time.Second

// egressConfiguration tells the API server to send what is meant for the cluster,
// which is kubelets, webhooks and proxied Services, through the socket.
func egressConfiguration(socket string) []byte {
	return fmt.Appendf(nil, `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      uds:
        udsName: %q
`, socket)
}

// serveEgress answers HTTP CONNECT requests with connections of the simulated
// network, until ctx ends. It closes the listener and waits for the connections.
func serveEgress(ctx context.Context, l net.Listener, network *simnet.Network) error {
	var tunnels sync.WaitGroup
	server := &http.Server{
		ReadHeaderTimeout: egressDialTimeout,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodConnect {
				http.Error(w, "only CONNECT is served here", http.StatusMethodNotAllowed)
				return
			}
			local, err := hijack(w)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			tunnels.Go(func() { tunnel(ctx, local, network, r.URL.Host) })
		}),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(l)
	tunnels.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving the egress proxy: %w", err)
}

// hijack takes the connection over. The client speaks again only after an answer, so
// that nothing can be left in the server's buffer.
func hijack(w http.ResponseWriter) (halfCloser, error) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return nil, errors.New("the connection cannot be taken over")
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return nil, err
	}
	local, ok := conn.(halfCloser)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%T has no half-close", conn), conn.Close())
	}
	return local, nil
}

// tunnel dials the target and joins the two connections until both have ended.
func tunnel(ctx context.Context, local halfCloser, network *simnet.Network, target string) {
	dialing, cancel := context.WithTimeout(ctx, egressDialTimeout)
	defer cancel()
	remote, err := network.Dial(dialing, egressSource, target)
	if err != nil {
		// The API server shows the status line and nothing else, so that the reason
		// belongs there.
		_, _ = fmt.Fprintf(local, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n\r\n", http.StatusBadGateway, oneLine(err))
		_ = local.Close()
		return
	}
	if _, err := io.WriteString(local, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		remote.Reset()
		_ = local.Close()
		return
	}
	splice(ctx, local, remote)
}

// egressSource is the address that kubelets and pods see the API server come from.
var egressSource = netip.MustParseAddr(advertiseAddress)

func oneLine(err error) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, err.Error())
}

// halfCloser is a connection whose directions end one by one.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// splice copies both ways until both sides have ended or ctx does. An end travels as
// an end; an error ends both directions.
func splice(ctx context.Context, a, b halfCloser) {
	stop := context.AfterFunc(ctx, func() { _, _ = a.Close(), b.Close() })
	defer stop()
	var directions sync.WaitGroup
	pipe := func(to, from halfCloser) {
		if _, err := io.Copy(to, from); err != nil || to.CloseWrite() != nil {
			_, _ = a.Close(), b.Close()
		}
	}
	directions.Go(func() { pipe(a, b) })
	directions.Go(func() { pipe(b, a) })
	directions.Wait()
	_, _ = a.Close(), b.Close()
}
