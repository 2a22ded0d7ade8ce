package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// silentServer is an API server that takes requests and never answers. It
// says when the first one has come, and returns a kubeconfig for itself.
func silentServer(t *testing.T) (kubeconfigPath string, asked <-chan struct{}) {
	t.Helper()
	first := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case first <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "config")
	config := strings.ReplaceAll(kubeconfig, "https://203.0.113.1", server.URL)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, first
}

// deployArgs are values that can be deployed.
const deployArgs = " --profile llama-3.1-405b-v6e-4x4 --checkpoint gs://models/int8 --pathways-bucket gs://scratch"

func TestASignalEndsACommandAndSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		args   string
		signal os.Signal
		code   int
		stdout string // part of it; nothing at all where empty
		stderr string
	}{
		{"a status has nothing to say", "status --wait", os.Interrupt, exitInterrupted, "", ""},
		{"a prompt has nothing to say", "generate hello", syscall.SIGTERM, exitTerminated, "", ""},
		{"an up can be repeated", "up" + deployArgs + " --token hush", os.Interrupt, exitInterrupted, "", "Repeat:\n  kubectl jetstream up --profile llama-3.1-405b-v6e-4x4 --checkpoint gs://models/int8 --pathways-bucket gs://scratch --token TOKEN --kubeconfig "},
		{"a program reads it too", "up -o json" + deployArgs, syscall.SIGTERM, exitTerminated, `"result":"interrupted","exitCode":143`, "Repeat:"},
		{"a down can be repeated", "down --yes", os.Interrupt, exitInterrupted, "", "Nothing was deleted. Repeat with:\n  kubectl jetstream down --yes --kubeconfig "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path, asked := silentServer(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			go func() {
				<-asked
				cancel(interruption{signal: tt.signal})
			}()
			var stdout, stderr bytes.Buffer
			args := append([]string{"kubectl-jetstream"}, strings.Fields(tt.args+" --kubeconfig "+path)...)
			code := run(ctx, args, streams{IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &stdout, ErrOut: &stderr}})
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, stream := range []struct{ name, got, want string }{{"output", stdout.String(), tt.stdout}, {"error", stderr.String(), tt.stderr}} {
				if stream.want == "" && stream.got != "" || !strings.Contains(stream.got, stream.want) {
					t.Errorf("standard %s is %q, want %q in it", stream.name, stream.got, stream.want)
				}
			}
		})
	}
}

func TestAServerThatDoesNotAnswerIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	path, _ := silentServer(t)
	tests := []struct {
		name, args string
		code       int
		want       string
	}{
		{"a single request", "status --request-timeout 20ms", exitFailed, "no answer within 20ms"},
		{"the whole of up", "up --timeout 20ms" + deployArgs, exitTimeout, "timed out after 20ms: nothing was seen of the deployment yet"},
		{"the whole of down", "down --yes --timeout 20ms", exitTimeout, "timed out after 20ms"},
		{"the whole of generate", "generate --timeout 20ms hello", exitTimeout, "timed out after 20ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			args := append([]string{"kubectl-jetstream"}, strings.Fields(tt.args+" --kubeconfig "+path)...)
			code := run(t.Context(), args, streams{IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &stdout, ErrOut: &stderr}})
			if code != tt.code || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("exit code %d, want %d; standard error %q, want %q in it", code, tt.code, &stderr, tt.want)
			}
		})
	}
}
