package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

func TestCompletionDoesNotWaitLongerThanItsPatience(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]func(release <-chan struct{}) candidates{
		"a lookup that obeys its context": func(<-chan struct{}) candidates {
			return func(ctx context.Context) ([]string, error) {
				<-ctx.Done()
				return []string{"late"}, nil
			}
		},
		"a lookup that does not, as with a credential plugin": func(release <-chan struct{}) candidates {
			return func(context.Context) ([]string, error) {
				<-release
				return []string{"late"}, nil
			}
		},
		"a lookup that fails halfway": func(<-chan struct{}) candidates {
			return func(context.Context) ([]string, error) { return []string{"half"}, errors.New("no") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				begun := time.Now()
				if got := inTime(t.Context(), completionPatience, find(release)); got != nil {
					t.Errorf("completed %q", got)
				}
				if waited := time.Since(begun); waited > completionPatience {
					t.Errorf("waited %s, more than %s", waited, completionPatience)
				}
			})
		})
	}
}

// completed runs the hidden command that shells and kubectl ask, and returns its
// words without descriptions, and the directive at the end.
func completed(t *testing.T, patience time.Duration, kubeconfig string, args ...string) (words []string, directive string) {
	t.Helper()
	var out, errOut bytes.Buffer
	a := newApp("kubectl jetstream", streams{IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &out, ErrOut: &errOut}})
	a.patience = patience
	root := newRootCommand(a)
	a.completeFlags(root)
	root.SetArgs(append([]string{"__complete", "--kubeconfig", kubeconfig}, args...))
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("completing %q: %v", args, err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		word, _, _ := strings.Cut(line, "\t")
		words = append(words, word)
	}
	return words, lines[len(lines)-1]
}

