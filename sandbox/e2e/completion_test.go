package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// withCompletion is the shared cluster seen from a machine on which completion is
// set up: what kubectl looks for is on the PATH, next to the plugin.
func withCompletion(t *testing.T) *cluster {
	t.Helper()
	dir := t.TempDir()
	if r := shared.run(t, "", bin("kubectl"), "jetstream", "completion", "install", "--dir", dir); r.code != 0 {
		t.Fatalf("completion install: %s", r)
	}
	c := *shared
	c.env = []string{"PATH=" + strings.Join([]string{dir, filepath.Dir(bin("kubectl")), os.Getenv("PATH")}, string(os.PathListSeparator))}
	return &c
}

// completes asks kubectl, as its completion script does, until the words are among
// its answer: a busy machine may need more than one press of the key.
func (c *cluster) completes(t *testing.T, line []string, directive string, words ...string) {
	t.Helper()
	eventually(t, time.Minute, func() (bool, string) {
		r := c.run(t, "", bin("kubectl"), append([]string{"__complete", "jetstream"}, line...)...)
		lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
		have := map[string]bool{}
		for _, l := range lines[:len(lines)-1] {
			word, _, _ := strings.Cut(l, "\t")
			have[word] = true
		}
		for _, word := range words {
			if !have[word] {
				return false, r.String()
			}
		}
		return r.code == 0 && lines[len(lines)-1] == directive, r.String()
	})
}

// TestCompletionThroughKubectl completes `kubectl jetstream <TAB>` with the upstream
// kubectl, which asks the program that completion install wrote.
func TestCompletionThroughKubectl(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, strings.Replace(readFile(t, "testdata/lws-size-2.yaml"), "namespace: default", "namespace: "+ns, 1))
	c := withCompletion(t)
	const noFiles = ":4"
	c.completes(t, []string{""}, noFiles, "status", "up", "completion")
	c.completes(t, []string{"stat"}, noFiles, "status")
	c.completes(t, []string{"status", "-n", ns, ""}, noFiles, "pair")
	c.completes(t, []string{"status", "-n", ""}, noFiles, ns, "default", "lws-system")
	c.completes(t, []string{"logs", "pair", "-n", ns, "--pod", ""}, noFiles, "pair-0", "pair-0-1")
	c.completes(t, []string{"logs", "pair", "-n", ns, "--pod", "pair-0", "-c", ""}, noFiles, "pause")
	c.completes(t, []string{"logs", "pair", "-n", ns, "--group="}, noFiles, "0")
	c.completes(t, []string{"up", "--profile", ""}, ":0", "llama-3.1-405b-v6e-4x4")
	context := strings.TrimSpace(shared.kubectl(t, "config", "current-context"))
	c.completes(t, []string{"monitor", "--context", ""}, noFiles, context)

	// A word that nothing begins with, and a cluster that cannot be reached, have no
	// words and no error.
	for _, line := range [][]string{
		{"status", "-n", ns, "nothing-begins-so"},
		{"status", "--server", "https://127.0.0.1:1", ""},
	} {
		r := c.run(t, "", bin("kubectl"), append([]string{"__complete", "jetstream"}, line...)...)
		if r.code != 0 || strings.TrimSpace(r.stdout) != noFiles || strings.Contains(r.stderr, "error:") {
			t.Errorf("completing %q: %s", line, r)
		}
	}
}

// TestCompletionIsNotThereBeforeItIsInstalled keeps the test above honest: without
// the program, kubectl completes the plugin's name and nothing behind it.
func TestCompletionIsNotThereBeforeItIsInstalled(t *testing.T) {
	t.Parallel()
	r := shared.run(t, "", bin("kubectl"), "__complete", "jetstream", "stat")
	if r.code != 0 || strings.Contains(r.stdout, "status") {
		t.Errorf("completing without the program: %s", r)
	}
}
