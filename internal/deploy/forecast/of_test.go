package forecast

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(minutes float64) time.Time { return start.Add(time.Duration(minutes * float64(time.Minute))) }

func minutes(low, high float64) Range {
	return Range{Min: time.Duration(low * float64(time.Minute)), Max: time.Duration(high * float64(time.Minute)), Basis: FromProfile}
}

// order lists the milestones of a start-up with logs.
var order = []milestone.ID{
	milestone.Applied, milestone.Scheduled, milestone.Images, milestone.ResourceManager, milestone.Workers, milestone.Slices,
	milestone.Proxy, milestone.Process, milestone.Backend, milestone.Mesh, milestone.Restore, milestone.Weights,
	milestone.WarmUp, milestone.Driver, milestone.Server, milestone.Serving, milestone.Ready,
}

// reached returns the milestones of a start-up that is at one of them since a
// minute; everything before is done, a minute each.
func reached(id milestone.ID, since float64, among ...milestone.ID) []milestone.Milestone {
	if len(among) == 0 {
		among = order
	}
	var out []milestone.Milestone
	state, n := milestone.Done, 0
	for _, known := range among {
		if known == id {
			state = milestone.Active
			n = len(out)
		}
		out = append(out, milestone.Milestone{ID: known, Title: string(known), State: state})
		if state == milestone.Active {
			out[len(out)-1].Started = at(since)
			state = milestone.Pending
		}
	}
	for i := range n {
		out[i].Started, out[i].Finished = at(since-float64(n-i)), at(since-float64(n-i)+1)
	}
	return out
}

// text shows when the model can answer, in minutes after now.
func text(f Forecast, now time.Time) string {
	if f.ReadyLatest.IsZero() {
		if !f.ReadyEarliest.IsZero() {
			return "an earliest without a latest"
		}
		return "unknown"
	}
	return fmt.Sprintf("%g–%g", f.ReadyEarliest.Sub(now).Minutes(), f.ReadyLatest.Sub(now).Minutes())
}

func TestWhenTheModelCanAnswer(t *testing.T) {
	t.Parallel()
	restore := Expectations{milestone.Restore: minutes(7, 20)}
	whole := Expectations{milestone.Serving: minutes(2, 8)}
	all := Expectations{
		milestone.Applied: minutes(0, 1), milestone.Scheduled: minutes(1, 2), milestone.Images: minutes(1, 3),
		milestone.Workers: minutes(50, 60), milestone.Backend: minutes(1, 2),
		milestone.Restore: minutes(7, 20), milestone.WarmUp: minutes(1, 2), milestone.Ready: minutes(9, 9),
	}
	tests := []struct {
		name   string
		ms     []milestone.Milestone
		expect Expectations
		now    float64
		want   string
	}{
		{"nothing is known", reached(milestone.Restore, 0), nil, 5, "unknown"},
		{"no milestone is there", nil, all, 5, "unknown"},
		{"a restore under way has what is left of its range", reached(milestone.Restore, 0), restore, 5, "2–15"},
		{"one that is past its shortest may end at once", reached(milestone.Restore, 0), restore, 10, "0–10"},
		{"one that has outlasted its range may end whenever it likes", reached(milestone.Restore, 0), restore, 21, "unknown"},
		{"a step of seconds before a known restore does not hide it", reached(milestone.Backend, 0), restore, 1, "7–20"},
		{"images of unknown size do", reached(milestone.Images, 0), restore, 1, "unknown"},
		{"so does a node that nobody knows when to expect", reached(milestone.Scheduled, 0), restore, 1, "unknown"},
		{"an unknown restore ahead hides what is known besides", reached(milestone.Backend, 0), Expectations{milestone.WarmUp: minutes(1, 2)}, 1, "unknown"},
		{"after the restore the rest is unknown unless something is known of it", reached(milestone.WarmUp, 0), restore, 1, "unknown"},
		{"the steps that are left are added up, those beside them are not", reached(milestone.Applied, 0), all, 0, "11–30"},
		{"from the middle on only what is ahead counts", reached(milestone.Restore, 0), all, 2, "6–20"},
		{"a warm-up is what is left after the restore", reached(milestone.WarmUp, 0), all, 0.5, "0.5–1.5"},
		{"a server that is up answers at once", reached(milestone.Serving, 0), all, 1, "unknown"},
		{"also where the whole could take longer", reached(milestone.Serving, 0), Expectations{milestone.Serving: minutes(2, 40)}, 1, "unknown"},
		{"one that answers needs no estimate", reached(milestone.Ready, 0), all, 1, "unknown"},
		{"the whole load counts from the end of the pulling", reached(milestone.ResourceManager, 0), whole, 1, "1–7"},
		{"also when it is far on", reached(milestone.WarmUp, 9), whole, 4, "0–4"},
		{"and not beyond its longest", reached(milestone.WarmUp, 9), whole, 9, "unknown"},
		{"before the load the whole is not enough", reached(milestone.Images, 0), whole, 1, "unknown"},
		{
			"with what comes before it, it is", reached(milestone.Images, 0),
			Expectations{milestone.Serving: minutes(2, 8), milestone.Images: minutes(2, 3)},
			1, "3–10",
		},
		{
			"without logs the whole is what there is",
			reached(milestone.Serving, 0, milestone.Applied, milestone.Scheduled, milestone.Images, milestone.Serving, milestone.Ready),
			whole, 3, "0–5",
		},
		{"the steps tell better than the whole", reached(milestone.Restore, 0), Expectations{milestone.Restore: minutes(7, 20), milestone.Serving: minutes(30, 40)}, 5, "2–15"},
		{"clocks that differ do not lengthen a step", reached(milestone.Restore, 6), restore, 5, "7–20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := text(Of(tt.ms, tt.expect, at(tt.now)), at(tt.now)); got != tt.want {
				t.Errorf("the model answers in %s minutes, want %s", got, tt.want)
			}
		})
	}
}

