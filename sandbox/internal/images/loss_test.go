package images

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/imagetest"
)

// TestLosingOne kills one container and looks at the others.
func TestLosingOne(t *testing.T) {
	t.Parallel()
	const terminated = "Connection to IFRT proxy server was terminated: FAILED_PRECONDITION: GrpcClientSession: writes no longer allowed."
	const closed = "Connection to IFRT proxy server was terminated: UNAVAILABLE: Socket closed"
	tests := []struct {
		name    string
		which   func(d *deployment) *imagetest.Container
		serving bool // strike while serving rather than in the restore
		code    int  // of jax-tpu
		want    string
	}{
		{"a worker during the restore", func(d *deployment) *imagetest.Container { return d.workers[2] }, false, 1, terminated},
		{"the resource manager during the restore", func(d *deployment) *imagetest.Container { return d.rm }, false, 1, terminated},
		{"the proxy during the restore", func(d *deployment) *imagetest.Container { return d.proxy }, false, 1, closed},
		{"a worker while serving", func(d *deployment) *imagetest.Container { return d.workers[0] }, true, killedByItself, terminated},
		{"the resource manager while serving", func(d *deployment) *imagetest.Container { return d.rm }, true, killedByItself, terminated},
		{"the proxy while serving", func(d *deployment) *imagetest.Container { return d.proxy }, true, killedByItself, closed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := deploy(t, spec405B())
				if tt.serving {
					d.ready()
				} else {
					d.until("the restore", time.Hour, func() bool { return strings.Contains(d.jax.Stdout.String(), "restoring params") })
					time.Sleep(time.Minute)
				}
				lost := tt.which(d)
				lost.Kill()
				synctest.Wait()
				if code := d.end(d.jax); code != tt.code {
					t.Errorf("jax-tpu ended with %d, want %d", code, tt.code)
				}
				if log := d.jax.Log.String(); !strings.Contains(log, "IFRT proxy server disconnected: ") || strings.Count(log, tt.want) < 2 {
					t.Errorf("jax-tpu does not tell of its loss:\n%s", tail(d.jax.Log))
				}
				for name, c := range map[string]*imagetest.Container{"rm": d.rm, "proxy": d.proxy, "http": d.http, "worker": d.workers[1]} {
					if c != lost && !c.Running() {
						t.Errorf("%s has ended as well", name)
					}
				}
				if status, _ := d.get("/healthcheck"); status != http.StatusInternalServerError {
					t.Errorf("/healthcheck answers %d without a backend", status)
				}
			})
		})
	}
}

func TestAWorkerIsMissedAfterSomeHeartbeats(t *testing.T) {
	t.Parallel()
	for speed, want := range map[float64]time.Duration{1: 10 * time.Second, 60: 2 * time.Second} {
		t.Run(fmt.Sprintf("at speed %v", speed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := spec405B()
				s.options.Speed = speed
				d := deploy(t, s)
				d.ready()
				d.workers[0].Kill()
				if took := d.until("the end of jax-tpu", time.Hour, func() bool { return !d.jax.Running() }); took != want {
					t.Errorf("jax-tpu ended after %v, want %v", took, want)
				}
			})
		})
	}
}

func TestAWorkerThatRestartsHasLostItsState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		d.workers[0].Kill()
		d.workers[0] = d.worker(1, "slice-0")
		if code := d.end(d.jax); code != killedByItself {
			t.Errorf("jax-tpu ended with %d, want %d", code, killedByItself)
		}
		if n := strings.Count(d.rm.Log.String(), "1/1 Pathways Slices Now Ready"); n != 2 {
			t.Errorf("the slice became ready %d times, want a second time after the restart:\n%s", n, d.rm.Log)
		}
	})
}

func TestLosingJAXFreesTheProxyForTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		d.jax.Kill()
		d.jax = d.leader.Run("jax-tpu", JetStreamPathways, lookup(t, d.cluster, JetStreamPathways+":v0.2.0"), args405B, nil)
		d.ready()
	})
}

func TestSecondClientIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		second := d.leader.Run("second", JetStreamPathways, lookup(t, d.cluster, JetStreamPathways+":v0.2.0"), args405B, nil)
		if code := d.end(second); code != 1 {
			t.Errorf("the second client ended with %d, want 1", code)
		}
		for _, want := range []string{
			"rpc_helper.cc:56] Connection to IFRT proxy server was terminated: CANCELLED: Cancelled",
			"detailed error: Connection to IFRT proxy server was terminated: CANCELLED: Cancelled (set JAX_PLATFORMS='' to automatically choose an available backend)",
		} {
			if !strings.Contains(second.Log.String(), want) {
				t.Errorf("log lacks %q:\n%s", want, tail(second.Log))
			}
		}
		if !d.jax.Running() {
			t.Error("the first client has lost its session to the second")
		}
	})
}

func TestTerminationIsPromptEverywhere(t *testing.T) {
	t.Parallel()
	for _, when := range []time.Duration{0, time.Second, 5 * time.Second, 30 * time.Second, 5 * time.Minute, 20 * time.Minute} {
		t.Run("after "+when.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := deploy(t, spec405B())
				time.Sleep(when)
				synctest.Wait()
				start := time.Now()
				for _, c := range append([]*imagetest.Container{d.jax, d.http, d.proxy, d.rm}, d.workers...) {
					c.Terminate()
				}
				for _, c := range append([]*imagetest.Container{d.jax, d.http, d.proxy, d.rm}, d.workers...) {
					c.Wait()
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("the containers took %v to end", took)
				}
			})
		})
	}
}
