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

func TestScenarioModelRunsOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, faults(t, spec70B(), "model-runs-on"))
		d.ready()
		c := d.grpc()
		defer c.Close()
		const allowance = 1024
		messages := collect(t, c, text("User: briefly, cats?\nAssistant:", allowance))
		var said strings.Builder
		for _, m := range messages {
			said.WriteString(m.Text)
		}
		if n := strings.Count(said.String(), "\nUser: "); n < 2 || strings.Count(said.String(), "\nAssistant: ") < n-1 {
			t.Errorf("it invented %d turns:\n%s", n, said.String())
		}
		// It ends as an answer does that was cut, without a stop token.
		if last := messages[len(messages)-1]; last.Text != "" || len(last.TokenIDs) != 0 {
			t.Errorf("the last message is %+v", last)
		}
		ids := 0
		for _, m := range messages {
			ids += len(m.TokenIDs)
		}
		if ids != allowance {
			t.Errorf("%d tokens of %d", ids, allowance)
		}
	})
}

func TestScenarioHostileText(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, faults(t, spec405B(), "hostile-text"))
		d.ready()
		status, answer := d.generate(`{"prompt":"hi","max_tokens":1000,"stream":true}`)
		if status != 200 || len(answer) < 10<<20 {
			t.Errorf("status %d, %d bytes", status, len(answer))
		}
		for _, evil := range []string{`\u202e`, `\u200b`, `\u001b`, `\u009b`} {
			if !strings.Contains(answer, evil) {
				t.Errorf("the answer lacks %s", evil)
			}
		}
		if !strings.Contains(answer, strings.Repeat("0123456789abcdef", 10<<20/16)) {
			t.Error("the token of 10 MiB is not in one piece")
		}
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
