package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var leader = Pod{Namespace: "ns", Name: "llama-0", UID: "1"}

// clientOf returns an HTTP client whose connections go to a port of the leader.
func clientOf(t *Tunnel, port int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return t.DialContext(ctx, leader, port)
		},
	}}
}

func get(t *testing.T, c *http.Client) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://pod/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// stall answers at once and goes on until its client is gone.
func stall(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "first")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		spdyOnly bool
		upgrades string
	}{
		{"over a WebSocket", false, "[GET]"},
		{"over SPDY where there are no WebSockets", true, "[GET POST]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newAPIServer(t)
			s.spdyOnly = tt.spdyOnly
			s.listen(8000, http.HandlerFunc(hello))
			client := clientOf(s.start(), 8000)
			for range 3 {
				if body, err := get(t, client); body != "hello" || err != nil {
					t.Fatalf("body %q, error %v", body, err)
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if got := fmt.Sprint(s.upgrades); got != tt.upgrades {
				t.Errorf("three requests upgraded with %s, want %s", got, tt.upgrades)
			}
		})
	}
}

func TestALargeAnswerArrivesWhole(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	const size = 3 << 20
	s.listen(8000, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	}))
	body, err := get(t, clientOf(s.start(), 8000))
	if len(body) != size || err != nil {
		t.Errorf("%d of %d bytes, error %v", len(body), size, err)
	}
}

func TestARefusedPortEndsNoOtherConnection(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(stall))
	s.listen(8001, http.HandlerFunc(hello))
	tunnel := s.start()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://pod/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := clientOf(tunnel, 8000).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}

	for range 5 {
		_, err := get(t, clientOf(tunnel, 9000))
		var refused *PortRefusedError
		if !errors.As(err, &refused) || refused.Port != 9000 || !refused.Refused() {
			t.Fatalf("a closed port gives %v", err)
		}
	}
	if body, err := get(t, clientOf(tunnel, 8001)); body != "hello" || err != nil {
		t.Errorf("another port answers %q, %v", body, err)
	}
	if n := s.upgradeCount(); n != 1 {
		t.Errorf("%d shared connections", n)
	}
	// The first connection still lives: nothing has ended it.
	select {
	case port := <-s.resets:
		if port == "8000" {
			t.Error("the connection under way was ended")
		}
	default:
	}
}

func TestCancelledRequestsInARow(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(stall))
	s.listen(8001, http.HandlerFunc(hello))
	tunnel := s.start()
	client := clientOf(tunnel, 8000)
	const rounds = 200
	for i := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://pod/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		cancel()
		_ = resp.Body.Close()
	}
	// Each cancellation reaches the pod.
	for range rounds {
		<-s.resets
	}
	if body, err := get(t, clientOf(tunnel, 8001)); body != "hello" || err != nil {
		t.Errorf("afterwards a request gives %q, %v", body, err)
	}
	if n := s.upgradeCount(); n != 1 {
		t.Errorf("%d shared connections were needed", n)
	}
}

func TestManyConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(hello))
	client := clientOf(s.start(), 8000)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if body, err := get(t, client); body != "hello" || err != nil {
				t.Errorf("body %q, error %v", body, err)
			}
		})
	}
	wg.Wait()
	if n := s.upgradeCount(); n != 1 {
		t.Errorf("%d shared connections", n)
	}
}

func TestAResetInThePodEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	s.listen(8001, http.HandlerFunc(hello))
	tunnel := s.start()
	if body, err := get(t, clientOf(tunnel, 8000)); body != "first" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("body %q, error %v", body, err)
	}
	if body, err := get(t, clientOf(tunnel, 8001)); body != "hello" || err != nil {
		t.Errorf("another port answers %q, %v", body, err)
	}
	if n := s.upgradeCount(); n != 1 {
		t.Errorf("%d shared connections", n)
	}
}

func TestABrokenSharedConnectionIsTypedAndReplaced(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(stall))
	s.listen(8001, http.HandlerFunc(hello))
	tunnel := s.start()
	conn, err := tunnel.DialContext(t.Context(), leader, 8000)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The node has the pair of streams when an answer comes through them; before, it
	// resets them one by one, which looks like the end of the connection.
	_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	s.breakShared()
	_, err = io.Copy(io.Discard, conn)
	var lost *LostError
	if !errors.As(err, &lost) {
		t.Errorf("reading from it gives %v", err)
	}
	if body, err := get(t, clientOf(tunnel, 8001)); body != "hello" || err != nil {
		t.Errorf("the next request gives %q, %v", body, err)
	}
	if n := s.upgradeCount(); n != 2 {
		t.Errorf("%d shared connections", n)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	forbidden := func(verb string) *metav1.Status {
		return &metav1.Status{
			Code: 403, Reason: metav1.StatusReasonForbidden,
			Message: fmt.Sprintf(`pods "llama-0" is forbidden: User "u" cannot %s resource "pods/portforward" in API group "" in the namespace "ns"`, verb),
		}
	}
	tests := []struct {
		name   string
		refuse func(*http.Request) *metav1.Status
		check  func(error) bool
	}{
		{
			"neither verb",
			func(r *http.Request) *metav1.Status {
				if r.Method == http.MethodGet {
					return forbidden("get")
				}
				return forbidden("create")
			},
			func(err error) bool {
				var e *NotPermittedError
				return errors.As(err, &e) && e.Verb == "create" && e.Forbidden()
			},
		},
		{
			"a pod that does not exist",
			func(*http.Request) *metav1.Status {
				return &metav1.Status{Code: 404, Reason: metav1.StatusReasonNotFound, Message: `pods "llama-0" not found`}
			},
			func(err error) bool {
				var e *PodNotRunningError
				return errors.As(err, &e)
			},
		},
		{
			"a pod without a node",
			func(*http.Request) *metav1.Status {
				return &metav1.Status{Code: 400, Reason: metav1.StatusReasonBadRequest, Message: "pod llama-0 does not have a host assigned"}
			},
			func(err error) bool {
				var e *PodNotRunningError
				return errors.As(err, &e)
			},
		},
		{
			"a server in trouble",
			func(*http.Request) *metav1.Status {
				return &metav1.Status{Code: 503, Reason: metav1.StatusReasonServiceUnavailable, Message: "etcd"}
			},
			func(err error) bool {
				var e *LostError
				return errors.As(err, &e)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newAPIServer(t)
			s.refuse = tt.refuse
			_, err := s.start().DialContext(t.Context(), leader, 8000)
			if !tt.check(err) {
				t.Errorf("error %T: %v", err, err)
			}
		})
	}
}

