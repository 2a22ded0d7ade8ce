package main

import (
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// history puts complete start-ups on record, each once.
type history struct {
	kept     *logstore.Deployment
	recorded map[string]bool // by the leader's UID
}

// see looks for a group that has become ready. What cannot be recorded is left
// out: it only makes later estimates coarser.
func (h *history) see(s status.Snapshot) {
	for _, g := range s.Groups {
		if g.Phase != status.Ready || g.Leader == nil || h.recorded[g.Leader.UID] {
			continue
		}
		run, ok := forecast.RunOf(g.Milestones, g.Revision)
		if !ok {
			continue
		}
		if h.recorded == nil {
			h.recorded = map[string]bool{}
		}
		h.recorded[g.Leader.UID] = true
		run.Leader, run.Profile, run.Checkpoint = g.Leader.UID, s.Profile, s.Checkpoint
		_ = h.kept.RecordRun(run)
	}
}

// expect is how long the steps of a start-up of this deployment take: what its
// profile documents, and what earlier start-ups took here.
func (s *sight) expect(snapshot status.Snapshot) (forecast.Expectations, tui.Last) {
	runs := s.runs(snapshot.Profile, snapshot.Checkpoint)
	var last tui.Last
	if len(runs) > 0 {
		last = runs[len(runs)-1].Steps
	}
	return forecast.Merge(expectedOf(snapshot.Profile), runs), last
}

// runs are the earlier start-ups of what is deployed now, the oldest first. A
// history that cannot be read is none.
func (s *sight) runs(profile, checkpoint string) []forecast.Run {
	runs, err := s.kept.kept().Runs()
	if err != nil {
		return nil
	}
	return forecast.RunsOf(runs, profile, checkpoint)
}
