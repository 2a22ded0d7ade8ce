package main

import (
	"context"
	"sync"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// leadersOf are the leaders that a snapshot knows, as a tunnel picks from them.
// Where nobody may ask for their health because a port-forward is not permitted, a
// running one counts as ready: dialling it gives the API server's own words.
func leadersOf(s status.Snapshot) []tunnel.Candidate {
	var out []tunnel.Candidate
	for _, g := range s.Groups {
		if g.Leader == nil {
			continue
		}
		up := runs(*g.Leader)
		out = append(out, tunnel.Candidate{
			Pod:     tunnel.Pod{Namespace: s.Namespace, Name: g.Leader.Name, UID: g.Leader.UID},
			Group:   g.Index,
			Running: up,
			Serving: g.Health.State == health.Serving,
			Ready:   g.Leader.Ready || up && g.Health.State == health.Forbidden,
		})
	}
	return out
}

// runs says whether every container of a pod runs that should.
func runs(p status.Pod) bool {
	for _, c := range p.Containers {
		if !c.Init && c.State != status.Running {
			return false
		}
	}
	return len(p.Containers) > 0 && p.Status != "Terminating"
}

// leaders keeps the newest snapshot for those who dial: a dial costs no request
// then. It may be used by many goroutines at once.
type leaders struct {
	mu   sync.Mutex
	last status.Snapshot
	news chan struct{} // closed and replaced by each snapshot
}

func newLeaders(s status.Snapshot) *leaders {
	return &leaders{last: s, news: make(chan struct{})}
}

// see takes a newer snapshot.
func (l *leaders) see(s status.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = s
	close(l.news)
	l.news = make(chan struct{})
}

// now is the newest snapshot, and a channel that the next one closes.
func (l *leaders) now() (status.Snapshot, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.news
}

// candidates is what a tunnel.Route asks. Snapshots come by themselves.
func (l *leaders) candidates(context.Context, bool) ([]tunnel.Candidate, error) {
	s, _ := l.now()
	return leadersOf(s), nil
}