func TestAUserWithCreateOnlyIsServedOverSPDY(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(hello))
	s.refuse = func(r *http.Request) *metav1.Status {
		if r.Method == http.MethodGet {
			return &metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: "no get"}
		}
		return nil
	}
	if body, err := get(t, clientOf(s.start(), 8000)); body != "hello" || err != nil {
		t.Errorf("body %q, error %v", body, err)
	}
}

func TestReportsOfTheNode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want any
	}{
		{"dial tcp4 127.0.0.1:9: connect: connection refused", new(*PortRefusedError)},
		{"exit status 1: 2026/01/01 socat[7] E connect(5, AF=2 127.0.0.1:9, 16): Connection refused", new(*PortRefusedError)},
		{`error forwarding port 9 to pod 01, uid : container not running (01)`, new(*PodNotRunningError)},
		{`failed to find sandbox "01" in store: not found`, new(*PodNotRunningError)},
		{`network namespace for sandbox "01" is closed`, new(*PodNotRunningError)},
		{"something else", new(*ForwardError)},
	}
	for _, tt := range tests {
		s := newAPIServer(t)
		s.ports["9"] = "error:" + tt.text
		conn, err := s.start().DialContext(t.Context(), leader, 9)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.As(err, tt.want) {
			t.Errorf("%q becomes %T: %v", tt.text, err, err)
		}
		_ = conn.Close()
	}
}

func TestReadDeadline(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(hello))
	conn, err := s.start().DialContext(t.Context(), leader, 8000)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1))
	var timeout net.Error
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a read past its deadline gives %v", err)
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasSuffix(string(answer), "hello") {
		t.Errorf("after lifting the deadline: %q, %v", answer, err)
	}
}

func TestCloseUnblocksARead(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(stall))
	conn, err := s.start().DialContext(t.Context(), leader, 8000)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		done <- err
	}()
	_ = conn.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the read ends with %v", err)
	}
	if _, err := conn.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after it ends with %v", err)
	}
}

func TestAClosedTunnelRefusesToDial(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(hello))
	tunnel := s.start()
	conn, err := tunnel.DialContext(t.Context(), leader, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if err := tunnel.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives its tunnel")
	}
	_ = conn.Close()
	if _, err := tunnel.DialContext(t.Context(), leader, 8000); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dialling gives %v", err)
	}
}

func TestDialGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	silent, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	tunnel := newTunnelTo(t, "http://"+silent.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := tunnel.DialContext(ctx, leader, 8000); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	pod := func(name string) Pod { return Pod{Name: name} }
	notServing := new(*NotServingError)
	tests := []struct {
		name       string
		candidates []Candidate
		want       string
		err        any
	}{
		{"nothing there", nil, "", nil},
		{"one that answers before one that is ready", []Candidate{{Pod: pod("a"), Running: true, Ready: true}, {Pod: pod("b"), Running: true, Serving: true}}, "b", nil},
		{"a ready one when none answers", []Candidate{{Pod: pod("a"), Running: true}, {Pod: pod("b"), Running: true, Ready: true}}, "b", nil},
		{"the first of equals", []Candidate{{Pod: pod("a"), Running: true, Serving: true}, {Pod: pod("b"), Running: true, Serving: true}}, "a", nil},
		{"an answer of one that does not run any more", []Candidate{{Pod: pod("a"), Serving: true}}, "", nil},
		{"one that loads", []Candidate{{Pod: pod("a"), Running: true}}, "", notServing},
	}
	for _, tt := range tests {
		got, err := Pick(tt.candidates)
		if got.Name != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: picked %q, %v", tt.name, got.Name, err)
		}
		if tt.want == "" && tt.err == nil && !errors.Is(err, ErrNoLeader) {
			t.Errorf("%s: error %v", tt.name, err)
		}
		if tt.err != nil && !errors.As(err, tt.err) {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
}
