package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/generate"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
)

// anyGroup lets every group answer.
const anyGroup = -1

// leaderAnswerer sends each prompt to a leader of one deployment that serves. It may
// be used by many goroutines at once.
type leaderAnswerer struct {
	tunnel *tunnel.Tunnel
	// candidates are the leaders to choose from at the time of a request, or once more when
	// none of them could be dialled.
	candidates func(ctx context.Context, again bool) ([]tunnel.Candidate, error)
	group      int // anyGroup, or the one that is to answer
}

// Generate implements chat.Answerer. Whoever calls it may have given the terminal to
// a screen, so a panic becomes an error.
func (l *leaderAnswerer) Generate(ctx context.Context, r chat.Request, deliver func(string) error) (stats chat.Stats, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this is a defect of this program: %v", p)
		}
	}()
	// A route of its own, so that it knows who answers this request.
	route := &tunnel.Route{Tunnel: l.tunnel, Port: health.DefaultPort, Candidates: l.candidates, Patience: connectTime}
	if l.group != anyGroup {
		route.Group = &l.group
	}
	client := generate.Client{
		HTTP: generate.NewHTTPClient(route.DialContext), BaseURL: "http://jetstream",
		Via: func() (string, time.Duration) {
			pod, roundTrip := route.Last()
			return pod.Name, roundTrip
		},
	}
	return client.Generate(ctx, r, deliver)
}