func TestTheFurthestOfTwoStepsUnderWayCounts(t *testing.T) {
	t.Parallel()
	ms := reached(milestone.Restore, 0)
	for i := range ms {
		if ms[i].ID == milestone.Mesh {
			ms[i].State, ms[i].Finished = milestone.Active, time.Time{}
		}
	}
	e := Expectations{milestone.Restore: minutes(7, 20), milestone.Mesh: minutes(1, 1)}
	f := Of(ms, e, at(5))
	if got := text(f, at(5)); got != "2–15" {
		t.Errorf("the model answers in %s minutes", got)
	}
	if s, ok := f.Current(); !ok || s.ID != milestone.Restore || s.Elapsed != 5*time.Minute || s.Expected != e[milestone.Restore] {
		t.Errorf("current is %s since %v of %v", s.ID, s.Elapsed, s.Expected)
	}
	if _, ok := Of(nil, e, at(5)).Current(); ok {
		t.Error("of nothing something is current")
	}
}

func TestImagesThatAreMissingHoldUpWhatHasBegun(t *testing.T) {
	t.Parallel()
	ms := reached(milestone.Process, 1)
	ms[2].State, ms[2].Started, ms[2].Finished = milestone.Active, at(0), time.Time{}
	e := Expectations{milestone.Restore: minutes(7, 20)}
	if got := text(Of(ms, e, at(2)), at(2)); got != "unknown" {
		t.Errorf("the model answers in %s minutes", got)
	}
	e[milestone.Images] = minutes(3, 5)
	if got := text(Of(ms, e, at(2)), at(2)); got != "8–23" {
		t.Errorf("with images of a known time the model answers in %s minutes", got)
	}
}

