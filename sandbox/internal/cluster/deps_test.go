package cluster

import (
	"os/exec"
	"strings"
	"testing"
)

// The command line, the child's parent and the state directory are used by every
// command; none of them may take half a minute to link for a change.
func TestWhatControlsASandboxLinksNoKubernetesServer(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"./control", "./statedir", "../lwsmanager", "../nodepool"} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for dep := range strings.Lines(string(out)) {
			for _, heavy := range []string{"k8s.io/kubernetes/", "sigs.k8s.io/controller-runtime", "sigs.k8s.io/lws/", "go.etcd.io/etcd/server"} {
				if strings.HasPrefix(dep, heavy) {
					t.Errorf("%s links %s", pkg, strings.TrimSpace(dep))
				}
			}
		}
	}
}
