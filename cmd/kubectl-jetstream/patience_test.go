package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// slowModel waits before each piece of its answer.
type slowModel []time.Duration

func (m slowModel) Generate(ctx context.Context, _ chat.Request, deliver func(string) error) (chat.Stats, error) {
	var stats chat.Stats
	for _, wait := range m {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return stats, ctx.Err()
		}
		stats.Chunks++
		if err := deliver("x"); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// A reader that pauses, as a pager does, is no silence of the model.
func TestTheTimeOfAReaderIsNotTheModels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := patiently(slowModel{time.Second, time.Second})
		stats, err := p.Generate(t.Context(), chat.Request{}, func(string) error {
			time.Sleep(time.Hour)
			return nil
		})
		if err != nil || stats.Chunks != 2 {
			t.Errorf("error %v, %d chunks", err, stats.Chunks)
		}
	})
}

func TestNoAnswerIsWaitedForForEver(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for _, tt := range []struct {
		name    string
		model   slowModel
		stop    time.Duration // the person's Ctrl-C; 0 is none
		refuse  bool
		chunks  int
		want    string
		elapsed time.Duration
	}{
		{"an answer that takes its time in each piece", slowModel{9 * time.Minute, time.Minute, time.Minute}, 0, false, 3, "", 11 * time.Minute},
		{"a first text that does not come", slowModel{11 * time.Minute}, 0, false, 0, "gave up after 10m0s: the model sent no text", 10 * time.Minute},
		{"an answer that stays away in its middle", slowModel{time.Second, 3 * time.Minute}, 0, false, 1, "gave up after 2m0s: the model sent no more text", 2*time.Minute + time.Second},
		{"a person who stops it", slowModel{time.Hour}, time.Minute, false, 0, "context canceled", time.Minute},
		{"a reader that has gone", slowModel{time.Second, time.Second}, 0, true, 1, "refused", time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.stop > 0 {
					time.AfterFunc(tt.stop, cancel)
				}
				begin := time.Now()
				p := patiently(tt.model)
				stats, err := p.Generate(ctx, chat.Request{}, func(string) error {
					if tt.refuse {
						return refused
					}
					return nil
				})
				got := ""
				if err != nil {
					got = err.Error()
				}
				if got != tt.want || stats.Chunks != tt.chunks || time.Since(begin) != tt.elapsed {
					t.Errorf("error %q, %d chunks after %s", got, stats.Chunks, time.Since(begin))
				}
			})
		})
	}
}
