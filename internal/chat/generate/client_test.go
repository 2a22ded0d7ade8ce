package generate

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

var _ chat.Answerer = (*Client)(nil)

// serve returns a client of a server with one handler for /generate.
func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /generate", handler)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	var dialer net.Dialer
	return &Client{HTTP: NewHTTPClient(dialer.DialContext), BaseURL: server.URL}
}

func collect(into *strings.Builder) func(string) error {
	return func(text string) error {
		into.WriteString(text)
		return nil
	}
}

func TestTheRequestAsksForAStream(t *testing.T) {
	t.Parallel()
	var bodies []string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, r.Header.Get("Content-Type")+" "+string(body))
		_, _ = io.WriteString(w, chunk("x"))
	})
	for _, r := range []chat.Request{{Text: "héllo\n", MaxTokens: 7}, {Text: ""}} {
		if _, err := client.Generate(t.Context(), r, collect(&strings.Builder{})); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`application/json {"prompt":"héllo\n","max_tokens":7,"stream":true}`,
		`application/json {"prompt":"","stream":true}`,
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAPromptThatIsNoTextIsNotSent(t *testing.T) {
	t.Parallel()
	client := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	if _, err := client.Generate(t.Context(), chat.Request{Text: "\xff"}, nil); err == nil {
		t.Error("no error")
	}
}

func TestARequestThatCouldNotBeSentSaysWhyAlone(t *testing.T) {
	t.Parallel()
	refused := errors.New("no leader pod is running")
	client := &Client{BaseURL: "http://jetstream", HTTP: NewHTTPClient(func(context.Context, string, string) (net.Conn, error) {
		return nil, refused
	})}
	_, err := client.Generate(t.Context(), chat.Request{Text: "x"}, nil)
	if !errors.Is(err, refused) || err.Error() != "sending the request: no leader pod is running" {
		t.Errorf("error %v", err)
	}
}

func TestACancelledRequestIsCancelledWhateverTheCause(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(asked)
		<-r.Context().Done() // no head of an answer comes
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-asked
		cancel(errors.New("stopped by signal: interrupt"))
	}()
	if _, err := client.Generate(ctx, chat.Request{Text: "x"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, chunk("")+chunk("ab")+chunk("c")+chunk("de")+chunk(""))
	})
	// Each look at the clock is a second later: the start, the first text, the
	// end.
	clock := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	client.Now = func() time.Time {
		clock = clock.Add(time.Second)
		return clock
	}
	client.Via = func() (string, time.Duration) { return "jetstream-pathways-0", 30 * time.Millisecond }
	var text strings.Builder
	stats, err := client.Generate(t.Context(), chat.Request{Text: "x"}, collect(&text))
	if err != nil {
		t.Fatal(err)
	}
	want := chat.Stats{
		Framing: chat.Streamed, Chunks: 3, Bytes: 5, FirstText: time.Second, Total: 2 * time.Second,
		RoundTrip: 30 * time.Millisecond, Pod: "jetstream-pathways-0",
	}
	if diff := cmp.Diff(want, stats); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if got := stats.ChunksPerSecond(); got != 2 {
		t.Errorf("%v chunks per second", got)
	}
	if text.String() != "abcde" {
		t.Errorf("text %q", text.String())
	}
}

const unavailable = `<AioRpcError of RPC that terminated with:
	status = StatusCode.UNAVAILABLE
	details = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9000"
	debug_error_string = "UNKNOWN:Error received"
>`

