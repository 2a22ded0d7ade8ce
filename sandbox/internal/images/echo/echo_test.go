package echo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/imagetest"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

func start(t *testing.T, args ...string) (*imagetest.Pod, *imagetest.Container) {
	t.Helper()
	pod := imagetest.New(t, world.Options{}).Pod("pod", nil)
	return pod, pod.Run("echo", "sandbox.invalid/echo", Program{}, args, map[string]string{"COLOUR": "red"})
}

func TestOutputAndExit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"nothing", nil, 0, "", ""},
		{"lines and an exit code", []string{"--lines=2", "--stderr=oh", "--exit=3", "--lines=9"}, 3, "line 1\nline 2\n", "oh\n"},
		{"an environment variable", []string{"--env=COLOUR", "--partial=end"}, 0, "COLOUR=red\nend", ""},
		{"arguments", []string{"--args", "--exit=1", "b"}, 0, "--exit=1\nb\n", ""},
		{"a long line", []string{"--long=5"}, 0, "xxxxx\n", ""},
		{"an unknown argument", []string{"--nope"}, 2, "", "echo: --nope: unknown argument\n"},
		{"a number that is none", []string{"--lines=x"}, 2, "", "echo: --lines=x: strconv.Atoi: parsing \"x\": invalid syntax\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, c := start(t, tt.args...)
			if code := c.Wait(); code != tt.code || c.Stdout.String() != tt.stdout || c.Stderr.String() != tt.stderr {
				t.Errorf("exit %d, stdout %q, stderr %q", code, c.Stdout, c.Stderr)
			}
		})
	}
}

func TestWaitingEndsOnTermination(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, args := range [][]string{{"--wait"}, {"--sleep=1h"}, {"--every=1s", "--lines=1000"}} {
			_, c := start(t, args...)
			time.Sleep(2500 * time.Millisecond)
			c.Terminate()
			if code := c.Wait(); code != exitTerminated {
				t.Errorf("%v: exit code %d", args, code)
			}
		}
		_, stubborn := start(t, "--ignore-term", "--sleep=1h")
		stubborn.Terminate()
		time.Sleep(time.Minute)
		if !stubborn.Running() {
			t.Error("it ended on a SIGTERM that it ignores")
		}
	})
}

func TestPorts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, _ := start(t, "--listen=80", "--refuse=81", "--echo=82", "--reset=83", "--wait")
		synctest.Wait()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return pod.Dial(ctx, address)
		}}}
		for port, want := range map[string]int{"80": http.StatusOK, "81": http.StatusServiceUnavailable} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:"+port+"/path", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if response.StatusCode != want || string(body) != "/path\n" {
				t.Errorf("port %s: %d %q", port, response.StatusCode, body)
			}
		}
		conn, err := pod.Dial(t.Context(), "localhost:82")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		got := make([]byte, 5)
		if _, err := io.WriteString(conn, "hello"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, []byte("hello")) {
			t.Errorf("echoed %q, %v", got, err)
		}
		reset, err := pod.Dial(t.Context(), "localhost:83")
		if err != nil {
			t.Fatal(err)
		}
		defer reset.Close()
		_, _ = io.WriteString(reset, "x")
		if _, err := reset.Read(got); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("reading gives %v, want a reset", err)
		}
	})
}

func FuzzArguments(f *testing.F) {
	f.Add("--lines=3\x00--exit=2")
	f.Add("--args\x00--x")
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		for _, a := range args {
			if strings.HasPrefix(a, "--wait") || strings.HasPrefix(a, "--sleep") || strings.HasPrefix(a, "--every") || len(a) > 12 {
				t.Skip("waits or is large")
			}
		}
		_, c := start(t, args...)
		c.Terminate()
		c.Wait()
	})
}
