package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		cause error // of the command's cancelled context
		err   error
		want  int
	}{
		{"success", nil, nil, exitOK},
		{"any error", nil, errors.New("boom"), exitFailed},
		{"usage", nil, fmt.Errorf("wrapped: %w", usagef("no")), exitUsage},
		{"not ready", nil, &notReadyError{meaning: "loading"}, exitNotReady},
		{"fatal", nil, &fatalError{summary: "no such image"}, exitFatal},
		{"timeout", nil, &timeoutError{waited: time.Minute, state: "Loading"}, exitTimeout},
		{"interrupted", interruption{signal: os.Interrupt}, context.Canceled, exitInterrupted},
		{"terminated", interruption{signal: syscall.SIGTERM}, errors.New("watch ended"), exitTerminated},
		{"the terminal has gone", interruption{signal: syscall.SIGHUP}, context.Canceled, exitHungUp},
		{"interrupted after all was done", interruption{signal: os.Interrupt}, nil, exitOK},
		{"the reader left", errBrokenPipe, context.Canceled, exitBrokenPipe},
		{"a write told that the reader left", nil, &os.PathError{Op: "write", Err: syscall.EPIPE}, exitBrokenPipe},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if tt.cause != nil {
				cancel(tt.cause)
			}
			if got := exitCodeFor(ctx, tt.err); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}

// TestSignals sends real signals to this process, so it runs alone.
func TestSignals(t *testing.T) {
	for sig, want := range map[syscall.Signal]int{syscall.SIGTERM: exitTerminated, syscall.SIGHUP: exitHungUp} {
		t.Run(sig.String(), func(t *testing.T) {
			if signal.Ignored(sig) {
				t.Skip("the tests were started with this signal ignored, as by nohup, and it stays so")
			}
			testSignal(t, sig, want)
		})
	}
}

func testSignal(t *testing.T, first os.Signal, want int) {
	t.Helper()
	exited := make(chan int, 1)
	ctx, stop := signalContext(t.Context(), func(code int) { exited <- code })
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(first); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if got := exitCodeFor(ctx, ctx.Err()); got != want {
		t.Errorf("exit code %d, want %d", got, want)
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if got := <-exited; got != exitInterrupted {
		t.Errorf("after the second signal the process ended with %d, want %d at once", got, exitInterrupted)
	}
}

// closedPipe is standard output after `| head` has gone.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestABrokenPipeEndsQuietly(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"kubectl-jetstream", "version"}, streams{
		IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: closedPipe{}, ErrOut: &stderr},
	})
	if code != exitBrokenPipe || stderr.Len() > 0 {
		t.Errorf("exit code %d, standard error %q; want %d and nothing", code, stderr.String(), exitBrokenPipe)
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for argv0, want := range map[string]string{
		"kubectl-jetstream":                      "kubectl jetstream",
		"/home/me/.krew/bin/kubectl-gke_serving": "kubectl gke-serving",
		"kubectl-jetstream.exe":                  "kubectl jetstream",
		"./jetstream":                            "jetstream",
		"kubectl-":                               "kubectl-",
	} {
		if got := displayName(argv0); got != want {
			t.Errorf("displayName(%q) = %q, want %q", argv0, got, want)
		}
	}
}
