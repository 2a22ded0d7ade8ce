package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The linter sees what a package imports itself; this sees all that it links.
func TestEachRoomLinksOnlyWhatItsWallsAllow(t *testing.T) {
	t.Parallel()
	const module = "github.com/kubectl-jetstream/kubectl-jetstream/"
	everywhere := []string{"k8s.io/kubernetes/", "k8s.io/kubectl/", "sigs.k8s.io/controller-runtime", module + "sandbox"}
	clients := "k8s.io/client-go/"
	for pkg, denied := range map[string][]string{
		"cmd/kubectl-jetstream":     nil,
		"internal/deploy/cause":     {"k8s.io/", "sigs.k8s.io/"},
		"internal/deploy/forecast":  {"k8s.io/", "sigs.k8s.io/"},
		"internal/deploy/logstore":  {clients, "charm.land/"},
		"internal/deploy/logtail":   {"k8s.io/", "sigs.k8s.io/", "charm.land/"},
		"internal/deploy/milestone": {"k8s.io/", "sigs.k8s.io/"},
		"internal/deploy/podlog":    {clients},
		"internal/deploy/status":    {clients},
		"internal/deploy/watch":     {"charm.land/"},
		"internal/chat":             {"k8s.io/", "sigs.k8s.io/", "charm.land/", "github.com/charmbracelet/", module + "internal/tui", module + "internal/chat/"},
		"internal/chat/generate":    {"k8s.io/", "charm.land/"},
		"internal/chat/transcript":  {"k8s.io/", "charm.land/"},
		"internal/chat/tunnel":      {"charm.land/"},
		"internal/tui/...":          {clients, "k8s.io/cli-runtime/"},
		"internal/tui/logs":         {"k8s.io/"},
		"internal/tui/safetext":     {"k8s.io/", "charm.land/"},
		"manifests":                 {"k8s.io/", "github.com/spf13/"},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list -deps %s: %v\n%s", pkg, err, out)
		}
		if !strings.Contains(string(out), module+strings.TrimSuffix(pkg, "/...")+"\n") {
			t.Fatalf("go list -deps %s does not list the package itself:\n%s", pkg, out)
		}
		for linked := range strings.FieldsSeq(string(out)) {
			for _, prefix := range append(denied, everywhere...) {
				if strings.HasPrefix(linked, prefix) {
					t.Errorf("%s links %s", pkg, linked)
				}
			}
		}
	}
}
