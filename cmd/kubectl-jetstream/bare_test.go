package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestTheBareName(t *testing.T) {
	t.Parallel()
	stopped := func(name string) string {
		return fmt.Sprintf(`{"kind":"LeaderWorkerSet","apiVersion":"leaderworkerset.x-k8s.io/v1","metadata":{"name":%q,"namespace":"models"},
			"spec":{"replicas":0,"leaderWorkerTemplate":{"size":2,"workerTemplate":{"spec":{"containers":[{"name":"w","image":"w"}]}}}}}`, name)
	}
	tests := []struct {
		name        string
		deployments []string
		tty         bool
		code        int
		want        string
	}{
		{"at a terminal the one deployment is shown", []string{"alone"}, true, exitNotReady, "alone, namespace models\nStopped: scaled to zero groups\n"},
		{"of two none is chosen", []string{"one", "two"}, true, exitUsage, "COMMAND [flags]"},
		{"without any there is the usage", nil, true, exitUsage, "COMMAND [flags]"},
		{"a script has to say what it wants", []string{"alone"}, false, exitUsage, "COMMAND [flags]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var items []string
			for _, name := range tt.deployments {
				items = append(items, stopped(name))
			}
			list := `{"kind":"LeaderWorkerSetList","apiVersion":"leaderworkerset.x-k8s.io/v1","metadata":{},"items":[` + strings.Join(items, ",") + `]}`
			server := httptest.NewServer(&canned{
				lines: [][]string{
					{"GET", "/apis/leaderworkerset.x-k8s.io/*", "200", "lws"},
					{"GET", "/api/v1/namespaces/models/pods", "200", "none"},
					{"GET", "/api/v1/namespaces/models/events", "200", "none"},
					{"GET", "/api/v1/nodes", "200", "none"},
					{"GET", "/apis/apps/v1/namespaces/models/statefulsets", "200", "none"},
				},
				files: map[string][]byte{"lws": []byte(list), "none": []byte(`{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}`)},
			})
			t.Cleanup(server.Close)
			path := filepath.Join(t.TempDir(), "config")
			config := strings.ReplaceAll(kubeconfig, "https://203.0.113.1", server.URL)
			if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			code := run(t.Context(), []string{"kubectl-jetstream", "--kubeconfig", path}, streams{
				IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &out, ErrOut: &out},
				inTTY:     tt.tty, outTTY: tt.tty, errTTY: tt.tty,
			})
			if code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("exit code %d, want %d, and %q in\n%s", code, tt.code, tt.want, &out)
			}
		})
	}
}
