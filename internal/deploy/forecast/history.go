package forecast

import (
	"cmp"
	"slices"
	"strings"
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

// RunsOf keeps the runs of one model. What another one took under the same name
// says nothing about this, nor does a run of which it is not known.
func RunsOf(history []Run, profile, checkpoint string) []Run {
	return slices.DeleteFunc(slices.Clone(history), func(r Run) bool { return !r.of(profile, checkpoint) })
}

// of reports whether a run was one of the profile and, where it is known of both,
// of the checkpoint. Without a profile the checkpoint has to tell.
func (r Run) of(profile, checkpoint string) bool {
	was, is := strings.TrimRight(r.Checkpoint, "/"), strings.TrimRight(checkpoint, "/")
	switch {
	case r.Profile != profile:
		return false
	case was == "" || is == "":
		return profile != ""
	default:
		return was == is
	}
}

// RunOf returns the start-up that the milestones of a group tell of, if it has
// reached Ready. Milestones that were only implied have no duration, nor has a
// warm-up that left programs out.
//
// Two are left out, since they do not tell what a start-up takes. Applied
// belongs to the LeaderWorkerSet as much as to the group. Scheduled depends on
// whether nodes are free or people have yet to make them: the moment that it
// takes a restart on its own nodes would make a stall of every node that has
// to be created.
func RunOf(ms []milestone.Milestone, revision string) (Run, bool) {
	run := Run{Revision: revision, Steps: map[milestone.ID]time.Duration{}}
	ready := false
	for _, m := range ms {
		if m.State != milestone.Done || m.Implied || m.Started.IsZero() || m.Finished.IsZero() || m.Short {
			continue
		}
		from := m.Started
		switch m.ID {
		case milestone.Applied:
			run.Started = m.Finished // which is when the leader was created
			continue
		case milestone.Scheduled:
			continue
		case milestone.Serving:
			from = loadBegin(ms)
		case milestone.Ready:
			ready = true
		default:
		}
		if took := m.Finished.Sub(from); !from.IsZero() && took >= 0 && took <= longestStep {
			run.Steps[m.ID] = took
		}
	}
	return run, ready && !run.Started.IsZero()
}
