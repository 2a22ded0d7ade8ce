package images

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	r := New(world.New(world.Options{}))
	for _, image := range []string{
		"us-docker.pkg.dev/cloud-tpu-v2-images/pathways/proxy_server:jax-0.5.3",
		"us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server:jax-0.5.3",
		"us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server",
		"us-docker.pkg.dev/cloud-tpu-images/inference/jetstream-pathways:v0.2.0",
		"us-docker.pkg.dev/cloud-tpu-images/inference/jetstream-http:v0.2.3",
		"us-docker.pkg.dev/cloud-tpu-images/inference/inference-checkpoint:v0.2.5",
		"sandbox.invalid/echo",
	} {
		if p, err := r.Lookup(image); err != nil || p == nil {
			t.Errorf("Lookup(%q): %v", image, err)
		}
	}
	for _, image := range []string{
		"us-docker.pkg.dev/cloud-tpu-images/inference/jetstream-http:v9.9.9",
		"us-docker.pkg.dev/cloud-tpu-images/inference/jetstream-http",
		"us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server:jax-0.5.3@sha256:0000000000000000000000000000000000000000000000000000000000000000",
		"nginx:1.27",
	} {
		if _, err := r.Lookup(image); !errors.Is(err, world.ErrImageNotFound) {
			t.Errorf("Lookup(%q): %v, want not found", image, err)
		}
	}
	if _, err := r.Lookup("Not An Image"); err == nil || errors.Is(err, world.ErrImageNotFound) {
		t.Errorf("a name that does not parse: %v", err)
	}
}

func TestLookupAsksTheWorldEachTime(t *testing.T) {
	t.Parallel()
	w := world.New(world.Options{})
	r := New(w)
	const image = PathwaysServer + ":jax-0.5.3"
	w.SetFaults(world.Faults{Pull: func(image string) error { return world.PullDenied(image) }})
	if _, err := r.Lookup(image); !errors.Is(err, world.ErrImageDenied) {
		t.Errorf("denied: %v", err)
	}
	w.SetFaults(world.Faults{})
	if _, err := r.Lookup(image); err != nil {
		t.Errorf("after the fault is gone: %v", err)
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	r := New(world.New(world.Options{}))
	r.Add("registry.k8s.io/lws/lws", []string{"v0.9.0"}, container.ProgramFunc(func(context.Context, *container.Process) int { return 42 }))
	p, err := r.Lookup("registry.k8s.io/lws/lws:v0.9.0")
	if err != nil || p.Run(t.Context(), nil) != 42 {
		t.Errorf("the added image: %v", err)
	}
	if _, err := r.Lookup("registry.k8s.io/lws/lws:v0.6.1"); !errors.Is(err, world.ErrImageNotFound) {
		t.Errorf("another tag of it: %v", err)
	}
}

// TestNothingHeavyIsLinked keeps the images apart from Kubernetes, so that editing
// one rebuilds in seconds.
func TestNothingHeavyIsLinked(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...", "../world", "../scenario").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		for _, heavy := range []string{"k8s.io/kubernetes", "sigs.k8s.io/controller-runtime", "sigs.k8s.io/lws/pkg", "go.etcd.io/", "k8s.io/client-go"} {
			if strings.HasPrefix(dep, heavy) {
				t.Errorf("%s is linked", strings.TrimSpace(dep))
			}
		}
	}
}
