package kubelet

import (
	"os/exec"
	"strings"
	"testing"
)

// TestHeavyPackagesStayAway keeps the packages that take minutes to compile, and
// cannot be tested with the race detector in reasonable time, out of the kubelet.
func TestHeavyPackagesStayAway(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("listing dependencies: %v", err)
	}
	found := false
	for path := range strings.FieldsSeq(string(out)) {
		found = found || path == "k8s.io/client-go/kubernetes"
		for _, heavy := range []string{"k8s.io/kubernetes/", "k8s.io/apiserver/", "sigs.k8s.io/controller-runtime", "sigs.k8s.io/lws/pkg", "go.etcd.io/etcd/server"} {
			if strings.HasPrefix(path, heavy) {
				t.Errorf("%s is linked", path)
			}
		}
	}
	if !found {
		t.Error("not even client-go is among the dependencies")
	}
}