func TestElapsed(t *testing.T) {
	t.Parallel()
	steps := Of([]milestone.Milestone{
		{ID: milestone.Images, State: milestone.Done, Started: at(0), Finished: at(2)},
		{ID: milestone.Workers, State: milestone.Done, Implied: true},
		{ID: milestone.Restore, State: milestone.Done, Started: at(3), Implied: true},
		{ID: milestone.Weights, State: milestone.Active},
		{ID: milestone.WarmUp, State: milestone.Pending},
	}, nil, at(100)).Steps
	var got []time.Duration
	for _, s := range steps {
		if s.Stalled {
			t.Errorf("%s is stalled", s.ID)
		}
		got = append(got, s.Elapsed)
	}
	if diff := cmp.Diff([]time.Duration{2 * time.Minute, 0, 0, 0, 0}, got); diff != "" {
		t.Errorf("elapsed (-want +got):\n%s", diff)
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	objects := []milestone.ID{milestone.Applied, milestone.Scheduled, milestone.Images, milestone.Serving, milestone.Ready}
	tests := []struct {
		name   string
		ms     []milestone.Milestone
		expect Expectations
		limit  time.Duration // the longest time without a warning
		hint   string
	}{
		{"a restore of which nothing is known", reached(milestone.Restore, 0), nil, 30 * time.Minute, "bucket"},
		{"a restore may take twice as long as expected", reached(milestone.Restore, 0), Expectations{milestone.Restore: minutes(7, 20)}, 40 * time.Minute, "orbax"},
		{"a step of seconds has a minute in any case", reached(milestone.Proxy, 0), Expectations{milestone.Proxy: {Max: 2 * time.Second}}, 62 * time.Second, "--server_port"},
		{"images", reached(milestone.Images, 0), nil, 5 * time.Minute, "registry"},
		{"a node", reached(milestone.Scheduled, 0), nil, 10 * time.Minute, "scheduling reason"},
		{"workers", reached(milestone.Workers, 0), nil, 3 * time.Minute, "Pathways Server serving on"},
		{"the answer of a server that is up", reached(milestone.Serving, 0), nil, 2 * time.Minute, "/healthcheck"},
		{"the whole load does not excuse it", reached(milestone.Serving, 0), Expectations{milestone.Serving: minutes(2, 8)}, 2 * time.Minute, "/healthcheck"},
		{"a load without logs", reached(milestone.Serving, 0, objects...), nil, 45 * time.Minute, "jax-tpu"},
		{"a load without logs of which the whole is known", reached(milestone.Serving, 0, objects...), Expectations{milestone.Serving: minutes(2, 8)}, 16 * time.Minute, "jax-tpu"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, late := range []bool{false, true} {
				now := start.Add(tt.limit)
				if late {
					now = now.Add(time.Second)
				}
				s, _ := Of(tt.ms, tt.expect, now).Current()
				if s.Stalled != late || strings.Contains(s.Hint, tt.hint) != late || (s.Hint != "") != late {
					t.Errorf("after %v: stalled %t, hint %q", s.Elapsed, s.Stalled, s.Hint)
				}
			}
		})
	}
}

func TestAMissingLineIsNoStallWhenLaterOnesCame(t *testing.T) {
	t.Parallel()
	stalled := func(change func(workers *milestone.Milestone)) bool {
		ms := reached(milestone.Restore, 0)
		change(&ms[4])
		steps := Of(ms, nil, at(10)).Steps
		if steps[4].ID != milestone.Workers {
			t.Fatalf("step 4 is %s", steps[4].ID)
		}
		return steps[4].Stalled
	}
	awaited := milestone.Milestone{ID: milestone.Workers, Container: "worker", State: milestone.Active, Started: at(0), Awaited: true}
	counted := awaited
	counted.Awaited, counted.Count, counted.Of = false, 3, 4
	if stalled(func(workers *milestone.Milestone) { *workers = awaited }) {
		t.Error("workers of which no log tells are stalled while the checkpoint is restored")
	}
	if !stalled(func(workers *milestone.Milestone) { *workers = counted }) {
		t.Error("a worker that is missing beside others is not stalled")
	}
}

func TestOnlyWhatIsUnderWayStalls(t *testing.T) {
	t.Parallel()
	for _, id := range order {
		if patienceWith(id).limit == 0 || patienceWith(id).hint == "" {
			t.Errorf("there is no patience with %s", id)
		}
		for _, s := range Of(reached(id, 0), nil, at(10000)).Steps {
			if s.Stalled != (s.ID == id) {
				t.Errorf("while %s is under way, %s is stalled: %t", id, s.ID, s.Stalled)
			}
		}
	}
}
