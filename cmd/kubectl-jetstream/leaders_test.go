package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// groupWith is a group whose leader runs, with an answer to /healthcheck.
func groupWith(index int, uid string, state health.State) status.Group {
	return status.Group{Index: index, Phase: status.Loading, Health: health.Health{State: state}, Leader: &status.Pod{
		Name: "llama-" + string(rune('0'+index)), UID: uid, Status: "Running",
		Containers: []status.Container{{Name: "init", Init: true, State: status.Terminated}, {Name: "jax-tpu", State: status.Running}},
	}}
}

// groupsOf is a snapshot with groups.
func groupsOf(phase status.Phase, groups ...status.Group) status.Snapshot {
	return status.Snapshot{Namespace: "models", Name: "llama", Phase: phase, Groups: groups}
}

func TestLeadersOf(t *testing.T) {
	t.Parallel()
	pod := tunnel.Pod{Namespace: "models", Name: "llama-0", UID: "1"}
	tests := []struct {
		name   string
		change func(*status.Group)
		want   []tunnel.Candidate
	}{
		{"one that answers", nil, []tunnel.Candidate{{Pod: pod, Running: true, Serving: true}}},
		{"one that does not exist", func(g *status.Group) { g.Leader = nil }, nil},
		{
			"one that loads", func(g *status.Group) { g.Health.State = health.NotServing },
			[]tunnel.Candidate{{Pod: pod, Running: true}},
		},
		{
			"one of which a container does not run", func(g *status.Group) { g.Leader.Containers[1].State = status.Waiting },
			[]tunnel.Candidate{{Pod: pod, Serving: true}},
		},
		{
			"one that is being deleted", func(g *status.Group) { g.Leader.Status = "Terminating" },
			[]tunnel.Candidate{{Pod: pod, Serving: true}},
		},
		{
			"one without containers yet", func(g *status.Group) { g.Leader.Containers = nil },
			[]tunnel.Candidate{{Pod: pod, Serving: true}},
		},
		{
			"a ready one that could not be asked", func(g *status.Group) { g.Leader.Ready, g.Health.State = true, health.Unknown },
			[]tunnel.Candidate{{Pod: pod, Running: true, Ready: true}},
		},
		{
			"one that nobody may ask", func(g *status.Group) { g.Health.State = health.Forbidden },
			[]tunnel.Candidate{{Pod: pod, Running: true, Ready: true}},
		},
	}
	for _, tt := range tests {
		g := groupWith(0, "1", health.Serving)
		if tt.change != nil {
			tt.change(&g)
		}
		if diff := cmp.Diff(tt.want, leadersOf(groupsOf(status.Loading, g))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestLeadersTellOfEachSnapshot(t *testing.T) {
	t.Parallel()
	l := newLeaders(groupsOf(status.Loading))
	_, news := l.now()
	l.see(groupsOf(status.Ready, groupWith(1, "1", health.Serving)))
	select {
	case <-news:
	default:
		t.Error("a snapshot was not told of")
	}
	if got, err := l.candidates(t.Context(), false); err != nil || len(got) != 1 || got[0].Group != 1 {
		t.Errorf("candidates %v, %v", got, err)
	}
	select {
	case <-func() <-chan struct{} { _, news := l.now(); return news }():
		t.Error("a snapshot was told of twice")
	default:
	}
}
