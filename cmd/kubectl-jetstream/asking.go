package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/generate"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// asking sends prompts to one deployment, for a command without a screen. It is a
// chat.Answerer.
type asking struct {
	chat.Answerer

	app        *app
	deployment deploymentRef
	sight      *sight
	seen       status.Snapshot // at the beginning

	mu    sync.Mutex
	known bool // seen has not served for a dial yet
}

// prepareToAsk looks which leaders serve. A deployment that cannot answer is a
// notReadyError that says what it is doing instead. The result must be closed.
func (a *app) prepareToAsk(ctx context.Context, d deploymentRef, group int) (*asking, error) {
	sight, err := a.sight(d)
	if err != nil {
		return nil, err
	}
	q := &asking{app: a, deployment: d, sight: sight, known: true}
	if q.seen, err = q.look(ctx, lookTime); err == nil {
		err = q.canAnswer(q.seen, group)
	}
	if err != nil {
		sight.close()
		return nil, err
	}
	q.Answerer = patient{
		Answerer: &leaderAnswerer{tunnel: sight.tunnel, candidates: q.leaders, group: group}, first: firstTextTime, next: nextTextTime,
	}
	return q, nil
}

// close ends the tunnel.
func (q *asking) close() { q.sight.close() }

// look takes a snapshot.
func (q *asking) look(ctx context.Context, limit time.Duration) (status.Snapshot, error) {
	slow := &slowError{waited: limit, what: "the cluster did not tell which leader serves"}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, slow)
	defer cancel()
	s, err := q.sight.look(ctx)
	if err != nil && errors.Is(context.Cause(ctx), slow) {
		err = slow
	}
	return s, err
}

// leaders are those to choose from. The first dial uses what is known already; a
// later one, after something has failed, asks anew.
func (q *asking) leaders(ctx context.Context) ([]tunnel.Candidate, error) {
	q.mu.Lock()
	known := q.known
	q.known = false
	q.mu.Unlock()
	if known {
		return leadersOf(q.seen), nil
	}
	s, err := q.look(ctx, lookTime)
	if err != nil {
		return nil, err
	}
	return leadersOf(s), nil
}

// canAnswer says why a deployment, or one group of it, cannot be asked.
func (q *asking) canAnswer(s status.Snapshot, group int) error {
	candidates := leadersOf(s)
	if group != anyGroup {
		candidates = slices.DeleteFunc(candidates, func(c tunnel.Candidate) bool { return c.Group != group })
		if len(candidates) == 0 && s.Phase != status.NotFound {
			return fmt.Errorf("%s has no group %d with a leader; it has %s, counted from 0", q.deployment.name, group, count(len(s.Groups), "group"))
		}
	}
	if _, err := tunnel.Pick(candidates); err != nil {
		return q.notReady(s)
	}
	return nil
}

// notReady says what the model is doing instead of answering.
func (q *asking) notReady(s status.Snapshot) error {
	if s.Phase == status.NotFound {
		return &notReadyError{
			meaning: fmt.Sprintf("there is no deployment %s in namespace %s", s.Name, s.Namespace),
			remedy:  []string{"Deploy one with:", "  " + q.app.again("up", q.deployment, "--profile", "…")},
		}
	}
	view := statusText{now: q.app.now(), expected: expectedOf(s.Profile)}
	return &notReadyError{
		meaning: "the model is not ready: " + view.headline(s),
		remedy:  []string{"Wait for it with:", "  " + q.app.again("status --wait", q.deployment)},
	}
}

// explain gives an error of asking its meaning: whatever says that the model does
// not serve is explained by what it is doing.
func (q *asking) explain(err error) error {
	var (
		server     *generate.ServerError
		refused    *tunnel.PortRefusedError
		notServing *tunnel.NotServingError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &server) && server.NotServing(), errors.As(err, &refused),
		errors.As(err, &notServing), errors.Is(err, tunnel.ErrNoLeader):
	default:
		return err
	}
	// The command's own time may be up; a last look has its own.
	s, lookErr := q.look(context.Background(), lookAgainTime)
	if lookErr != nil || answersNow(s) {
		return &notReadyError{
			meaning: "the model stopped answering: " + err.Error(),
			remedy:  []string{"Look at it with:", "  " + q.app.again("status", q.deployment)},
		}
	}
	return q.notReady(s)
}

// lookAgainTime bounds the look that explains a failure.
const lookAgainTime = 5 * time.Second
