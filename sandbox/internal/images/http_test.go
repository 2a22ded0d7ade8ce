package images

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// raw sends an HTTP request as it is and returns the answer's bytes.
func (d *deployment) raw(request string) string {
	d.t.Helper()
	conn, err := d.leader.Dial(d.t.Context(), "localhost:8000")
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		d.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(answer)
}

func post(body string) string {
	return fmt.Sprintf("POST /generate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// volatile are the parts of an answer that differ from run to run, with a stand-in
// that keeps their form.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`generate-[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}`), "generate-ID"},
	{regexp.MustCompile(`"time_created": [0-9]+\.[0-9]+`), `"time_created": TIME`},
	{regexp.MustCompile(`Date: [^\r]+`), "Date: DATE"},
	{regexp.MustCompile(`created_time:\\?"[^"\\]+\\?"`), `created_time:"TIME"`},
	{regexp.MustCompile(`10\.128\.0\.2:[0-9]+`), "10.128.0.2:PORT"},
}

func steady(s string) string {
	for _, v := range volatile {
		s = v.pattern.ReplaceAllString(s, v.with)
	}
	return strings.ReplaceAll(s, "\r\n", "\n")
}

func TestAnswersOnTheWire(t *testing.T) {
	t.Parallel()
	get := func(method, path string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	}
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		var b strings.Builder
		for _, request := range []string{
			get("GET", "/"),
			get("GET", "/healthcheck"),
			get("HEAD", "/"),
			get("GET", "/generate"),
			get("GET", "/v1/models"),
			get("POST", "/generate/"),
			post(`{"prompt": "What are the top 5 programming languages", "max_tokens": 12}`),
			post(`{"prompt": "What are the top 5 programming languages", "max_tokens": 3, "stream": true}`),
			post(`{"prompt": "x", "max_tokens": 99999999999}`),
			post(`{"prompt": 1, "max_tokens": "many"}`),
			post(`{"prompt": `),
		} {
			fmt.Fprintf(&b, "=== %s\n%s\n", strings.ReplaceAll(request, "\r\n", "\n"), steady(d.raw(request)))
		}
		golden(t, "http-answers", b.String())
		golden(t, "http-log", steady(d.http.Log.String()))
	})
}

func TestWhileLoading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		time.Sleep(time.Minute)
		synctest.Wait()
		if status, body := d.get("/"); status != http.StatusOK || body != "{\n    \"message\": \"HTTP Server for JetStream\"\n}" {
			t.Errorf("GET / = %d %s", status, body)
		}
		if status, body := d.get("/healthcheck"); status != http.StatusInternalServerError || body != `{"detail":"Healthcheck failed"}` {
			t.Errorf("GET /healthcheck = %d %s", status, body)
		}
		status, body := d.generate(`{"prompt":"hi"}`)
		const want = `{"detail":"<AioRpcError of RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE\n\tdetails = \"failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9000: Failed to connect to remote host: connect: Connection refused (111)\"\n\tdebug_error_string = \"UNKNOWN:Error received from peer  {grpc_message:\"failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9000: Failed to connect to remote host: connect: Connection refused (111)\", grpc_status:14, created_time:\"`
		if status != http.StatusInternalServerError || !strings.HasPrefix(body, want) {
			t.Errorf("POST /generate = %d %s", status, body)
		}
		// A streamed answer has promised 200 before it finds out.
		if answer := d.raw(post(`{"prompt":"hi","stream":true}`)); !strings.HasPrefix(answer, "HTTP/1.1 200 OK\r\n") || strings.HasSuffix(answer, "0\r\n\r\n") {
			t.Errorf("streamed answer without a backend:\n%s", answer)
		}
		golden(t, "http-log-while-loading", steady(d.http.Log.String()))
	})
}

// chunk is one object of a streamed answer.
type chunk struct {
	ID          string  `json:"id"`
	TimeCreated float64 `json:"time_created"`
	Text        string  `json:"text"`
}

// chunks reads a streamed body to its end or to an error.
func chunks(body io.Reader) (all []chunk, err error) {
	decoder := json.NewDecoder(body)
	for {
		var c chunk
		if err := decoder.Decode(&c); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
		all = append(all, c)
	}
}

func (d *deployment) stream(ctx context.Context, body string) io.ReadCloser {
	d.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost:8000/generate", strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := d.client().Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	return response.Body
}

func TestStreamHasOneObjectAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := spec405B()
		s.options.TokensPerSecond = 10
		d := deploy(t, s)
		d.ready()
		start := time.Now()
		body := d.stream(t.Context(), `{"prompt":"tell a long story","max_tokens":50,"stream":true}`)
		defer body.Close()
		all, err := chunks(body)
		if err != nil {
			t.Fatal(err)
		}
		// The object after the last token is empty: the length was used up.
		if len(all) != 51 || all[50].Text != "" {
			t.Fatalf("%d objects, the last with %q; want 50 tokens and an empty one", len(all), all[len(all)-1].Text)
		}
		ids := make(map[string]bool)
		var text strings.Builder
		for _, c := range all {
			ids[c.ID] = true
			text.WriteString(c.Text)
		}
		if len(ids) != len(all) {
			t.Errorf("%d ids for %d objects, want one each", len(ids), len(all))
		}
		if took := time.Since(start); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("50 tokens at 10 a second took %v", took)
		}
		_, whole := d.generate(`{"prompt":"tell a long story","max_tokens":50}`)
		var same struct{ Response string }
		if err := json.Unmarshal([]byte(whole), &same); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(same.Response, text.String()); diff != "" {
			t.Errorf("the two framings differ (-whole +streamed)\n%s", diff)
		}
		if !strings.HasPrefix(text.String(), " ") || !strings.Contains(text.String(), "simulated") {
			t.Errorf("the text does not begin as a completion or does not say that it is simulated: %q", text.String())
		}
	})
}

func TestEachObjectIsAChunkOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		answer := d.raw(post(`{"prompt":"hi","max_tokens":4,"stream":true}`))
		_, body, _ := strings.Cut(answer, "\r\n\r\n")
		reader := bufio.NewReader(strings.NewReader(body))
		objects := 0
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				t.Fatalf("the body ends without a last chunk: %q", body)
			}
			size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			data := make([]byte, size+2)
			if _, err := io.ReadFull(reader, data); err != nil {
				t.Fatal(err)
			}
			if size == 0 {
				break
			}
			var c chunk
			if err := json.Unmarshal(data[:size], &c); err != nil {
				t.Errorf("chunk %q is not one object: %v", data, err)
			}
			objects++
		}
		if objects != 5 {
			t.Errorf("%d chunks, want 5", objects)
		}
	})
}

func TestStreamBreaksOffWithItsBackend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		body := d.stream(t.Context(), `{"prompt":"tell a long story","max_tokens":500,"stream":true}`)
		defer body.Close()
		time.AfterFunc(2*time.Second, d.jax.Kill)
		all, err := chunks(body)
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(all) < 10 {
			t.Errorf("%d objects and then %v, want an unexpected end", len(all), err)
		}
		for _, want := range []string{"ERROR:    Exception in ASGI application\n  + Exception Group Traceback", `details = "Socket closed"`, `"POST /generate HTTP/1.1" 200 OK`} {
			if !strings.Contains(d.http.Log.String(), want) {
				t.Errorf("log lacks %q:\n%s", want, d.http.Log)
			}
		}
	})
}
