package main

import (
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

func TestTheOutlookIsThatOfTheGroupThatThePhaseIsAbout(t *testing.T) {
	t.Parallel()
	group := func(phase status.Phase, id milestone.ID, state milestone.State) status.Group {
		return status.Group{Phase: phase, Milestones: []milestone.Milestone{{ID: id, State: state, Started: statusNow}}}
	}
	waiting := group(status.Pending, milestone.Scheduled, milestone.Active)
	loading := group(status.Loading, milestone.Restore, milestone.Active)
	ready := group(status.Ready, milestone.Ready, milestone.Done)
	tests := []struct {
		name   string
		phase  status.Phase
		groups []status.Group
		want   milestone.ID
	}{
		{"of two groups that are on their way the further", status.Loading, []status.Group{waiting, loading}, milestone.Restore},
		{"behind a group that serves the one that does not", status.Serving, []status.Group{ready, waiting, loading}, milestone.Scheduled},
		{"of groups that are ready none", status.Ready, []status.Group{ready, ready}, ""},
		{"of no group none", status.NotFound, nil, ""},
		{"of a start-up that failed none, whatever a group does", status.Failed, []status.Group{group(status.Failed, milestone.Restore, milestone.Active), loading}, ""},
		{"of what is being deleted none", status.Terminating, []status.Group{loading}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, ok := outlookOf(status.Snapshot{Phase: tt.phase, Groups: tt.groups}, nil, statusNow)
			if out.step.ID != tt.want || ok != (tt.want != "") {
				t.Errorf("waiting for %q (%t), want %q", out.step.ID, ok, tt.want)
			}
		})
	}
}
