package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tunnelError stands for the errors of a tunnel.
type tunnelError struct{ forbidden, refused bool }

func (e tunnelError) Error() string   { return "tunnel\nerror" }
func (e tunnelError) Forbidden() bool { return e.forbidden }
func (e tunnelError) Refused() bool   { return e.refused }

// brokenConn is a connection whose Read fails.
type brokenConn struct {
	net.Conn
	err error
}

func (c brokenConn) Read([]byte) (int, error)    { return 0, c.err }
func (c brokenConn) Write(p []byte) (int, error) { return len(p), nil }
func (c brokenConn) Close() error                { return nil }

func TestProbe(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) func(*testing.T) (net.Conn, error) {
		return func(t *testing.T) (net.Conn, error) {
			t.Helper()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/healthcheck" {
					t.Errorf("asked %s %s", r.Method, r.URL)
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}))
			t.Cleanup(server.Close)
			var d net.Dialer
			return d.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		}
	}
	fails := func(err error) func(*testing.T) (net.Conn, error) {
		return func(*testing.T) (net.Conn, error) { return nil, err }
	}
	tests := []struct {
		name string
		dial func(*testing.T) (net.Conn, error)
		want Health
	}{
		{"a model that serves", answer(200, "{\n    \"response\": {\n        \"is_live\": true\n    }\n}"), Health{State: Serving}},
		{"a model that loads", answer(500, `{"detail":"Healthcheck failed"}`), Health{State: NotServing, Detail: "/healthcheck answered 500: Healthcheck failed"}},
		{"a model that says it does not live", answer(200, `{"response": {"is_live": false}}`), Health{State: NotServing, Detail: "/healthcheck answered 200 without is_live"}},
		{"another server on the port", answer(200, `<html>`), Health{State: NotServing, Detail: "/healthcheck answered 200 without is_live"}},
		{"a server without the path", answer(404, `{"detail":"Not Found"}`), Health{State: NotServing, Detail: "/healthcheck answered 404: Not Found"}},
		{"an error that is no JSON", answer(502, "bad gateway"), Health{State: NotServing, Detail: "/healthcheck answered 502"}},
		{"no permission to port-forward", fails(fmt.Errorf("dialling: %w", tunnelError{forbidden: true})), Health{State: Forbidden, Detail: "dialling: tunnel error"}},
		{"a closed port, learnt on dialling", fails(tunnelError{refused: true}), Health{State: Refused, Detail: "tunnel error"}},
		{
			"a closed port, learnt on reading",
			func(*testing.T) (net.Conn, error) { return brokenConn{err: tunnelError{refused: true}}, nil },
			Health{State: Refused, Detail: "tunnel error"},
		},
		{"a lost tunnel", fails(tunnelError{}), Health{State: Unknown, Detail: "tunnel error"}},
		{
			"a connection that ends without an answer",
			func(*testing.T) (net.Conn, error) { return brokenConn{err: io.EOF}, nil },
			Health{State: Unknown, Detail: "unexpected EOF"},
		},
		{"a long error", fails(errors.New(strings.Repeat("é", 500))), Health{State: Unknown, Detail: strings.Repeat("é", 200) + "…"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := Prober{
				Dial: func(_ context.Context, pod Target, port int) (net.Conn, error) {
					if pod.Name != "llama-0" || port != DefaultPort {
						t.Errorf("dialled port %d of %s", port, pod.Name)
					}
					return tt.dial(t)
				},
				Now: func() time.Time { return clock },
			}
			tt.want.Since = clock
			if diff := cmp.Diff(tt.want, p.Probe(t.Context(), Target{Name: "llama-0"})); diff != "" {
				t.Errorf("health (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAServerThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		go func() { _, _ = io.Copy(io.Discard, server) }()
		p := Prober{Dial: func(context.Context, Target, int) (net.Conn, error) { return client, nil }}
		begin := time.Now()
		got := p.Probe(t.Context(), Target{})
		want := Health{State: Unknown, Detail: "no answer from /healthcheck within 3s"}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Health{}, "Since")); diff != "" {
			t.Errorf("health (-want +got):\n%s", diff)
		}
		if took := time.Since(begin); took != DefaultTimeout {
			t.Errorf("it took %s", took)
		}
	})
}

func TestAfterKeepsTheFirstSighting(t *testing.T) {
	t.Parallel()
	first := Health{State: Serving, Since: clock}
	later := Health{State: Serving, Since: clock.Add(time.Minute)}
	if got := later.After(first); !got.Since.Equal(clock) {
		t.Errorf("still serving since %s", got.Since)
	}
	changed := Health{State: NotServing, Since: clock.Add(time.Minute)}
	if got := changed.After(first); !got.Since.Equal(clock.Add(time.Minute)) {
		t.Errorf("not serving since %s", got.Since)
	}
}
