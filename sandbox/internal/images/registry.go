// Package images is the registry of the simulated container images: which
// repositories and tags exist, and the program that each runs.
//
// A Registry may be used by several goroutines at once. Its programs keep no state
// between two runs.
package images

import (
	"fmt"
	"sync"

	"github.com/distribution/reference"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/echo"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/inferencecheckpoint"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/jetstreamhttp"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/jetstreampathways"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathways"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathwaysproxy"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathwaysserver"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// The repositories of the serving stack's images.
const (
	PathwaysProxy       = "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/proxy_server"
	PathwaysServer      = "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server"
	JetStreamPathways   = "us-docker.pkg.dev/cloud-tpu-images/inference/jetstream-pathways"
	JetStreamHTTP       = "us-docker.pkg.dev/cloud-tpu-images/inference/jetstream-http"
	InferenceCheckpoint = "us-docker.pkg.dev/cloud-tpu-images/inference/inference-checkpoint"
	// Echo is a test image; see package echo.
	Echo = "sandbox.invalid/echo"
)

// pathwaysTags are the releases of the Pathways images; a client works only with the
// one it was built for.
var pathwaysTags = []string{"jax-0.5.3", "jax-0.8.0", "latest"}

// Registry maps images to programs.
type Registry struct {
	world *world.World

	mu       sync.RWMutex
	programs map[string]map[string]container.Program // by repository, by tag
}

// New returns a registry with the images of the serving stack. Whether a pull of one
// succeeds is the world's to say at each Lookup.
func New(w *world.World) *Registry {
	r := &Registry{world: w, programs: make(map[string]map[string]container.Program)}
	for _, tag := range pathwaysTags {
		r.Add(PathwaysProxy, []string{tag}, pathwaysproxy.Program{Versions: pathways.Versions(tag)})
	}
	r.Add(PathwaysServer, pathwaysTags, pathwaysserver.Program{})
	r.Add(JetStreamPathways, []string{"v0.2.0"}, jetstreampathways.Program{})
	r.Add(JetStreamHTTP, []string{"v0.2.3"}, jetstreamhttp.Program{})
	r.Add(InferenceCheckpoint, []string{"v0.2.5"}, inferencecheckpoint.Program{})
	r.Add(Echo, []string{"latest", "v1"}, echo.Program{})
	return r
}

// Add makes repository:tag run p for each of the tags, replacing what was there. The
// repository is a full name with its registry, without a tag.
func (r *Registry) Add(repository string, tags []string, p container.Program) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.programs[repository] == nil {
		r.programs[repository] = make(map[string]container.Program)
	}
	for _, tag := range tags {
		r.programs[repository][tag] = p
	}
}

// Lookup returns the program of an image. The error is the refusal of the image's
// registry as the container runtime reports it; it wraps world.ErrImageNotFound or
// world.ErrImageDenied.
func (r *Registry) Lookup(image string) (container.Program, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return nil, fmt.Errorf("failed to parse reference %q: %w", image, err)
	}
	if refuse := r.world.Faults().Pull; refuse != nil {
		if err := refuse(image); err != nil {
			return nil, err
		}
	}
	tag := ""
	if tagged, ok := reference.TagNameOnly(named).(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	p, ok := r.programs[named.Name()][tag]
	if _, digested := named.(reference.Digested); !ok || digested {
		return nil, world.PullNotFound(image)
	}
	return p, nil
}
