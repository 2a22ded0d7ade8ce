package generate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// replay returns a client whose server answers each request with the bytes of
// an answer, so many of them in a piece, and closes the connection.
func replay(answer []byte, piece int) *Client {
	return &Client{BaseURL: "http://jetstream", HTTP: NewHTTPClient(func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			request, err := http.ReadRequest(bufio.NewReader(server))
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
			for rest := answer; len(rest) > 0; {
				n := min(piece, len(rest))
				if _, err := server.Write(rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
		}()
		return client, nil
	})}
}

func ask(t *testing.T, answer []byte, piece int) (outcome, chat.Stats) {
	t.Helper()
	var text strings.Builder
	stats, err := replay(answer, piece).Generate(t.Context(), chat.Request{Text: "x"}, collect(&text))
	got := outcome{Text: text.String(), Framing: stats.Framing}
	if err != nil {
		got.Err = fmt.Sprintf("%T: %v", err, err)
	}
	return got, stats
}

func recording(tb testing.TB, name string) []byte {
	tb.Helper()
	answer, err := os.ReadFile(filepath.Join("testdata", "answers", name+".http"))
	if err != nil {
		tb.Fatal(err)
	}
	return answer
}

var recorded = map[string]struct {
	want   outcome
	chunks int
}{
	"stream":             {outcome{" Go is a language.", chat.Streamed, ""}, 5},
	"stop":               {outcome{" Done.", chat.Streamed, ""}, 2},
	"unicode":            {outcome{" café 日本語 😀 שלום\n\t\"quoted\" \\ {}[] \x1b[31m", chat.Streamed, ""}, 8},
	"single":             {outcome{" Go is a language.", chat.Single, ""}, 1},
	"single-empty":       {outcome{"", chat.Single, ""}, 0},
	"abort":              {outcome{" half of", chat.Streamed, "*generate.TruncatedError: the answer was cut off: unexpected EOF"}, 2},
	"nothing-then-abort": {outcome{"", "", "*generate.TruncatedError: the answer was cut off: unexpected EOF"}, 0},
	"unavailable": {outcome{"", "", "*generate.ServerError: the model server answered UNAVAILABLE: failed to connect to all addresses; " +
		"last error: UNKNOWN: ipv4:127.0.0.1:9000: Failed to connect to remote host: connect: Connection refused (111)"}, 0},
	"exhausted": {outcome{"", "", "*generate.ServerError: the model server answered RESOURCE_EXHAUSTED: " +
		"The driver prefill queue is full and more requests cannot be handled. You may retry this request."}, 0},
	"own":   {outcome{"", "", "*generate.ServerError: the server answered 500: 'NoneType' object has no attribute 'samples'"}, 0},
	"crash": {outcome{"", "", "*generate.ServerError: the server answered 500: Internal Server Error"}, 0},
	"not-understood": {outcome{"", "", "*generate.ServerError: the server answered 422: body.max_tokens: " +
		"Input should be a valid integer, unable to parse string as an integer"}, 0},
	"not-json":     {outcome{"", "", "*generate.ServerError: the server answered 422: body.1: JSON decode error"}, 0},
	"unknown-path": {outcome{"", "", "*generate.ServerError: the server answered 404: Not Found"}, 0},
	"wrong-method": {outcome{"", "", "*generate.ServerError: the server answered 405: Method Not Allowed"}, 0},
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/answers/*.http")
	if err != nil || len(files) != len(recorded) {
		t.Errorf("%d recordings and %d expectations, error %v", len(files), len(recorded), err)
	}
	for name, tt := range recorded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := recording(t, name)
			for _, piece := range []int{1, 2, 3, 5, 7, 16, 61, 256, len(answer)} {
				got, stats := ask(t, answer, piece)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Fatalf("in pieces of %d bytes (-want +got):\n%s", piece, diff)
				}
				if stats.Chunks != tt.chunks || stats.Bytes != len(tt.want.Text) {
					t.Fatalf("in pieces of %d bytes: %+v", piece, stats)
				}
			}
		})
	}
}

// A connection may break at any byte. What was delivered by then is text of
// the answer, and the caller learns that it is not all.
func TestAnAnswerThatBreaksAtAnyByteKeepsItsTextAndSaysSo(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"unicode", "single"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, want := recording(t, name), recorded[name].want.Text
			head := bytes.Index(answer, []byte("\r\n\r\n")) + 4
			longest := ""
			for end := head; end < len(answer); end++ {
				var text strings.Builder
				_, err := replay(answer[:end], end).Generate(t.Context(), chat.Request{Text: "x"}, collect(&text))
				var truncated *TruncatedError
				if !errors.As(err, &truncated) {
					t.Fatalf("cut at byte %d: error %v", end, err)
				}
				if !strings.HasPrefix(want, text.String()) || !strings.HasPrefix(text.String(), longest) {
					t.Fatalf("cut at byte %d: text %q", end, text.String())
				}
				longest = text.String()
			}
			if name != "single" && longest != want {
				t.Errorf("the longest text is %q", longest)
			}
		})
	}
}

func FuzzServerError(f *testing.F) {
	for name := range recorded {
		if _, body, ok := bytes.Cut(recording(f, name), []byte("\r\n\r\n")); ok {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		message := serverError(http.StatusInternalServerError, body).Error()
		if len(message) > 500 || strings.ContainsAny(message, "\n\r") {
			t.Errorf("message %q", message)
		}
	})
}
