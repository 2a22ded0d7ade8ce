package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestAForwardThatCannotListenSaysWhatToDo(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	port := taken.Addr().(*net.TCPAddr).Port
	path, _ := silentServer(t)
	tests := []struct {
		name, args string
		code       int
		want       string
	}{
		{"a port in use", "--port " + strconv.Itoa(port), exitFailed, "error: listening on 127.0.0.1:" + strconv.Itoa(port) + ": the port is in use; choose another with --port"},
		{"an address of another machine", "--address 203.0.113.1", exitFailed, "listening on 203.0.113.1:0: this machine has no such address"},
		{"no port", "--port 65536", exitUsage, "--port 65536 is not between 0 and 65535"},
		{"a negative port", "--port -1", exitUsage, "--port -1 is not"},
		{"a negative group", "--group -1", exitUsage, "--group -1 is negative"},
		{"an empty address", "--address=", exitUsage, "--address is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			args := append([]string{"kubectl-jetstream"}, strings.Fields("forward --kubeconfig "+path+" "+tt.args)...)
			code := run(t.Context(), args, streams{IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &stdout, ErrOut: &stderr}})
			if code != tt.code || !strings.Contains(stderr.String(), tt.want) || stdout.String() != "" {
				t.Errorf("exit code %d, want %d; standard error %q, want %q in it; standard output %q", code, tt.code, &stderr, tt.want, &stdout)
			}
		})
	}
}

func TestAForwardIsInterruptedBeforeItKnowsTheDeployment(t *testing.T) {
	t.Parallel()
	path, asked := silentServer(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() {
		<-asked
		cancel(interruption{signal: os.Interrupt})
	}()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"kubectl-jetstream", "forward", "--kubeconfig", path}, streams{IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &stdout, ErrOut: &stderr}})
	if code != exitInterrupted || stdout.String() != "" || stderr.String() != "" {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, &stdout, &stderr)
	}
}

func TestTheURLOfAListener(t *testing.T) {
	t.Parallel()
	tests := []struct {
		address, url string
		open         bool
	}{
		{"127.0.0.1:8000", "http://127.0.0.1:8000", false},
		{"127.1.2.3:8000", "http://127.1.2.3:8000", false},
		{"[::1]:8000", "http://[::1]:8000", false},
		{"0.0.0.0:8000", "http://127.0.0.1:8000", true},
		{"[::]:8000", "http://[::1]:8000", true},
		{"192.0.2.7:8000", "http://192.0.2.7:8000", true},
	}
	for _, tt := range tests {
		address, err := net.ResolveTCPAddr("tcp", tt.address)
		if err != nil {
			t.Fatal(err)
		}
		if url, open := urlOf(address); url != tt.url || open != tt.open {
			t.Errorf("%s: %s, reachable from elsewhere: %t", tt.address, url, open)
		}
	}
}
