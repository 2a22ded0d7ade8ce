package main

import (
	"context"
	"fmt"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// explainedAnswers waits for an answer as long as is plausible, and gives errors of
// asking the words that a person reads in the dashboard.
type explainedAnswers struct {
	chat.Answerer

	b       *backend
	leaders *leaders
	// expect is what the rest of the dashboard expects of a start-up.
	expect func(status.Snapshot) (forecast.Expectations, tui.Last)
}

func newExplainedAnswers(
	from chat.Answerer, b *backend, l *leaders, expect func(status.Snapshot) (forecast.Expectations, tui.Last),
) *explainedAnswers {
	return &explainedAnswers{patiently(from), b, l, expect}
}

// Generate implements chat.Answerer.
func (e *explainedAnswers) Generate(ctx context.Context, r chat.Request, deliver func(string) error) (chat.Stats, error) {
	stats, err := e.Answerer.Generate(ctx, r, deliver)
	if err == nil || ctx.Err() != nil {
		return stats, err
	}
	if why := e.why(ctx, stats.Pod, err); why != "" {
		return stats, fmt.Errorf("%w; %s", err, why)
	}
	return stats, e.b.explained(ctx, err)
}

// why is what the model is doing instead of answering, where an error may come from
// that. News of it may be a moment behind.
func (e *explainedAnswers) why(ctx context.Context, pod string, err error) string {
	if !doesNotServe(err) && !brokeOff(err) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, newsTime)
	defer cancel()
	for {
		s, news := e.leaders.now()
		expected, _ := e.expect(s)
		if why := e.b.unable(s, groupLedBy(s, pod, e.b.group), expected); why != "" {
			return why
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ""
		}
	}
}

// SaveChat implements tui.Talk.
func (b *backend) SaveChat(_ context.Context, name, path string, s chat.Settings, turns []chat.Turn) (string, error) {
	return b.saveChat(b.ref(name), path, s, turns)
}

// ChatTemplate implements tui.Talk.
func (b *backend) ChatTemplate(_ context.Context, name string) (chat.Template, error) {
	return chatTemplate(name)
}
