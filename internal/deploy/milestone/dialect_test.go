package milestone

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEachDialectTellsTheSameMilestones(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		plan       Plan
		want       []string
	}{
		{
			"the root logger as JSON on standard error", "json.log",
			Plan{Workers: 1, Slices: 1, Engines: 1, Buckets: 1},
			[]string{
				"resource-manager done from 1s to 1s", "workers done 1/1 from 1s to 1s", "slices done 1/1 from 2s to 2s",
				"proxy done from 3s to 3s", "process done from 20s to 20s", "backend done from 30s to 30s",
				"mesh done from 32s to 32s 16", "restore done from 33s to 11m51s gs://models/llama-3.1-405b/int8",
				"weights done from 11m52s to 11m52s", "warm-up done 2/2 from 11m53s to 12m20s",
				"driver done from 12m22s to 12m22s", "server done from 12m24s to 12m24s",
			},
		},
		{
			"no lines of the root logger, and none of the Pathways containers", "quiet.log",
			Plan{Workers: 4, Slices: 1, Engines: 1, Buckets: 7},
			[]string{
				"resource-manager done implied", "workers done 0/4 implied", "slices done 0/1 implied",
				"proxy done implied", "process done from 10s to 10s", "backend done from 25s to 25s",
				"mesh done from 26s to 26s 16", "restore done from 27s to 10m1s gs://models/int8",
				"weights done from 10m2s to 10m2s", "warm-up done 0/14 implied",
				"driver done from 10m38s to 10m38s", "server done from 10m41s to 10m41s",
			},
		},
		{
			"the root logger behind time, name and level", "prefixed.log",
			Plan{Workers: 4, Slices: 1, Engines: 1, Buckets: 1},
			[]string{
				"resource-manager done implied", "workers done 0/4 implied", "slices done 0/1 implied",
				"proxy done implied", "process done from 1s to 1s", "backend done from 2s to 2s",
				"mesh done from 3s to 3s 16", "restore done from 4s to 1m40s gs://models/int8",
				"weights done from 1m41s to 1m41s", "warm-up done 2/2 from 1m42s to 1m51s",
				"driver done from 1m55s to 1m55s", "server done from 1m56s to 1m56s",
			},
		},
		{
			"two engines", "disaggregated.log",
			Plan{Workers: 4, Slices: 2, Engines: 2, Buckets: 1},
			[]string{
				"resource-manager done from 1s to 1s", "workers done 4/4 from 2s to 4s", "slices done 2/2 from 5s to 7s",
				"proxy done from 8s to 8s", "process done from 10s to 10s", "backend done from 20s to 20s",
				"mesh done 2/2 from 21s to 22s 8", "restore done 2/2 from 23s to 3m40s gs://models/llama-2-70b/int8",
				"weights done from 3m41s to 3m41s", "warm-up done 2/2 from 3m42s to 4m0s",
				"driver done from 4m3s to 4m3s", "server done from 4m4s to 4m4s",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lines := readLog(t, tt.file)
			if diff := cmp.Diff(tt.want, track(tt.plan, lines...)); diff != "" {
				t.Errorf("milestones (-want +got):\n%s", diff)
			}
			// A log that is read again from its begin, as after a reconnect
			// without a known position, tells nothing else.
			if diff := cmp.Diff(tt.want, track(tt.plan, append(slices.Clone(lines), lines...)...)); diff != "" {
				t.Errorf("milestones of lines that come twice (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoLineIsNeededForTheEnd takes lines away and mixes those of different
// containers: whatever is left, the last line completes all milestones.
func TestNoLineIsNeededForTheEnd(t *testing.T) {
	t.Parallel()
	lines := readLog(t, "json.log")
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		some := interleaved(random, slices.DeleteFunc(slices.Clone(lines), func(Line) bool { return random.IntN(3) == 0 }))
		some = append(some, lines[len(lines)-1])
		tracker := NewTracker(Plan{Workers: 1, Slices: 1, Engines: 1, Buckets: 1})
		for _, l := range some {
			tracker.Follow(l)
		}
		for _, m := range tracker.Milestones() {
			if m.State != Done {
				t.Fatalf("%s is %s after\n%v", m.ID, m.State, some)
			}
		}
	}
}

// interleaved mixes the lines of different containers and keeps the order of
// each.
func interleaved(random *rand.Rand, lines []Line) []Line {
	var out []Line
	for len(lines) > 0 {
		container := lines[random.IntN(len(lines))].Container
		i := slices.IndexFunc(lines, func(l Line) bool { return l.Container == container })
		out = append(out, lines[i])
		lines = slices.Delete(lines, i, i+1)
	}
	return out
}

func TestLabelsCountWhatWasCounted(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]Milestone{
		"restore":      {Title: "restore"},
		"warm-up 3/14": {Title: "warm-up", Count: 3, Of: 14},
		"warm-up 0/14": {Title: "warm-up", Of: 14},
		"workers":      {Title: "workers", Of: 4, Implied: true},
	} {
		if got := m.Label(); got != want {
			t.Errorf("%+v is labelled %q, want %q", m, got, want)
		}
	}
}
