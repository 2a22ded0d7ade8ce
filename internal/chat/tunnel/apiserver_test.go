package tunnel

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	gwebsocket "github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	pfconstants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// apiServer plays the API server and the node behind it: it upgrades requests
// for portforward and splices each pair of streams with a connection to what
// listens on the port, reporting failures in the node's words.
type apiServer struct {
	t testing.TB
	// spdyOnly refuses WebSockets, as an older server or a proxy does.
	spdyOnly bool
	// refuse answers requests with a status instead of an upgrade.
	refuse func(r *http.Request) *metav1.Status

	mu       sync.Mutex
	ports    map[string]string // what listens: the pod's port → address
	shared   []httpstream.Connection
	upgrades []string // "GET" or "POST" of each request
	resets   chan string
}

func newAPIServer(tb testing.TB) *apiServer {
	tb.Helper()
	return &apiServer{t: tb, ports: map[string]string{}, resets: make(chan string, 1000)}
}

// start serves and returns a tunnel through the server.
func (s *apiServer) start() *Tunnel {
	s.t.Helper()
	server := httptest.NewServer(s)
	s.t.Cleanup(server.Close)
	tunnel, err := New(&rest.Config{Host: server.URL})
	if err != nil {
		s.t.Fatal(err)
	}
	// The tunnel goes first: the server waits for its connections.
	s.t.Cleanup(func() { _ = tunnel.Close() })
	return tunnel
}

// listenTCP lets serve talk on a port of every pod, one connection at a time.
func (s *apiServer) listenTCP(port int, serve func(*net.TCPConn)) {
	s.t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serve(c.(*net.TCPConn))
			_ = c.Close()
		}
	})
	s.t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ports[fmt.Sprint(port)] = listener.Addr().String()
}

// listen lets a handler answer HTTP on a port of every pod.
func (s *apiServer) listen(port int, handler http.Handler) {
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ports[fmt.Sprint(port)] = server.Listener.Addr().String()
}

// breakShared ends all shared connections, as a restart of the API server does.
func (s *apiServer) breakShared() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.shared {
		_ = c.Close()
	}
	s.shared = nil
}

func (s *apiServer) upgradeCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.upgrades)
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if want := "/api/v1/namespaces/ns/pods/llama-0/portforward"; r.URL.Path != want {
		s.t.Errorf("path %s, want %s", r.URL.Path, want)
	}
	s.mu.Lock()
	s.upgrades = append(s.upgrades, r.Method)
	s.mu.Unlock()
	if s.refuse != nil {
		if status := s.refuse(r); status != nil {
			status.Kind, status.APIVersion, status.Status = "Status", "v1", metav1.StatusFailure
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(int(status.Code))
			_ = json.NewEncoder(w).Encode(status)
			return
		}
	}
	streams := make(chan httpstream.Stream)
	done := make(chan struct{})
	accept := func(stream httpstream.Stream, replied <-chan struct{}) error {
		go func() {
			<-replied
			select {
			case streams <- stream:
			case <-done:
			}
		}()
		return nil
	}
	conn := s.upgrade(w, r, accept)
	if conn == nil {
		return
	}
	s.mu.Lock()
	s.shared = append(s.shared, conn)
	s.mu.Unlock()
	defer func() { _ = conn.Close() }()
	defer close(done)
	s.splice(conn, streams)
}

// upgrade returns the shared connection, or nil after having answered.
func (s *apiServer) upgrade(w http.ResponseWriter, r *http.Request, accept httpstream.NewStreamHandler) httpstream.Connection {
	if r.Method == http.MethodPost {
		if _, err := httpstream.Handshake(r, w, []string{pfconstants.PortForwardV1Name}); err != nil {
			return nil
		}
		return spdy.NewResponseUpgrader().UpgradeResponse(w, r, accept)
	}
	if s.spdyOnly {
		http.Error(w, "no WebSockets here", http.StatusBadRequest)
		return nil
	}
	upgrader := gwebsocket.Upgrader{Subprotocols: []string{pfconstants.WebsocketsSPDYTunnelingPortForwardV1}}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	conn, err := spdy.NewServerConnection(portforward.NewTunnelingConnection("server", ws), accept)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	return conn
}

// splice pairs streams by their request and connects each pair.
func (s *apiServer) splice(conn httpstream.Connection, incoming <-chan httpstream.Stream) {
	pairs := map[string]*streams{}
	for {
		select {
		case <-conn.CloseChan():
			return
		case stream := <-incoming:
			id := stream.Headers().Get(corev1.PortForwardRequestIDHeader)
			pair := pairs[id]
			if pair == nil {
				pair = &streams{}
				pairs[id] = pair
			}
			if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				pair.report = stream
			} else {
				pair.data = stream
			}
			if pair.data != nil && pair.report != nil {
				delete(pairs, id)
				conn.RemoveStreams(pair.data, pair.report)
				go s.forward(pair.data, pair.report)
			}
		}
	}
}

func (s *apiServer) forward(data, report httpstream.Stream) {
	defer data.Close()
	defer report.Close()
	port := data.Headers().Get(corev1.PortHeader)
	s.mu.Lock()
	address := s.ports[port]
	s.mu.Unlock()
	fail := func(text string) {
		_, _ = io.WriteString(report, text)
		_ = data.Reset()
		_ = report.Reset()
	}
	if text, ok := strings.CutPrefix(address, "error:"); ok {
		fail(text)
		return
	}
	if address == "" {
		fail(fmt.Sprintf("error forwarding port %s to pod 0123, uid : failed to execute portforward in network namespace \"/var/run/netns/cni\": failed to connect to localhost:%s inside namespace: dial tcp4 127.0.0.1:%s: connect: connection refused", port, port, port))
		return
	}
	var dialer net.Dialer
	upstream, err := dialer.DialContext(s.t.Context(), "tcp", address)
	if err != nil {
		fail(err.Error())
		return
	}
	defer upstream.Close()
	go func() {
		_, _ = io.Copy(upstream, data)
		s.resets <- port
		// The pod sees the end of what it is sent.
		_ = upstream.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(data, upstream)
}

// newTunnelTo returns a tunnel through whatever listens at an address.
func newTunnelTo(t *testing.T, host string) *Tunnel {
	t.Helper()
	tunnel, err := New(&rest.Config{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tunnel.Close() })
	return tunnel
}
