package main

import (
	"fmt"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// stall is a step of a group that runs longer than is plausible. That alone
// does not show that something is wrong.
type stall struct {
	group status.Group
	step  forecast.Step
}

func (s stall) key() stallKey {
	key := stallKey{group: s.group.Index, stepKey: stepKey{id: s.step.ID}}
	if s.group.Leader != nil {
		key.leader = s.group.Leader.UID
	}
	return key
}

// stallKey names the group as well, since what stalls may be that it has no
// leader.
type stallKey struct {
	stepKey

	group int
}

// newStalls returns the steps that stall and were not told of. A group that
// cannot come up has findings, which say more than that it does not.
func (p *progress) newStalls(s status.Snapshot, now time.Time) []stall {
	var out []stall
	for _, g := range s.Groups {
		if g.Phase == status.Failed {
			continue
		}
		for _, step := range forecast.Of(g.Milestones, p.expected, now).Steps {
			if found := (stall{g, step}); step.Stalled && !p.stalled[found.key()] {
				out = append(out, found)
			}
		}
	}
	return out
}

// tellStall tells of a step that stalls, with what to check; it is not new
// any more.
func (p *progress) tellStall(found stall, several bool, now time.Time) event {
	p.stalled[found.key()] = true
	g, step := found.group, found.step
	e := event{
		Time: now, Type: eventNotice, Object: p.object, Container: step.Container,
		Message: ofGroup(several, g.Index) + stallText(step),
		Data: stallData{
			ID: string(step.ID), Group: g.Index, Seconds: seconds(step.Elapsed),
			Expected: expectedDataOf(step.Expected), Hint: step.Hint,
		},
	}
	if g.Leader != nil {
		e.Object = "pod/" + g.Leader.Name
	}
	return e
}

// stallText says that a step takes too long, and what to check.
func stallText(step forecast.Step) string {
	text := fmt.Sprintf("%s takes longer than is plausible: %s", step.Label(), forecast.Clock(step.Elapsed))
	if step.Expected.Known() {
		text += " of an expected " + step.Expected.String()
	}
	return text + "; " + step.Hint
}
