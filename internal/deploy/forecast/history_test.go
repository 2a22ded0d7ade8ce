package forecast

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

func run(day int, steps map[milestone.ID]time.Duration) Run {
	return Run{Started: start.AddDate(0, 0, day), Steps: steps}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	profile := Expectations{milestone.Restore: minutes(7, 20)}
	restores := func(minutes ...int) []Run {
		var runs []Run
		for i, m := range minutes {
			runs = append(runs, run(i, map[milestone.ID]time.Duration{milestone.Restore: time.Duration(m) * time.Minute}))
		}
		return runs
	}
	measured := func(low, high time.Duration, runs int) Range {
		return Range{Min: low, Max: high, Basis: FromHistory, Runs: runs}
	}
	tests := []struct {
		name    string
		history []Run
		want    Expectations
	}{
		{"without a run the profile counts", nil, profile},
		{"one run wins over the profile, with room on both sides", restores(12), Expectations{milestone.Restore: measured(9*time.Minute, 18*time.Minute, 1)}},
		{"several show how much they differ", restores(10, 20), Expectations{milestone.Restore: measured(9*time.Minute, 24*time.Minute, 2)}},
		{
			"of many only the latest five count, in whatever order they come",
			append(restores(100, 10, 10, 10, 10, 20)[3:], restores(100, 10, 10, 10, 10, 20)[:3]...),
			Expectations{milestone.Restore: measured(9*time.Minute, 24*time.Minute, 5)},
		},
		{
			"what the runs do not tell of is the profile's",
			[]Run{run(0, map[milestone.ID]time.Duration{milestone.WarmUp: 40 * time.Second})},
			Expectations{milestone.Restore: minutes(7, 20), milestone.WarmUp: measured(30*time.Second, time.Minute, 1)},
		},
		{
			"a step of no time is known to take none",
			[]Run{run(0, map[milestone.ID]time.Duration{milestone.Weights: 0})},
			Expectations{milestone.Restore: minutes(7, 20), milestone.Weights: measured(0, time.Second, 1)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Merge(profile, tt.history)); diff != "" {
				t.Errorf("expectations (-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(Expectations{milestone.Restore: minutes(7, 20)}, profile); diff != "" {
		t.Errorf("the profile's expectations were changed (-want +got):\n%s", diff)
	}
}

func TestRunOf(t *testing.T) {
	t.Parallel()
	ready := reached(milestone.Ready, 30)
	last := &ready[len(ready)-1]
	last.State, last.Finished = milestone.Done, at(31)

	if _, ok := RunOf(reached(milestone.Ready, 30), "r1"); ok {
		t.Error("a group that is not ready has a run")
	}
	if _, ok := RunOf(nil, "r1"); ok {
		t.Error("no milestones are a run")
	}
	got, ok := RunOf(ready, "r1")
	if !ok {
		t.Fatal("a group that is ready has no run")
	}
	if !got.Started.Equal(at(15)) || got.Revision != "r1" || len(got.Steps) != len(order)-2 {
		t.Errorf("a run of %d steps since %v, revision %s", len(got.Steps), got.Started, got.Revision)
	}
	if restore, load := got.Steps[milestone.Restore], got.Steps[milestone.Serving]; restore != time.Minute || load != 13*time.Minute {
		t.Errorf("the restore took %v, the whole load %v", restore, load)
	}

	for i := range ready {
		m := &ready[i]
		switch m.ID {
		case milestone.Workers:
			m.Implied, m.Started, m.Finished = true, time.Time{}, time.Time{}
		case milestone.WarmUp:
			m.Short = true
		case milestone.Restore:
			m.Started = m.Finished.Add(-24 * time.Hour)
		default:
		}
	}
	got, ok = RunOf(ready, "r1")
	for _, id := range []milestone.ID{milestone.Workers, milestone.WarmUp, milestone.Restore, milestone.Applied, milestone.Scheduled} {
		if took, there := got.Steps[id]; there || !ok {
			t.Errorf("%s is remembered with %v", id, took)
		}
	}
}

func TestRunsOfAnotherModelDoNotCount(t *testing.T) {
	t.Parallel()
	history := []Run{
		{Revision: "a", Profile: "llama-405b", Checkpoint: "gs://m/int8"},
		{Revision: "b", Profile: "llama-70b", Checkpoint: "gs://m/int8"},
		{Revision: "c", Profile: "llama-405b", Checkpoint: "gs://m/bf16"},
		{Revision: "d", Profile: "llama-405b"},
		{Revision: "e"},
		{Revision: "f", Checkpoint: "gs://m/int8"},
	}
	for _, tt := range []struct{ name, profile, checkpoint, want string }{
		{"the same profile and checkpoint count, and what may be the same", "llama-405b", "gs://m/int8", "ad"},
		{"a slash at the end makes no other checkpoint", "llama-405b", "gs://m/int8/", "ad"},
		{"without a checkpoint the profile decides", "llama-405b", "", "acd"},
		{"what was made by hand is told by its checkpoint alone", "", "gs://m/int8", "f"},
		{"of what nothing is known, nothing is the same", "", "", ""},
		{"a model that never ran has none", "gemma", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			for _, r := range RunsOf(history, tt.profile, tt.checkpoint) {
				got += r.Revision
			}
			if got != tt.want {
				t.Errorf("runs %q, want %q", got, tt.want)
			}
		})
	}
}

func TestARunBeginsWithItsLeader(t *testing.T) {
	t.Parallel()
	leader := at(0)
	done := func(id milestone.ID, from, to float64) milestone.Milestone {
		return milestone.Milestone{ID: id, State: milestone.Done, Started: at(from), Finished: at(to)}
	}
	rest := []milestone.Milestone{
		done(milestone.Scheduled, 0, 12), done(milestone.Images, 12, 13),
		done(milestone.Process, -0.1, 14), // a node whose clock is late
		done(milestone.Ready, 14, 15),
	}
	want := Run{Started: leader, Revision: "r1", Steps: map[milestone.ID]time.Duration{
		milestone.Images: time.Minute, milestone.Process: 14*time.Minute + 6*time.Second, milestone.Ready: time.Minute,
	}}
	for name, applied := range map[string]milestone.Milestone{
		"as one process tells it, from the LeaderWorkerSet on": done(milestone.Applied, -4, 0),
		"as another tells it, from the leader on":              done(milestone.Applied, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := RunOf(append([]milestone.Milestone{applied}, rest...), "r1")
			if !ok {
				t.Fatal("a group that is ready has no run")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("run (-want +got):\n%s", diff)
			}
		})
	}
}
