package images

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestServingStartsUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		spec        spec
		least, most time.Duration
		engines     int
	}{
		{"405B in about twelve minutes of restore and one of warm-up", spec405B(), 12 * time.Minute, 14 * time.Minute, 1},
		{"70B disaggregated in two restores of two minutes each", spec70B(), 4 * time.Minute, 8 * time.Minute, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := deploy(t, tt.spec)
				if took := d.ready(); took < tt.least || took > tt.most {
					t.Errorf("ready after %v, want %v to %v", took, tt.least, tt.most)
				}
				out := d.jax.Stdout.String()
				for _, line := range []string{"Num_devices: ", "Loading from the quantized checkpoint...", "Loading decode params from ", "restoring params from ", "Memstats: After load_params:"} {
					if n := strings.Count(out, line); n != tt.engines {
						t.Errorf("%q is printed %d times, want once for each of %d engines", line, n, tt.engines)
					}
				}
				name := "405b"
				if tt.engines == 2 {
					name = "70b"
				}
				golden(t, name+"-jax-tpu", transcript(d.jax.Log.String()))
				golden(t, name+"-pathways-rm", d.rm.Log.String())
				golden(t, name+"-pathways-proxy", d.proxy.Log.String())
				golden(t, name+"-worker", d.workers[0].Log.String())
			})
		})
	}
}

func TestBufferedOutputLagsUntilTheNextFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		const line = "GC tweaked (allocs, gen1, gen2):  60000 20 30"
		if strings.Contains(d.jax.Stdout.String(), line) {
			t.Errorf("%q is out before anything has flushed it", line)
		}
		d.generate(`{"prompt":"hi","max_tokens":1}`)
		if !strings.Contains(d.jax.Stdout.String(), line) {
			t.Errorf("%q is not out after a request was logged", line)
		}
	})
}

func TestPortsOpenOnlyWhenTheModelIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		open := func(port string) bool {
			conn, err := d.leader.Dial(t.Context(), "localhost:"+port)
			if err != nil {
				return false
			}
			_ = conn.Close()
			return true
		}
		d.until("the end of the restore", time.Hour, func() bool { return strings.Contains(d.jax.Stderr.String(), "Loaded all weights.") })
		if open("9000") || open("9999") {
			t.Error("port 9000 or 9999 is open before the warm-up")
		}
		if !open("8000") {
			t.Error("port 8000 is closed though the web server runs")
		}
		d.ready()
		if !open("9000") || !open("9999") {
			t.Error("port 9000 or 9999 is closed though the model is served")
		}
	})
}

func TestSpeedDividesTheRestore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := spec405B()
		s.options.Speed = 60
		d := deploy(t, s)
		if took := d.ready(); took > 15*time.Second {
			t.Errorf("ready after %v at speed 60, want about 13 s", took)
		}
	})
}