// kubeconfigFor writes a kubeconfig of two contexts for a server.
func kubeconfigFor(t *testing.T, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := `apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: here, user: me, namespace: models}}
- {name: two, context: {cluster: there, user: you}}
- {name: "a\ttrap", context: {cluster: there, user: you}}
clusters:
- {name: here, cluster: {server: "` + url + `"}}
- {name: there, cluster: {server: "https://203.0.113.1"}}
users:
- {name: me, user: {}}
- {name: you, user: {}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	cannedSets = `{"apiVersion":"leaderworkerset.x-k8s.io/v1","kind":"LeaderWorkerSetList","metadata":{},"items":[
{"apiVersion":"leaderworkerset.x-k8s.io/v1","kind":"LeaderWorkerSet","metadata":{"name":"jetstream-pathways","namespace":"models"}},
{"apiVersion":"leaderworkerset.x-k8s.io/v1","kind":"LeaderWorkerSet","metadata":{"name":"llama","namespace":"models"}}]}`
	cannedNamespaces = `{"apiVersion":"v1","kind":"NamespaceList","metadata":{},"items":[{"metadata":{"name":"default"}},{"metadata":{"name":"models"}}]}`
	cannedPods       = `{"apiVersion":"v1","kind":"PodList","metadata":{},"items":[
{"metadata":{"name":"llama-0","labels":{"leaderworkerset.sigs.k8s.io/group-index":"0"}},"spec":{"containers":[{"name":"jax-tpu"},{"name":"jetstream-http"}]}},
{"metadata":{"name":"llama-0-1","labels":{"leaderworkerset.sigs.k8s.io/group-index":"0"}},"spec":{"containers":[{"name":"worker"}]}}]}`
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/apis/leaderworkerset.x-k8s.io/v1/namespaces/models/leaderworkersets":
			_, _ = w.Write([]byte(cannedSets))
		case "/api/v1/namespaces":
			_, _ = w.Write([]byte(cannedNamespaces))
		case "/api/v1/namespaces/models/pods":
			if r.URL.Query().Get("labelSelector") == "leaderworkerset.sigs.k8s.io/name=llama" {
				_, _ = w.Write([]byte(cannedPods))
				return
			}
			_, _ = w.Write([]byte(`{"apiVersion":"v1","kind":"PodList","metadata":{},"items":[]}`))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	config := kubeconfigFor(t, server.URL)
	catalog, err := deploy.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	var profiles []string
	for _, p := range catalog {
		profiles = append(profiles, p.Name)
	}
	const (
		noFiles = ":4"
		files   = ":0"
	)
	for _, test := range []struct {
		name      string
		args      string
		want      []string
		directive string
	}{
		{"deployments of the namespace", "status ", []string{"jetstream-pathways", "llama"}, noFiles},
		{"those that begin as typed", "monitor ll", []string{"llama"}, noFiles},
		{"only one deployment", "logs llama ", nil, noFiles},
		{"deployments to delete", "down ", []string{"jetstream-pathways", "llama"}, noFiles},
		{"none in another namespace", "status -n default ", nil, noFiles},
		{"the deployment of a prompt", "generate --name ", []string{"jetstream-pathways", "llama"}, noFiles},
		{"namespaces", "status -n ", []string{"default", "models"}, noFiles},
		{"contexts, but none that a shell would take for two words", "status --context ", []string{"one", "two"}, noFiles},
		{"clusters", "status --cluster ", []string{"here", "there"}, noFiles},
		{"users", "status --user ", []string{"me", "you"}, noFiles},
		{"pods of the deployment on the line", "logs llama --pod ", []string{"llama-0", "llama-0-1"}, noFiles},
		{"no pods of another one", "logs --pod ", nil, noFiles},
		{"containers of all its pods", "logs llama -c ", []string{"jax-tpu", "jetstream-http", "worker"}, noFiles},
		{"containers of one pod", "logs llama --pod pod/llama-0-1 -c ", []string{"worker"}, noFiles},
		{"groups", "logs llama --group ", []string{"0"}, noFiles},
		{"profiles, or a directory", "up --profile ", profiles, files},
		{"a profile to describe", "profiles ", profiles, files},
		{"choices of a parameter", "up --weights ", []string{"bf16", "int8"}, noFiles},
		{"a parameter that is true or false", "render --warm-up=", []string{"true", "false"}, noFiles},
		{"no files for a parameter that is a text", "up --checkpoint ", nil, noFiles},
		{"words of an output", "status -o y", []string{"yaml"}, noFiles},
		{"the beginning of a word that goes on", "status -o jsonp", []string{"jsonpath="}, ":6"},
		{"versions to install", "up --lws-version ", []string{"v0.9.0", "v0.6.1"}, noFiles},
		{"no files for a time", "up --timeout ", nil, noFiles},
		{"files for a file", "up --lws-manifest ", nil, files},
		{"directories for a directory", "completion install --dir ", nil, ":16"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			words, directive := completed(t, time.Minute, config, strings.Split(test.args, " ")...)
			slices.Sort(words)
			want := slices.Sorted(slices.Values(test.want))
			if diff := cmp.Diff(want, words); diff != "" || directive != test.directive {
				t.Errorf("completing %q ends with %s, want %s; words (-want +got):\n%s", test.args, directive, test.directive, diff)
			}
		})
	}
}

// TestCompletionOfAClusterThatDoesNotHelp has no words, no error, and an end.
func TestCompletionOfAClusterThatDoesNotHelp(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"it never answers": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"it refuses":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"it is no API server": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			for _, args := range [][]string{{"status", ""}, {"status", "-n", ""}, {"logs", "--pod", ""}} {
				words, directive := completed(t, 20*time.Millisecond, kubeconfigFor(t, server.URL), args...)
				if len(words) > 0 || directive != ":4" {
					t.Errorf("completing %q: %q, %s", args, words, directive)
				}
			}
		})
	}
	words, directive := completed(t, time.Minute, "/nonexistent", "status", "")
	if len(words) > 0 || directive != ":4" {
		t.Errorf("without a kubeconfig: %q, %s", words, directive)
	}
}

// TestEveryFlagIsCompleted keeps a new flag from offering files for want of
// anything better.
func TestEveryFlagIsCompleted(t *testing.T) {
	t.Parallel()
	a := newApp("kubectl jetstream", streams{IOStreams: genericiooptions.NewTestIOStreamsDiscard()})
	root := newRootCommand(a)
	a.completeFlags(root)
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		check := func(f *pflag.Flag) {
			if _, ok := cmd.GetFlagCompletionFunc(f.Name); ok {
				return
			}
			// What is left to the shell takes a file, and its help says so or its name.
			if !strings.Contains(f.Name+f.Usage, "file") && !strings.Contains(f.Usage, "FILE") && !strings.Contains(f.Name, "dir") {
				t.Errorf("%s --%s: the shell offers files for it", cmd.CommandPath(), f.Name)
			}
		}
		cmd.Flags().VisitAll(check)
		cmd.PersistentFlags().VisitAll(check)
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
}
