package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// asking sends prompts to one deployment, for a command without a screen. It is a
// chat.Answerer.
type asking struct {
	from       chat.Answerer
	app        *app
	deployment deploymentRef
	group      int                                            // anyGroup, or the one that is asked
	seen       status.Snapshot                                // at the beginning
	ask        func(context.Context) (status.Snapshot, error) // the cluster
	close      func()                                         // ends the tunnel

	mu     sync.Mutex
	last   status.Snapshot // the newest one,
	lastAt time.Time       // and when it was taken
}

// recently is how old a snapshot may be when a dial fails: requests that fail at the
// same time do not ask the cluster one by one.
const recently = time.Second

// prepareToAsk looks which leaders serve. A deployment that cannot answer is a
// notReadyError that says what it is doing instead. The result must be closed.
func (a *app) prepareToAsk(ctx context.Context, d deploymentRef, group int) (*asking, error) {
	sight, err := a.sight(d)
	if err != nil {
		return nil, err
	}
	q := &asking{app: a, deployment: d, group: group, ask: sight.look, close: sight.close}
	if q.seen, err = q.look(ctx, lookTime); err == nil {
		err = q.canAnswer(q.seen)
	}
	if err != nil {
		sight.close()
		return nil, err
	}
	q.from = patiently(&leaderAnswerer{tunnel: sight.tunnel, candidates: q.leaders, group: group})
	return q, nil
}

// look takes a snapshot. Those who look side by side hold mu.
func (q *asking) look(ctx context.Context, limit time.Duration) (status.Snapshot, error) {
	slow := &slowError{waited: limit, what: "the cluster did not tell which leader serves"}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, slow)
	defer cancel()
	s, err := q.ask(ctx)
	switch {
	case err == nil:
		q.last, q.lastAt = s, q.app.now()
	case errors.Is(context.Cause(ctx), slow):
		err = slow
	}
	return s, err
}

// leaders are those to choose from. Known ones are kept as long as they can be
// dialled: a look takes several requests, which a turn of a conversation can do without.
func (q *asking) leaders(ctx context.Context, again bool) ([]tunnel.Candidate, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.outOfDate() && (again || q.canAnswer(q.last) != nil) {
		if _, err := q.look(ctx, lookTime); err != nil {
			return nil, err
		}
	}
	return leadersOf(q.last), nil
}

// outOfDate says whether the cluster may be asked again. Those who call it hold mu.
func (q *asking) outOfDate() bool { return q.app.now().Sub(q.lastAt) > recently }

// Generate implements chat.Answerer. That a known leader serves no more may show when
// it has been dialled: then the cluster is asked, once, who does. Nothing has come of
// an answer by then.
func (q *asking) Generate(ctx context.Context, r chat.Request, deliver func(string) error) (chat.Stats, error) {
	q.mu.Lock()
	old := q.outOfDate()
	q.mu.Unlock()
	stats, err := q.from.Generate(ctx, r, deliver)
	if !old || stats.Chunks > 0 || !doesNotServe(err) || ctx.Err() != nil {
		return stats, err
	}
	if s, lookErr := q.lookAgain(); lookErr != nil || q.canAnswer(s) != nil {
		return stats, err
	}
	return q.from.Generate(ctx, r, deliver)
}

// canAnswer says why a deployment, or one group of it, cannot be asked.
func (q *asking) canAnswer(s status.Snapshot) error {
	candidates := leadersOf(s)
	if q.group != anyGroup {
		candidates = slices.DeleteFunc(candidates, func(c tunnel.Candidate) bool { return c.Group != q.group })
		if len(candidates) == 0 && s.Phase != status.NotFound {
			return fmt.Errorf("%s has no group %d with a leader; it has %s, counted from 0", q.deployment.name, q.group, count(len(s.Groups), "group"))
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
	return &notReadyError{meaning: q.unable(s, q.group), remedy: q.waitForIt()}
}

// unable says what a group is doing instead of answering. A command that does not
// follow the deployment expects what the profile does.
func (q *asking) unable(s status.Snapshot, group int) string {
	return q.app.unable(s, group, expectedOf(s.Profile))
}

func (q *asking) waitForIt() []string {
	return []string{"Wait for it with:", "  " + q.app.again("status --wait", q.deployment)}
}

// explain gives an error of asking its meaning: what may come from the model is
// explained by what it is doing. pod is who answered, if anybody did.
func (q *asking) explain(ctx context.Context, err error, pod string) error {
	var long *chat.TooLongError
	switch {
	case errors.As(err, &long) && !long.System:
		return fmt.Errorf("%w with --trim", err)
	case doesNotServe(err):
		// The command's own time may be up; a last look has its own.
		s, lookErr := q.lookAgain()
		if lookErr != nil || q.unable(s, q.group) == "" {
			return &notReadyError{
				meaning: "the model stopped answering: " + err.Error(),
				remedy:  []string{"Look at it with:", "  " + q.app.again("status", q.deployment)},
			}
		}
		return q.notReady(s)
	case brokeOff(err):
		if why := q.whyBroken(ctx, pod); why != "" {
			return &notReadyError{meaning: err.Error() + "; " + why, remedy: q.waitForIt()}
		}
	}
	return err
}

// whyBroken is what the one who answered is doing by now; empty where it answers, or
// where that is not known. A node takes a moment to tell of a container that ended.
func (q *asking) whyBroken(ctx context.Context, pod string) string {
	for first := true; ; first = false {
		s, err := q.lookAgain()
		if err != nil {
			return ""
		}
		if why := q.unable(s, groupLedBy(s, pod, q.group)); why != "" || !first {
			return why
		}
		select {
		case <-time.After(newsTime):
		case <-ctx.Done():
			return ""
		}
	}
}

// lookAgainTime bounds the look that explains a failure.
const lookAgainTime = 5 * time.Second

// lookAgain takes a snapshot, or one that somebody else has taken meanwhile: requests
// that run side by side fail at the same time.
func (q *asking) lookAgain() (status.Snapshot, error) {
	begun := q.app.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lastAt.After(begun) {
		return q.last, nil
	}
	return q.look(context.Background(), lookAgainTime)
}
