package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// clusterWithDeployment is an API server that has one deployment with a pod,
// which never goes away. The further lines answer before its own ones. The
// result is a kubeconfig for it.
func clusterWithDeployment(t *testing.T, manager string, lines ...[]string) string {
	t.Helper()
	const lws = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/models/leaderworkersets/jetstream-pathways"
	server := httptest.NewServer(&canned{
		lines: append(lines,
			[]string{"GET", lws, "200", "lws"},
			[]string{"DELETE", lws, "200", "deleted"},
			[]string{"GET", "/api/v1/namespaces/models/pods", "200", "pods"},
			[]string{"GET", "/api/v1/nodes", "200", "none"},
		),
		files: map[string][]byte{
			"lws": fmt.Appendf(nil, `{"kind":"LeaderWorkerSet","apiVersion":"leaderworkerset.x-k8s.io/v1",
				"metadata":{"name":"jetstream-pathways","namespace":"models","uid":"u","labels":{%q:%q}},
				"spec":{"replicas":1,"leaderWorkerTemplate":{"size":1,"workerTemplate":{"spec":{"containers":[{"name":"w","image":"w"}]}}}}}`,
				deploy.LabelManagedBy, manager),
			"deleted": []byte(`{"kind":"Status","apiVersion":"v1","status":"Success"}`),
			"pods":    []byte(`{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"jetstream-pathways-0","namespace":"models"}}]}`),
			"none":    []byte(`{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}`),
		},
	})
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(kubeconfig, "https://203.0.113.1", server.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheCostsAreToldHoweverDownEnds(t *testing.T) {
	t.Parallel()
	refused := []string{"DELETE", "/apis/*", "500", "InternalError"}
	tests := []struct {
		name, manager, args string
		lines               [][]string
		tty                 bool
		code                int
		want                string // in standard output
		told                bool
	}{
		{"the time is up", deploy.FieldManager, "--timeout 300ms", nil, false, exitTimeout, "not everything is gone yet", true},
		{"the time is up, at a terminal", deploy.FieldManager, "--timeout 300ms", nil, true, exitTimeout, "", true},
		{"the time is up, for a program", deploy.FieldManager, "--timeout 300ms -o json", nil, false, exitTimeout, `"costs":[{`, false},
		{"the server fails", deploy.FieldManager, "", [][]string{refused}, true, exitFailed, "", true},
		{"it is somebody else's", "helm", "", nil, true, exitFailed, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := clusterWithDeployment(t, tt.manager, tt.lines...)
			var stdout, stderr bytes.Buffer
			args := append([]string{"kubectl-jetstream", "down", "--yes", "--kubeconfig", path}, strings.Fields(tt.args)...)
			code := run(t.Context(), args, streams{
				IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &stdout, ErrOut: &stderr}, outTTY: tt.tty,
			})
			if code != tt.code || !strings.Contains(stdout.String(), tt.want) {
				t.Errorf("exit code %d, want %d, and %q in\n%s\nstandard error:\n%s", code, tt.code, tt.want, &stdout, &stderr)
			}
			if told := strings.Contains(stdout.String(), "What still costs money"); told != tt.told {
				t.Errorf("costs told: %v, want %v, in\n%s\nstandard error:\n%s", told, tt.told, &stdout, &stderr)
			}
		})
	}
}

// writerFunc is a stream that tells of what is written to it.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestStoppingAtTheQuestionSaysThatNothingWasDeleted(t *testing.T) {
	t.Parallel()
	path := clusterWithDeployment(t, deploy.FieldManager)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	answer, typing := io.Pipe()
	t.Cleanup(func() { _ = typing.Close() })
	var stdout, stderr bytes.Buffer
	errOut := writerFunc(func(b []byte) (int, error) {
		if strings.Contains(string(b), "Delete it?") {
			cancel(interruption{signal: os.Interrupt})
		}
		return stderr.Write(b)
	})
	code := run(ctx, []string{"kubectl-jetstream", "down", "--uninstall-lws", "--kubeconfig", path}, streams{
		IOStreams: genericiooptions.IOStreams{In: answer, Out: &stdout, ErrOut: errOut}, inTTY: true, outTTY: true, errTTY: true,
	})
	want := "\nNothing was deleted. Repeat with:\n  kubectl jetstream down --uninstall-lws --kubeconfig " + path + "\n"
	if code != exitInterrupted || !strings.HasSuffix(stderr.String(), want) || stdout.Len() > 0 {
		t.Errorf("exit code %d, standard output %q, standard error %q, want %q at its end", code, &stdout, &stderr, want)
	}
}
