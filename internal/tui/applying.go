package tui

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// applying is how far a deployment that this program applies has come: the
// first milestones, before there is anything to observe.
type applying struct {
	begun   time.Time
	running bool
	failed  bool
	done    []applied
	events  <-chan DeployEvent
	// lines are all that happened.
	lines []DeployEvent
}

// applied is a step of applying with its times.
type applied struct {
	id         milestone.ID
	begun, end time.Time // end is zero while it goes on
}

// happened takes an event.
func (a *applying) happened(e DeployEvent) {
	if e.Message != "" {
		a.lines = append(a.lines, e)
	}
	if e.Step != "" && (len(a.done) == 0 || a.done[len(a.done)-1].id != e.Step) {
		a.end(e.Time)
		a.done = append(a.done, applied{id: e.Step, begun: e.Time})
	}
	if e.Done {
		a.running, a.failed = false, e.Err != nil
		a.end(e.Time)
	}
}

func (a *applying) end(at time.Time) {
	if n := len(a.done); n > 0 && a.done[n-1].end.IsZero() {
		a.done[n-1].end = at
	}
}

// steps are the steps as the timeline shows them. The last one is left out
// once the observed objects themselves tell of it.
func (a *applying) steps(now time.Time, observed bool) []forecast.Step {
	if a.begun.IsZero() {
		return nil
	}
	var out []forecast.Step
	for _, id := range []milestone.ID{StepLWS, StepWebhook, StepApply} {
		step := forecast.Step{Milestone: milestone.Milestone{ID: id, Title: stepTitle(id), State: milestone.Pending}}
		for _, d := range a.done {
			if d.id != id {
				continue
			}
			step.State, step.Started, step.Elapsed = milestone.Active, d.begun, now.Sub(d.begun)
			// That objects are applied is told by the group's own milestones, as
			// soon as the controller has begun on them.
			switch {
			case d.end.IsZero():
			case a.failed && d.id == a.done[len(a.done)-1].id:
				step.Title += " failed"
				step.Elapsed = d.end.Sub(d.begun)
			case id != StepApply:
				step.State, step.Finished, step.Elapsed = milestone.Done, d.end, d.end.Sub(d.begun)
			}
		}
		if id == StepApply && observed {
			continue
		}
		out = append(out, step)
	}
	return out
}

func stepTitle(id milestone.ID) string {
	switch id {
	case StepLWS:
		return "LeaderWorkerSet"
	case StepWebhook:
		return "webhook"
	default:
		return "applied"
	}
}
