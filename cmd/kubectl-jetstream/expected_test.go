package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// A name that is no milestone's would be expected of nothing, silently.
func TestProfilesExpectSomethingOfMilestonesOnly(t *testing.T) {
	t.Parallel()
	known := map[milestone.ID]bool{}
	for _, m := range milestone.Compose(milestone.Facts{}, milestone.NewTracker(milestone.Plan{Buckets: 1}).Milestones()) {
		known[m.ID] = true
	}
	profiles, err := deploy.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		expected := expectedRanges(p)
		if len(expected) == 0 {
			t.Errorf("profile %s expects nothing", p.Name)
		}
		for id, r := range expected {
			if !known[id] || !r.Known() || r.Basis != forecast.FromProfile || p.Expected[string(id)].Source == "" {
				t.Errorf("profile %s expects %s of %q by %s, source %q", p.Name, r, id, r.Basis, p.Expected[string(id)].Source)
			}
		}
	}
}

func TestWhatIsExpectedIsThatOfTheProfile(t *testing.T) {
	t.Parallel()
	want := forecast.Expectations{milestone.Restore: {Min: 7 * time.Minute, Max: 20 * time.Minute, Basis: forecast.FromProfile}}
	const profile = "llama-3.1-405b-v6e-4x4"
	if diff := cmp.Diff(want, expectedOf(profile)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, unknown := range []string{"", "no-such-profile"} {
		if got := expectedOf(unknown); len(got) > 0 {
			t.Errorf("profile %q expects %v", unknown, got)
		}
	}
	// A command that does not know the profile learns it from the deployment.
	p := newProgress(testObject, statusNow, nil)
	p.observe(status.Snapshot{Phase: status.Pending})
	p.observe(status.Snapshot{Phase: status.Pending, Profile: profile})
	if diff := cmp.Diff(want, p.expected); diff != "" {
		t.Errorf("learnt from the deployment (-want +got):\n%s", diff)
	}
}
