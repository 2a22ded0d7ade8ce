package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// forward is a running `kubectl port-forward`.
type forward struct {
	url  string
	cmd  *exec.Cmd
	done chan struct{} // closed once the command has ended
	log  strings.Builder
}

var forwarding = regexp.MustCompile(`Forwarding from 127\.0\.0\.1:(\d+) ->`)

// portForward starts `kubectl port-forward TARGET :PORT` and returns once it listens.
// The command ends with the test.
func (c *cluster) portForward(t *testing.T, namespace, target, port string) *forward {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := c.command(ctx, bin("kubectl"), "port-forward", "-n", namespace, target, ":"+port)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &forward{cmd: cmd, done: make(chan struct{})}
	listening := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(&f.log, lines.Text())
			if m := forwarding.FindStringSubmatch(lines.Text()); m != nil {
				listening <- m[1]
			}
		}
	}()
	go func() {
		defer close(f.done)
		_ = cmd.Wait() // ended by the test, or by what the test is about
		_ = in.Close()
		<-read
	}()
	t.Cleanup(func() {
		cancel()
		<-f.done
	})
	select {
	case port := <-listening:
		f.url = "http://127.0.0.1:" + port
	case <-f.done:
		t.Fatalf("kubectl port-forward %s ended:\n%s", target, f.log.String())
	case <-time.After(30 * time.Second):
		t.Fatalf("kubectl port-forward %s does not listen", target)
	}
	return f
}

// post sends a JSON body and returns status and answer.
func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return do(t, req)
}

// get fetches a URL and returns status and answer.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}
