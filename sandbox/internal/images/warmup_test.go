package images

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWarmUpCounts shows what a failed warm-up leaves in the log: prefill buckets that
// do not compile are missed without a word, the decode step ends the server.
func TestWarmUpCounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		hbm              float64 // GiB a chip
		prefill, decodes int
	}{
		{"enough memory", 31.25, 7, 1},
		{"too little for the decode step alone", 25, 7, 0},
		{"too little for the longest prompts as well", 23.9, 5, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := spec405B()
				s.faults.HBM = func(int64) int64 { return int64(tt.hbm * (1 << 30)) }
				d := deploy(t, s)
				d.until("the end of the warm-up", time.Hour, func() bool {
					return !d.jax.Running() || strings.Contains(d.jax.Log.String(), "Starting server on port 9000")
				})
				log := d.jax.Log.String()
				for text, want := range map[string]int{
					"compiled for prefill length":     tt.prefill,
					"Prefill compilation 0 complete.": 1,
					"Generate engine 0 compiled.":     tt.decodes,
					"compiled for insert length":      7 * tt.decodes,
				} {
					if got := strings.Count(log, text); got != want {
						t.Errorf("%q is printed %d times, want %d", text, got, want)
					}
				}
			})
		})
	}
}

func TestWithoutWarmUpTheFirstPromptFindsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, jax(spec405B(), "per_device_batch_size=16", "enable_model_warmup=false"))
		d.ready()
		status, body := d.generate(`{"prompt":"hi"}`)
		if status != 500 || !strings.Contains(body, `details = \"Socket closed\"`) {
			t.Errorf("answer %d %s", status, body)
		}
		if code := d.end(d.jax); code != killedByItself {
			t.Errorf("exit code %d, want %d", code, killedByItself)
		}
		log := d.jax.Log.String()
		if !strings.Contains(log, "line 18:     7 Killed                  python3 MaxText/maxengine_server.py $@") {
			t.Errorf("the shell does not tell of the kill:\n%s", tail(d.jax.Log))
		}
		if strings.Contains(log, "encountered an error") {
			t.Error("a line that waited in the buffer of a killed process was written")
		}
	})
}

func TestALongestPromptOffTheBucketsKillsTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, jax(spec405B(), "max_prefill_predict_length=1000"))
		d.ready()
		if got := strings.Count(d.jax.Log.String(), "compiled for prefill length"); got != 7 {
			t.Errorf("%d prefill lengths, want 6 buckets and 1000", got)
		}
		d.generate(`{"prompt":"hi"}`)
		if code := d.end(d.jax); code != killedByItself {
			t.Errorf("exit code %d, want %d", code, killedByItself)
		}
		if !strings.Contains(d.jax.Log.String(), "ValueError: 1000 is not in list") {
			t.Errorf("log lacks the reason:\n%s", tail(d.jax.Log))
		}
	})
}
