package main

import (
	"bytes"
	"testing"
	"time"

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

func TestStatusText(t *testing.T) {
	t.Parallel()
	expected := map[milestone.ID]expectedRange{milestone.Restore: {7 * time.Minute, 20 * time.Minute}}
	failed := loadingSnapshot()
	failed.Phase, failed.Cause = status.Failed, "the checkpoint gs://models/int9 was not found"
	failed.DisconnectedSince = statusNow.Add(-10 * time.Second)
	failed.Findings = []status.Finding{{
		Summary: "the checkpoint gs://models/int9 was not found", Cause: "the path is wrong", Remedy: "pass the right one",
		Pod: "jetstream-pathways-0", Container: "jax-tpu", Fatal: true,
		Evidence: []string{"FileNotFoundError: Checkpoint at gs://models/int9\x1b[31m not found", "a second line"},
	}}
	failed.Notes = []status.Note{{Topic: status.TopicNodes, Message: "nodes may not be listed: node pools are unknown"}}
	tests := []struct {
		name     string
		snapshot status.Snapshot
		wide     bool
	}{
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
