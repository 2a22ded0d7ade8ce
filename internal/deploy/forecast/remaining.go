package forecast

import (
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// path lists the milestones that follow one another until the model can
// answer. The others run beside them, and what waits for them takes as long.
func path() []milestone.ID {
	return []milestone.ID{
		milestone.Applied, milestone.Scheduled, milestone.Images,
		milestone.Process, milestone.Backend, milestone.Mesh, milestone.Restore,
		milestone.Weights, milestone.WarmUp, milestone.Driver, milestone.Server,
	}
}

// decisive reports whether a milestone takes minutes, so that no estimate is
// worth anything that leaves it out. The others take seconds, or are not always
// there.
func decisive(id milestone.ID) bool {
	return id == milestone.Scheduled || id == milestone.Images || id == milestone.Restore
}

// remaining is how long it takes from now until the model can answer. It is
// not known when a step has outlasted what was expected of it: it may end at
// any time.
func remaining(steps []Step, e Expectations, now time.Time) Range {
	byID := map[milestone.ID]Step{}
	for _, s := range steps {
		byID[s.ID] = s
	}
	serving, there := byID[milestone.Serving]
	if !there || serving.State == milestone.Done || byID[milestone.Server].State == milestone.Done {
		return Range{}
	}
	ahead := unfinished(byID)
	left, known := sum(ahead)
	if known {
		return left
	}
	whole := e[milestone.Serving]
	if !whole.Known() {
		return Range{}
	}
	images := byID[milestone.Images]
	if images.State == milestone.Done {
		if images.Finished.IsZero() {
			return Range{}
		}
		left, _ := rest(whole, max(now.Sub(images.Finished), 0))
		return left
	}
	// The load has not begun: what comes before it is added.
	var before []Step
	for _, s := range ahead {
		if s.ID == milestone.Applied || s.ID == milestone.Scheduled || s.ID == milestone.Images {
			before = append(before, s)
		}
	}
	left, known = sum(before)
	if !known {
		return Range{}
	}
	return Range{Min: left.Min + whole.Min, Max: left.Max + whole.Max}
}

// unfinished returns the steps of the path from the furthest that has begun.
// Pods that have no node or no image yet hold up what has begun in others, so
// they stay among them.
func unfinished(byID map[milestone.ID]Step) []Step {
	var ahead []Step
	for _, id := range path() {
		s, there := byID[id]
		switch {
		case !there:
		case s.State == milestone.Done:
			ahead = slices.DeleteFunc(ahead, passed)
		case s.State == milestone.Active:
			ahead = append(slices.DeleteFunc(ahead, passed), s)
		default:
			ahead = append(ahead, s)
		}
	}
	return ahead
}

// passed reports whether a step is over, or of no account, once a later one has
// begun.
func passed(s Step) bool {
	return s.State != milestone.Active || s.ID != milestone.Scheduled && s.ID != milestone.Images
}

// sum adds up what is left of steps that follow one another. It is not known
// when nothing is known of a decisive one or of any, or when one has outlasted
// its range.
func sum(steps []Step) (left Range, known bool) {
	for _, s := range steps {
		if !s.Expected.Known() {
			if decisive(s.ID) {
				return Range{}, false
			}
			continue
		}
		r, ok := rest(s.Expected, s.Elapsed)
		if !ok {
			return Range{}, false
		}
		left.Min, left.Max, known = left.Min+r.Min, left.Max+r.Max, true
	}
	return left, known
}

// rest is what is left of a range after some time; false when nothing is.
func rest(r Range, elapsed time.Duration) (Range, bool) {
	if elapsed > r.Max {
		return Range{}, false
	}
	return Range{Min: max(r.Min-elapsed, 0), Max: r.Max - elapsed}, true
}
