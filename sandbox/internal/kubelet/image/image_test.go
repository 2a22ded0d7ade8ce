package image_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/image"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

var errRefused = errors.New("refused")

// registry has one image.
type registry struct{ has string }

func (r registry) Lookup(name string) (container.Program, error) {
	if name != r.has {
		return nil, errRefused
	}
	return container.ProgramFunc(func(context.Context, *container.Process) int { return 0 }), nil
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	digest := "@sha256:" + strings.Repeat("0", 64)
	for _, c := range []struct{ name, in, want string }{
		{"a tag stays", "example.com/a/b:v1", "example.com/a/b:v1"},
		{"no tag is latest", "example.com/a/b", "example.com/a/b:latest"},
		{"a short name stays short", "busybox", "busybox:latest"},
		{"a port is no tag", "localhost:5000/a", "localhost:5000/a:latest"},
		{"a digest stays", "example.com/a" + digest, "example.com/a" + digest},
		{"what is no name is an error", "Not A Name", ""},
		{"nothing is an error", "", ""},
	} {
		got, err := image.Normalize(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q and %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestPullTakesTimeAndIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const name = "docker.io/library/a:1"
		s := image.NewStore(registry{name}, world.New(world.Options{Speed: 2}))
		if _, ok := s.Present(name); ok {
			t.Error("a fresh node has the image")
		}
		began := time.Now()
		img, err := s.Pull(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 150*time.Millisecond {
			t.Errorf("the pull took %v at double speed, want 150ms", took)
		}
		if img.Name != name || !strings.HasPrefix(img.ID, "docker.io/library/a@sha256:") || img.Size <= 0 || img.Program == nil {
			t.Errorf("the image is %+v", img)
		}
		if again, ok := s.Present(name); !ok || again.ID != img.ID {
			t.Errorf("the node remembers %+v, %v", again, ok)
		}
		if _, err := s.Pull(t.Context(), "other:1"); !errors.Is(err, errRefused) {
			t.Errorf("the refusal is %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Pull(ctx, name); !errors.Is(err, context.Canceled) {
			t.Errorf("a pull whose context has ended gives %v", err)
		}
	})
}
