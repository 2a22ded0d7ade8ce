package logstore

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

func startUp(hour int) forecast.Run {
	return forecast.Run{
		Started: begin.Add(time.Duration(hour) * time.Hour), Revision: "r1",
		Steps: map[milestone.ID]time.Duration{milestone.Restore: time.Duration(hour) * time.Minute},
	}
}

func TestTheLatestStartUpsAreRemembered(t *testing.T) {
	t.Parallel()
	d := open(t, t.TempDir(), Limits{}).Deployment(testKey)
	if runs, err := d.Runs(); len(runs) != 0 || err != nil {
		t.Errorf("before any, %v, %v", runs, err)
	}
	var want []forecast.Run
	for hour := range keptRuns + 5 {
		if err := d.RecordRun(startUp(hour)); err != nil {
			t.Fatal(err)
		}
		want = append(want, startUp(hour))
	}
	// Told again, with more known.
	again := startUp(keptRuns)
	again.Steps[milestone.Weights] = time.Minute
	want[keptRuns] = again
	if err := d.RecordRun(again); err != nil {
		t.Fatal(err)
	}
	got, err := d.Runs()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[5:], got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestAStartUpIsKnownByItsLeader(t *testing.T) {
	t.Parallel()
	of := func(leader string, hour int) forecast.Run {
		run := startUp(hour)
		run.Leader, run.Profile = leader, "llama"
		return run
	}
	moved := of("a", 1)
	moved.Started = moved.Started.Add(-time.Minute)
	tests := []struct {
		name       string
		told, want []forecast.Run
	}{
		{"groups that begin at once are two", []forecast.Run{of("a", 1), of("b", 1)}, []forecast.Run{of("a", 1), of("b", 1)}},
		{"a leader has one, also where its begin is told otherwise", []forecast.Run{moved, of("a", 1)}, []forecast.Run{of("a", 1)}},
		{"where no leader was recorded, the begin decides", []forecast.Run{startUp(1), of("a", 1)}, []forecast.Run{of("a", 1)}},
		{"other start-ups stay", []forecast.Run{of("a", 1), startUp(2), of("c", 3)}, []forecast.Run{of("a", 1), startUp(2), of("c", 3)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, t.TempDir(), Limits{}).Deployment(testKey)
			for _, run := range tt.told {
				if err := d.RecordRun(run); err != nil {
					t.Fatal(err)
				}
			}
			got, err := d.Runs()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAHistoryThatKnowsNoModelsIsRead(t *testing.T) {
	t.Parallel()
	d := open(t, t.TempDir(), Limits{}).Deployment(testKey)
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := `{"version":1,"runs":[{"started":"2026-03-01T13:00:00Z","revision":"r1","steps":{"restore":60000000000}}]}`
	if err := os.WriteFile(filepath.Join(d.dir, historyFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := d.Runs()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]forecast.Run{startUp(1)}, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestProcessesRecordStartUpsAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for hour := range 10 {
		d := open(t, dir, Limits{}).Deployment(testKey)
		all.Go(func() {
			if err := d.RecordRun(startUp(hour)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	runs, err := open(t, dir, Limits{}).Deployment(testKey).Runs()
	if len(runs) != 10 || err != nil {
		t.Errorf("%d start-ups, %v", len(runs), err)
	}
}

func TestADamagedHistoryIsToldAndBegunAnew(t *testing.T) {
	t.Parallel()
	d := open(t, t.TempDir(), Limits{}).Deployment(testKey)
	for _, text := range []string{"", "{", `{"version":2,"runs":[]}`} {
		if err := os.MkdirAll(d.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(d.dir, historyFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Runs(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v", text, err)
		}
		if err := d.RecordRun(startUp(1)); err != nil {
			t.Fatal(err)
		}
		runs, err := d.Runs()
		if len(runs) != 1 || err != nil {
			t.Errorf("%q: afterwards %v, %v", text, runs, err)
		}
	}
	files, err := os.ReadDir(d.dir)
	if err != nil || len(files) != 2 {
		t.Errorf("left behind are %v, %v", files, err)
	}
}
