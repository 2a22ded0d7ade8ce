package uvicorn

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

// buffer is a log that several goroutines write.
type buffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// running is a server with a slow and a fast path.
type running struct {
	stdout, stderr buffer
	term           chan struct{}
	kill           context.CancelFunc
	done           chan struct{}
	client         *http.Client
}

func start(t *testing.T) *running {
	t.Helper()
	network, ip, outside := simnet.New(), netip.MustParseAddr("10.244.0.1"), netip.MustParseAddr("10.128.0.1")
	network.Attach(ip)
	l, err := network.Listen(netip.AddrPortFrom(ip, 8000))
	if err != nil {
		t.Fatal(err)
	}
	ctx, kill := context.WithCancel(context.WithoutCancel(t.Context()))
	r := &running{term: make(chan struct{}), kill: kill, done: make(chan struct{})}
	slow := func(w http.ResponseWriter, req *http.Request) {
		select {
		case <-time.After(time.Minute):
			JSON(w, http.StatusOK, `"done"`)
		case <-req.Context().Done():
		}
	}
	server := &Server{
		App:    App{{http.MethodGet, "/slow", slow}, {http.MethodGet, "/a b", func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, "1") }}},
		Stdout: &r.stdout, Stderr: &r.stderr, PID: 7, PodIP: ip, Port: 8000,
	}
	go func() {
		defer close(r.done)
		server.Serve(ctx, l, r.term)
	}()
	t.Cleanup(func() { kill(); <-r.done })
	r.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		host, port, _ := strings.Cut(address, ":")
		from := outside
		if host == "localhost" {
			from = ip
		}
		return network.Dial(ctx, from, ip.String()+":"+port)
	}}}
	return r
}

func (r *running) get(t *testing.T, url string) (body string, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return string(data), err
}

func TestTerminationLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		time.AfterFunc(time.Second, func() { close(r.term) })
		if body, err := r.get(t, "http://pod:8000/slow"); err != nil || body != `"done"` {
			t.Errorf("a request under way got %q, %v", body, err)
		}
		<-r.done
		const want = `INFO:     Started server process [7]
INFO:     Waiting for application startup.
INFO:     Application startup complete.
INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)
INFO:     Shutting down
INFO:     Waiting for application shutdown.
INFO:     Application shutdown complete.
INFO:     Finished server process [7]
`
		if got := r.stderr.String(); got != want {
			t.Errorf("log\n%s", got)
		}
		if _, err := r.get(t, "http://pod:8000/slow"); err == nil {
			t.Error("a request after the end was answered")
		}
	})
}

func TestKillCutsRequestsOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		began := time.Now()
		time.AfterFunc(time.Second, r.kill)
		if _, err := r.get(t, "http://pod:8000/slow"); err == nil || time.Since(began) != time.Second {
			t.Errorf("a request under way ended after %v with %v", time.Since(began), err)
		}
		<-r.done
		if strings.Contains(r.stderr.String(), "Shutting down") {
			t.Error("a kill was taken for a termination")
		}
	})
}

func TestAccessLogNamesTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		for _, url := range []string{"http://pod:8000/a%20b?x=1", "http://localhost:8000/a%20b"} {
			if _, err := r.get(t, url); err != nil {
				t.Fatal(err)
			}
		}
		lines := strings.Split(r.stdout.String(), "\n")
		if !strings.HasPrefix(lines[0], "INFO:     10.128.0.1:") || !strings.HasSuffix(lines[0], ` - "GET /a%20b?x=1 HTTP/1.1" 200 OK`) {
			t.Errorf("from outside: %q", lines[0])
		}
		if !strings.HasPrefix(lines[1], "INFO:     127.0.0.1:") {
			t.Errorf("from localhost: %q", lines[1])
		}
	})
}
