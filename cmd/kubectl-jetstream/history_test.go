package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// readyAt is a group whose leader was created then and restored for some time.
func readyAt(leader string, created time.Time, restore time.Duration) status.Group {
	done := func(id milestone.ID, from, to time.Time) milestone.Milestone {
		return milestone.Milestone{ID: id, State: milestone.Done, Started: from, Finished: to}
	}
	end := created.Add(restore)
	return status.Group{
		Phase: status.Ready, Revision: "r1", Leader: &status.Pod{UID: leader},
		Milestones: []milestone.Milestone{
			done(milestone.Applied, created, created), done(milestone.Restore, created, end), done(milestone.Ready, end, end),
		},
	}
}

func TestAnotherModelUnderTheSameNameExpectsNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	store, err := logstore.Open(t.TempDir(), logstore.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	kept := store.Deployment(logstore.Key{Cluster: "https://203.0.113.1", Namespace: "ns", Name: "llama"})
	s := &sight{kept: &keptLogs{store: store, Deployment: kept}}
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	large := status.Snapshot{Profile: "llama-3.1-405b-v6e-4x4", Checkpoint: "gs://m/405b", Groups: []status.Group{readyAt("a", begin, 30*time.Minute)}}
	small := status.Snapshot{Profile: "llama-2-70b-v6e-2x4-disagg", Checkpoint: "gs://m/70b"}
	for range 2 { // two processes see it
		(&history{kept: kept}).see(large)
	}

	got, last := s.expect(large)
	want := forecast.Range{Min: 22*time.Minute + 30*time.Second, Max: 45 * time.Minute, Basis: forecast.FromHistory, Runs: 1}
	if diff := cmp.Diff(want, got[milestone.Restore]); diff != "" || last[milestone.Restore] != 30*time.Minute {
		t.Errorf("the same model restored in %v last time; it expects (-want +got):\n%s", last[milestone.Restore], diff)
	}
	got, last = s.expect(small)
	if diff := cmp.Diff(expectedOf(small.Profile), got); diff != "" || len(last) > 0 {
		t.Errorf("another model has a last run %v; it expects (-want +got):\n%s", last, diff)
	}
}
