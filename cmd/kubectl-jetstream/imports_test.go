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
	for pkg, denied := range map[string][]string{
		"cmd/kubectl-jetstream":     nil,
		"internal/deploy/status":    {"k8s.io/client-go/"},
		"internal/deploy/milestone": {"k8s.io/"},
		"internal/deploy/cause":     {"k8s.io/"},
		"internal/deploy/podlog":    {"k8s.io/client-go/"},
		"internal/chat/generate":    {"k8s.io/", "charm.land/"},
		"internal/tui/safetext":     {"k8s.io/"},
		"manifests":                 {"k8s.io/", "github.com/spf13/"},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list -deps %s: %v\n%s", pkg, err, out)
		}
		if !strings.Contains(string(out), module+pkg+"\n") {
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