func TestErrorAnswers(t *testing.T) {
	t.Parallel()
	quoted := strings.NewReplacer("\n", `\n`, "\t", `\t`, `"`, `\"`).Replace(unavailable)
	tests := []struct {
		name       string
		status     int
		body       string
		want       string
		notServing bool
	}{
		{
			"the model server does not run", 500, `{"detail":"` + quoted + `"}`,
			"the model server answered UNAVAILABLE: failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9000", true,
		},
		{
			"another gRPC error without details", 500, `{"detail":"x status = StatusCode.RESOURCE_EXHAUSTED y"}`,
			"the model server answered RESOURCE_EXHAUSTED", false,
		},
		{"an error of its own", 500, `{"detail":"boom"}`, "the server answered 500: boom", false},
		{
			"a request that was not understood", 422,
			`{"detail":[{"type":"int_parsing","loc":["body","max_tokens"],"msg":"Input should be a valid integer","input":"x"}]}`,
			"the server answered 422: body.max_tokens: Input should be a valid integer", false,
		},
		{"an unknown path", 404, `{"detail":"Not Found"}`, "the server answered 404: Not Found", false},
		{"plain text", 500, "Internal Server Error", "the server answered 500: Internal Server Error", false},
		{"a proxy's page", 502, "<html>\n<b>bad</b>", "the server answered 502: <html> <b>bad</b>", false},
		{"nothing", 503, "", "the server answered 503 Service Unavailable", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := client.Generate(t.Context(), chat.Request{Text: "x"}, nil)
			var server *ServerError
			if !errors.As(err, &server) {
				t.Fatalf("error %v", err)
			}
			if err.Error() != tt.want || server.NotServing() != tt.notServing || server.Status != tt.status {
				t.Errorf("got  %q, not serving: %t, status %d\nwant %q, not serving: %t", err, server.NotServing(), server.Status, tt.want, tt.notServing)
			}
		})
	}
}

func TestAnAbortedStreamKeepsItsText(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, chunk("all")+chunk(" there")+`{"id": `)
		w.(http.Flusher).Flush()
		// The server's way to end after an error behind its headers.
		panic(http.ErrAbortHandler)
	})
	var text strings.Builder
	stats, err := client.Generate(t.Context(), chat.Request{Text: "x"}, collect(&text))
	var truncated *TruncatedError
	if !errors.As(err, &truncated) || text.String() != "all there" || stats.Chunks != 2 {
		t.Errorf("text %q, %d chunks, error %v", text.String(), stats.Chunks, err)
	}
}

func TestAnAbortBetweenObjectsIsNoEnd(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, chunk("all"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	_, err := client.Generate(t.Context(), chat.Request{Text: "x"}, collect(&strings.Builder{}))
	var truncated *TruncatedError
	if !errors.As(err, &truncated) {
		t.Errorf("error %v", err)
	}
}

func TestAnEmptyAnswerIsAnError(t *testing.T) {
	t.Parallel()
	client := serve(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := client.Generate(t.Context(), chat.Request{Text: "x"}, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("error %v", err)
	}
}

func TestCancellingReachesTheServerAndKeepsTheText(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		// Go's server looks out for the client only after the request's body.
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, chunk("some"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	var text strings.Builder
	_, err := client.Generate(ctx, chat.Request{Text: "x"}, func(piece string) error {
		text.WriteString(piece)
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || text.String() != "some" {
		t.Errorf("text %q, error %v", text.String(), err)
	}
	<-gone
}

func TestTheReceiverCanStop(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, chunk("a")+chunk("b"))
	})
	enough := errors.New("enough")
	stats, err := client.Generate(t.Context(), chat.Request{Text: "x"}, func(string) error { return enough })
	if !errors.Is(err, enough) || stats.Chunks != 1 {
		t.Errorf("%d chunks, error %v", stats.Chunks, err)
	}
}

func TestEachRequestHasItsOwnConnection(t *testing.T) {
	t.Parallel()
	var addresses []string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		addresses = append(addresses, r.RemoteAddr)
		_, _ = io.WriteString(w, chunk("x"))
	})
	for range 2 {
		if _, err := client.Generate(t.Context(), chat.Request{Text: "x"}, collect(&strings.Builder{})); err != nil {
			t.Fatal(err)
		}
	}
	if len(addresses) != 2 || addresses[0] == addresses[1] {
		t.Errorf("requests came from %v", addresses)
	}
}
