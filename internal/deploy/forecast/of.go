package forecast

import (
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// Of lays expectations over the milestones of one group.
func Of(ms []milestone.Milestone, e Expectations, now time.Time) Forecast {
	var f Forecast
	for _, m := range ms {
		f.Steps = append(f.Steps, stepOf(m, ms, e, now))
	}
	excuse(f.Steps)
	left := remaining(f.Steps, e, now)
	if left.Known() {
		f.ReadyEarliest, f.ReadyLatest = now.Add(left.Min), now.Add(left.Max)
	}
	return f
}

// Current is the step that a person waits for: the furthest one in progress.
func (f Forecast) Current() (Step, bool) {
	for _, s := range slices.Backward(f.Steps) {
		if s.State == milestone.Active {
			return s, true
		}
	}
	return Step{}, false
}

func stepOf(m milestone.Milestone, ms []milestone.Milestone, e Expectations, now time.Time) Step {
	s := Step{Milestone: m, Expected: e[m.ID]}
	patience := patienceWith(m.ID)
	if m.ID == milestone.Serving {
		if m.Started.Equal(loadBegin(ms)) {
			patience = loadPatience()
		} else {
			s.Expected = Range{} // it waits for the last moments of the load only
		}
	}
	switch {
	case m.Started.IsZero():
	case m.State == milestone.Active:
		s.Elapsed = max(now.Sub(m.Started), 0)
	case m.State == milestone.Done && !m.Finished.IsZero():
		s.Elapsed = max(m.Finished.Sub(m.Started), 0)
	}
	if m.State == milestone.Active && patience.exceeds(s.Elapsed, s.Expected) {
		s.Stalled, s.Hint = true, patience.hint
	}
	return s
}

// excuse takes the warning from steps that are only waited for although a later
// one is known to have come: then it is more likely that the image does not
// print the line.
func excuse(steps []Step) {
	passed := false
	for i := range slices.Backward(steps) {
		s := &steps[i]
		if passed && s.Awaited && s.Container != "" {
			s.Stalled, s.Hint = false, ""
		}
		passed = passed || s.State != milestone.Pending && !s.Awaited && !s.Implied
	}
}

// loadBegin is when the load of the model began: the end of pulling images;
// zero where it has not.
func loadBegin(ms []milestone.Milestone) time.Time {
	i := slices.IndexFunc(ms, func(m milestone.Milestone) bool { return m.ID == milestone.Images })
	if i < 0 || ms[i].State != milestone.Done {
		return time.Time{}
	}
	return ms[i].Finished
}
