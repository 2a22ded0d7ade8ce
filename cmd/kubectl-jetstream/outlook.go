package main

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// outlook is what a person waits for: the step in progress, and when the model
// can answer.
type outlook struct {
	forecast.Forecast

	step forecast.Step
}

// outlookOf is that of the group which the deployment's phase is about; ok is
// false where no group is on its way, and where waiting leads nowhere.
func outlookOf(s status.Snapshot, e forecast.Expectations, now time.Time) (out outlook, ok bool) {
	if s.Phase == status.Failed || s.Phase == status.Terminating {
		return outlook{}, false
	}
	for _, g := range s.Groups {
		f := forecast.Of(g.Milestones, e, now)
		step, under := f.Current()
		if under && (!ok || g.Phase == s.Phase) {
			out, ok = outlook{f, step}, true
			if g.Phase == s.Phase {
				break
			}
		}
	}
	return out, ok
}

// took is for how long the step runs, and should: "6m12s of 10–20m", with a
// word before the range.
func (o outlook) took(word string) string {
	text := forecast.Clock(o.step.Elapsed)
	if o.step.Expected.Known() {
		text += " of " + word + o.step.Expected.String()
	}
	return text
}

// readyText says when the model can probably answer, behind something else and
// a separator; nothing where that is not known.
func (o outlook) readyText(separator string, now time.Time) string {
	if at := o.ReadyText(now); at != "" {
		return separator + "ready ≈ " + at
	}
	return ""
}
