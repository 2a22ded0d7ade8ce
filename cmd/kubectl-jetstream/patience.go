package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// No phase of asking lasts for ever: each has a bound that a healthy cluster keeps
// by far.
const (
	// lookTime is for asking the cluster which leader serves.
	lookTime = time.Minute
	// connectTime is for a connection to it, with all attempts.
	connectTime = 30 * time.Second
	// firstTextTime is for the first text: a server without warm-up compiles for a
	// prompt of a new length first, which takes minutes.
	firstTextTime = 10 * time.Minute
	// nextTextTime is between two pieces of an answer.
	nextTextTime = 2 * time.Minute
)

// slowError says that a phase took longer than is plausible.
type slowError struct {
	waited time.Duration
	what   string // "the model sent no text"
}

func (e *slowError) Error() string {
	return fmt.Sprintf("gave up after %s: %s", e.waited, e.what)
}

// patient waits for pieces of an answer as long as is plausible.
type patient struct {
	chat.Answerer
	first, next time.Duration
}

func patiently(from chat.Answerer) patient {
	return patient{Answerer: from, first: firstTextTime, next: nextTextTime}
}

// Generate implements chat.Answerer.
func (p patient) Generate(ctx context.Context, r chat.Request, deliver func(string) error) (chat.Stats, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	wait := func(limit time.Duration, silence string) *time.Timer {
		return time.AfterFunc(limit, func() { cancel(&slowError{waited: limit, what: silence}) })
	}
	timer := wait(p.first, "the model sent no text")
	defer func() { timer.Stop() }()
	stats, err := p.Answerer.Generate(ctx, r, func(text string) error {
		// The time in which the text is taken is not the model's: a pager may pause. A
		// timer that has fired has cancelled the request already.
		waiting := timer.Stop()
		err := deliver(text)
		if waiting {
			timer = wait(p.next, "the model sent no more text")
		}
		return err
	})
	var slow *slowError
	if err != nil && errors.As(context.Cause(ctx), &slow) {
		return stats, slow
	}
	return stats, err
}
