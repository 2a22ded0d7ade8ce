package forecast

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

const (
	// remembered is how many of the latest runs count: enough to show how much
	// they differ, few enough to follow a bucket that was moved.
	remembered = 5
	// longestStep bounds what is part of a start: the start-up probes give up
	// after about three hours, so a longer wait was one for free machines, or
	// for somebody to come and look.
	longestStep = 3 * time.Hour
	// smallest is the least that a measured range allows for: log lines and
	// conditions are seconds apart for reasons of their own.
	smallest = time.Second
)

// Merge returns what is expected of a deployment with the given runs, in any
// order: the runs say it where they tell of a milestone, the profile elsewhere.
//
// A measured range spans the durations of the latest runs and some more, since
// few runs do not show the extremes: one run allows for three quarters to one
// and a half times its duration, several for a tenth less than the shortest to
// a fifth more than the longest.
func Merge(profile Expectations, history []Run) Expectations {
	merged := Expectations{}
	for id, r := range profile {
		merged[id] = r
	}
	latest := slices.SortedFunc(slices.Values(history), func(a, b Run) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(a.Revision, b.Revision))
	})
	measured := map[milestone.ID][]time.Duration{}
	for _, run := range latest[:min(len(latest), remembered)] {
		for id, took := range run.Steps {
			measured[id] = append(measured[id], took)
		}
	}
	for id, took := range measured {
		merged[id] = widened(took)
	}
	return merged
}

func widened(took []time.Duration) Range {
	low, high := slices.Min(took), slices.Max(took)
	if len(took) == 1 {
		low, high = low*3/4, high*3/2
	} else {
		low, high = low*9/10, high*6/5
	}
	return Range{Min: low, Max: max(high, smallest), Basis: FromHistory, Runs: len(took)}
}

// RunOf returns the start-up that the milestones of a group tell of, if it has
// reached Ready. Milestones that were only implied have no duration, nor has a
// warm-up that left programs out.
func RunOf(ms []milestone.Milestone, revision string) (Run, bool) {
	run := Run{Revision: revision, Steps: map[milestone.ID]time.Duration{}}
	ready := false
	for _, m := range ms {
		if m.State != milestone.Done || m.Implied || m.Started.IsZero() || m.Finished.IsZero() || m.Short {
			continue
		}
		if run.Started.IsZero() || m.Started.Before(run.Started) {
			run.Started = m.Started
		}
		ready = ready || m.ID == milestone.Ready
		from := m.Started
		if m.ID == milestone.Serving {
			from = loadBegin(ms)
		}
		if took := m.Finished.Sub(from); !from.IsZero() && took >= 0 && took <= longestStep {
			run.Steps[m.ID] = took
		}
	}
	return run, ready
}
