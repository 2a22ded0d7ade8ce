package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// milestones tells of the steps of a group's start-up that began, advanced
// or ended. A step that a later one implies is not told, nor is one that is
// only waited for: nothing said so. Of what happened before the command began
// only the step that goes on is told.
func (p *progress) milestones(s status.Snapshot, g status.Group) []event {
	if g.Leader == nil {
		return nil
	}
	var out []event
	for _, m := range forecast.Of(g.Milestones, p.expected, s.ObservedAt).Steps {
		key := stepKey{g.Leader.UID, m.ID}
		was := p.steps[key]
		is := toldStep{state: m.State, count: m.Count, implied: m.Implied}
		if m.Awaited {
			is.state = milestone.Pending
		}
		p.steps[key] = is
		if m.Implied || is.state == milestone.Pending || was == is || !p.told && m.Finished.IsZero() || (m.State == milestone.Done && p.isHistory(finishedBy(m))) {
			continue
		}
		out = append(out, event{
			Type: eventMilestone, Object: "pod/" + g.Leader.Name, Container: m.Container,
			Message: p.milestoneText(m, was, len(s.Groups) > 1, g.Index),
			Data:    milestoneDataOf(m, g.Index),
			quiet:   toldOtherwise(m.ID),
		})
	}
	return out
}

// toldOtherwise says whether people read of a milestone in another event: the
// objects as they are applied, and the phases of the same names.
func toldOtherwise(id milestone.ID) bool {
	return id == milestone.Applied || id == milestone.Serving || id == milestone.Ready
}

// isHistory says whether something happened before the command began.
func (p *progress) isHistory(at time.Time) bool { return !at.IsZero() && at.Before(p.begun) }

// finishedBy is when a step was done at the latest: objects carry whole seconds.
func finishedBy(m forecast.Step) time.Time {
	if m.Container == "" && !m.Finished.IsZero() {
		return m.Finished.Add(time.Second)
	}
	return m.Finished
}

// milestoneText says what happened to a step. What the objects tell of has a
// title that says so by itself: "scheduled".
func (p *progress) milestoneText(m forecast.Step, was toldStep, several bool, group int) string {
	words := []string{ofGroup(several, group) + m.Title}
	switch {
	case m.State == milestone.Done && m.Container == "":
	case m.State == milestone.Done:
		words[0] += " done"
	case was.state != milestone.Active && p.isHistory(m.Started):
		words[0] += " since " + m.Started.Local().Format(time.TimeOnly)
	case was.state != milestone.Active:
		words[0] += " started"
	}
	if m.Of > 0 {
		words = append(words, fmt.Sprintf("%d/%d", m.Count, m.Of))
	}
	if m.Detail != "" && was.state != milestone.Active {
		words = append(words, m.Detail)
	}
	switch {
	case m.State == milestone.Done && m.Elapsed >= time.Second/2:
		words = append(words, forecast.Clock(m.Elapsed))
	case m.State == milestone.Active && was.state != milestone.Active && m.Expected.Known():
		words = append(words, "(expected "+m.Expected.String()+")")
	}
	if m.Short {
		words = append(words, "(parts are missing)")
	}
	return strings.Join(words, "  ")
}

// ofGroup says in front of a step which group it is of, where there are several.
func ofGroup(several bool, group int) string {
	if !several {
		return ""
	}
	return fmt.Sprintf("group %d: ", group)
}

func milestoneDataOf(m forecast.Step, group int) milestoneData {
	d := milestoneData{
		ID: string(m.ID), State: string(m.State), Group: group,
		Count: m.Count, Of: m.Of, Detail: m.Detail, Expected: expectedDataOf(m.Expected),
	}
	if m.State == milestone.Done {
		d.Seconds = seconds(m.Elapsed)
	}
	return d
}

func expectedDataOf(r forecast.Range) *expectedData {
	if !r.Known() {
		return nil
	}
	return &expectedData{MinSeconds: seconds(r.Min), MaxSeconds: seconds(r.Max), Basis: string(r.Basis)}
}
