package main

import (
	"context"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// explainedAnswers gives errors of asking the words that a person reads in the
// dashboard.
type explainedAnswers struct {
	b *backend
	chat.Answerer
}

// Generate implements chat.Answerer.
func (e *explainedAnswers) Generate(ctx context.Context, r chat.Request, deliver func(string) error) (chat.Stats, error) {
	stats, err := e.Answerer.Generate(ctx, r, deliver)
	if err != nil && ctx.Err() == nil {
		err = e.b.explained(ctx, err)
	}
	return stats, err
}

// SaveChat implements tui.Talk.
func (b *backend) SaveChat(_ context.Context, name, path string, s chat.Settings, turns []chat.Turn) (string, error) {
	return b.saveChat(b.ref(name), path, s, turns)
}

// ChatTemplate implements tui.Talk.
func (b *backend) ChatTemplate(_ context.Context, name string) (chat.Template, error) {
	return chatTemplate(name)
}
