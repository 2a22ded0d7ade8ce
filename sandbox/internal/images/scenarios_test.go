package images

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/imagetest"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

func TestScenarioSlowRestore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, faults(t, spec405B(), "slow-restore"))
		if took := d.ready(); took < 45*time.Minute || took > 55*time.Minute {
			t.Errorf("ready after %v, want four times the usual twelve minutes", took)
		}
	})
}

// TestScenarioWorkerCrash follows a group through the crash, its recreation (which a
// cluster does), a second crash, and the recovery once the scenario is over.
func TestScenarioWorkerCrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, faults(t, spec405B(), "worker-crash"))
		for range 2 {
			if code := d.end(d.workers[0]); code != 1 {
				t.Errorf("worker 1 ended with %d, want 1", code)
			}
			if code := d.end(d.jax); code != 1 || !strings.Contains(d.jax.Log.String(), "Connection to IFRT proxy server was terminated") {
				t.Errorf("jax-tpu ended with %d:\n%s", code, tail(d.jax.Log))
			}
			for _, c := range append([]*imagetest.Container{d.proxy, d.rm, d.http}, d.workers...) {
				c.Kill()
			}
			d.start(spec405B())
		}
		d.cluster.World.SetFaults(world.Faults{})
		d.ready()
	})
}

func TestScenarioImagePullDenied(t *testing.T) {
	t.Parallel()
	c := imagetest.New(t, faults(t, spec{}, "image-pull-denied").options)
	c.World.SetFaults(faults(t, spec{}, "image-pull-denied").faults)
	registry := New(c.World)
	for image, denied := range map[string]bool{
		PathwaysProxy + ":jax-0.5.3":  true,
		PathwaysServer + ":jax-0.5.3": true,
		JetStreamPathways + ":v0.2.0": false,
		JetStreamHTTP + ":v0.2.3":     false,
	} {
		if _, err := registry.Lookup(image); (err != nil) != denied {
			t.Errorf("Lookup(%q): %v, want a refusal: %v", image, err, denied)
		}
	}
}
