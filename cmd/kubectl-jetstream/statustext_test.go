package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

var statusNow = time.Date(2026, 3, 2, 14, 46, 7, 0, time.UTC)

func loadingSnapshot() status.Snapshot {
	created := statusNow.Add(-8 * time.Minute)
	worker := func(i int, name string) status.Pod {
		return status.Pod{
			Name: name, Index: i, Status: "Running", ReadyContainers: 1, TotalContainers: 1, Ready: true,
			Created: created, Node: "gke-tpu-multihost-np-1c9d", NodePool: "multihost-np", IP: "10.0.0.2", Revision: "5d8f",
			Containers: []status.Container{{Name: "worker", State: status.Running, Ready: true}},
		}
	}
	return status.Snapshot{
		Namespace: "default", Name: "jetstream-pathways", Profile: "llama-3.1-405b-v6e-4x4",
		Phase: status.Loading, Cause: "restore (gs://models/llama-3.1-405b/int8)", Since: created.Add(65 * time.Second),
		Desired: 3, Created: 3, Ready: 2, ObservedAt: statusNow,
		Groups: []status.Group{{
			Phase: status.Loading, Desired: 3, Created: 3, Ready: 2,
			Leader: &status.Pod{
				Name: "jetstream-pathways-0", Status: "Running", ReadyContainers: 3, TotalContainers: 4, Created: created,
				Node: "gke-tpu-multihost-np-7f2a", NodePool: "multihost-np", IP: "10.0.0.1", Revision: "5d8f", Restarts: 1, LastRestart: created.Add(time.Minute),
				Containers: []status.Container{
					{Name: "pathways-rm", State: status.Running, Ready: true},
					{Name: "jax-tpu", State: status.Running, Restarts: 1},
				},
			},
			Workers: []status.Pod{worker(1, "jetstream-pathways-0-1"), worker(2, "jetstream-pathways-0-2")},
			Milestones: []milestone.Milestone{
				{ID: milestone.Restore, Title: "restore", Container: "jax-tpu", State: milestone.Active, Started: statusNow.Add(-372 * time.Second)},
			},
		}},
	}
}

// startedSnapshot is a group whose containers have run for some time, and whose
// model server wrote a line a while after its start.
func startedSnapshot(since, after time.Duration, line string) status.Snapshot {
	s := loadingSnapshot()
	s.Cause = "restore (gs://models/int8)"
	begun := statusNow.Add(-since)
	tracker := milestone.NewTracker(milestone.Plan{Workers: 2, Slices: 1, Engines: 1, Buckets: 7})
	tracker.Follow(milestone.Line{Container: "jax-tpu", Time: begun.Add(after), Text: line})
	pods := milestone.Parts{Count: 3, Last: begun}
	s.Groups[0].Milestones = milestone.Compose(milestone.Facts{
		Begun: begun, Leader: begun, Pods: 3, Scheduled: pods, Running: pods,
		Containers: map[string]time.Time{"jax-tpu": begun},
	}, tracker.Milestones())
	return s
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	expected := forecast.Expectations{milestone.Restore: {Min: 7 * time.Minute, Max: 20 * time.Minute}}
	failed := loadingSnapshot()
	failed.Phase, failed.Cause = status.Failed, "the checkpoint gs://models/int9 was not found"
	failed.DisconnectedSince = statusNow.Add(-10 * time.Second)
	failed.Findings = []status.Finding{{
		Summary: "the checkpoint gs://models/int9 was not found", Cause: "the path is wrong", Remedy: "pass the right one",
		Pod: "jetstream-pathways-0", Container: "jax-tpu", Fatal: true,
		Evidence: []string{"FileNotFoundError: Checkpoint at gs://models/int9\x1b[31m not found", "a second line"},
	}}
	failed.Notes = []status.Note{{Topic: status.TopicNodes, Message: "nodes may not be listed: node pools are unknown"}}
	awaited := startedSnapshot(2*time.Minute, 20*time.Second, "Config param x: y")
	awaited.Cause = "after backend: the model does not answer yet"
	starting := loadingSnapshot()
	starting.Profile, starting.Model, starting.Manual = "", "llama3.1-405b", true
	starting.Phase, starting.Cause = status.Pending, "no node has cloud.google.com/gke-tpu-topology=4x4"
	starting.Groups[0].Phase, starting.Groups[0].Workers = status.Pending, nil
	starting.Groups[0].Leader.Blocks = "2 workers not created until this pod has a node"
	starting.Groups[0].Milestones = milestone.Compose(milestone.Facts{Begun: statusNow.Add(-12 * time.Minute), Leader: statusNow.Add(-12 * time.Minute), Pods: 3}, nil)
	tests := []struct {
		name     string
		snapshot status.Snapshot
		wide     bool
	}{
		{"status-outlook", startedSnapshot(2*time.Minute, 20*time.Second, "restoring params from gs://models/int8"), false},
		{"status-awaited", awaited, false},
		{"status-slow", startedSnapshot(50*time.Minute, 20*time.Second, "restoring params from gs://models/int8"), false},
		{"status-blocked", starting, false},
		{"status-loading", loadingSnapshot(), false},
		{"status-wide", loadingSnapshot(), true},
		{"status-failed", failed, false},
		{"status-absent", status.Snapshot{Namespace: "default", Name: "nosuch", Phase: status.NotFound, Cause: "there is no LeaderWorkerSet nosuch in namespace default"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			v := statusText{now: statusNow, expected: expected, wide: tt.wide}
			if err := v.write(&out, tt.snapshot); err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name+".txt", out.Bytes())
		})
	}
}
