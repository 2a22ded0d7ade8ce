package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/generate"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// failingModel ends each answer with an error.
type failingModel struct{ err error }

func (m failingModel) Generate(context.Context, chat.Request, func(string) error) (chat.Stats, error) {
	return chat.Stats{Pod: "llama-0"}, m.err
}

func TestAFailureInTheDashboardSaysWhatTheModelIsDoing(t *testing.T) {
	t.Parallel()
	cut := &generate.TruncatedError{Err: errors.New("unexpected EOF")}
	for _, tt := range []struct {
		name   string
		err    error
		after  time.Duration // until the leader is seen to restart; 0 is before, negative never
		want   string
		waited time.Duration
	}{
		{"the leader restarts", cut, 0, "the answer was cut off: unexpected EOF; the model is not ready: Loading: restore", 0},
		{"the news are late", cut, time.Second, "; the model is not ready: Loading: restore", time.Second},
		{"the model goes on", cut, -1, "the answer was cut off: unexpected EOF", newsTime},
		{"the port is refused", &tunnel.PortRefusedError{Pod: tunnel.Pod{Name: "llama-0"}, Port: 9999}, 0, "port 9999 of pod llama-0 refused the connection; the model is not ready", 0},
		{"it is none of the model's", errors.New("not permitted"), 0, "not permitted", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, _ := testApp(t)
				known := newLeaders(serving())
				switch {
				case tt.after == 0:
					known.see(loading())
				case tt.after > 0:
					time.AfterFunc(tt.after, func() { known.see(loading()) })
				}
				e := newExplainedAnswers(failingModel{tt.err}, &backend{app: a, group: anyGroup}, known, expects(nil))
				begun := time.Now()
				_, err := e.Generate(t.Context(), chat.Request{}, nil)
				if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), ";") != strings.Contains(tt.want, ";") || !errors.Is(err, tt.err) {
					t.Errorf("error %v", err)
				}
				if waited := time.Since(begun); waited != tt.waited {
					t.Errorf("waited for %s", waited)
				}
			})
		})
	}
}

func TestAnAnswerInTheDashboardIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		model   slowModel
		want    string
		elapsed time.Duration
	}{
		{"no text", slowModel{time.Hour}, "gave up after 10m0s: the model sent no text", firstTextTime},
		{"no more text", slowModel{time.Second, time.Hour}, "gave up after 2m0s: the model sent no more text", time.Second + nextTextTime},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, _ := testApp(t)
				e := newExplainedAnswers(tt.model, &backend{app: a, group: anyGroup}, newLeaders(serving()), expects(nil))
				begun := time.Now()
				_, err := e.Generate(t.Context(), chat.Request{}, func(string) error { return nil })
				if err == nil || err.Error() != tt.want || time.Since(begun) != tt.elapsed {
					t.Errorf("error %v after %s", err, time.Since(begun))
				}
			})
		})
	}
}

// expects is what is expected of every start-up.
func expects(e forecast.Expectations) func(status.Snapshot) (forecast.Expectations, tui.Last) {
	return func(status.Snapshot) (forecast.Expectations, tui.Last) { return e, nil }
}

func TestAFailureInTheDashboardExpectsWhatTheDashboardDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _ := testApp(t)
		s := loading()
		s.Profile = profile405B
		s.Groups[0].Milestones = []milestone.Milestone{{ID: milestone.Restore, State: milestone.Active, Started: time.Now()}}
		time.Sleep(10 * time.Second)
		learnt := forecast.Expectations{milestone.Restore: {Min: 30 * time.Second, Max: 40 * time.Second, Basis: forecast.FromHistory}}
		cut := &generate.TruncatedError{Err: errors.New("unexpected EOF")}
		e := newExplainedAnswers(failingModel{cut}, &backend{app: a, group: anyGroup}, newLeaders(s), expects(learnt))
		_, err := e.Generate(t.Context(), chat.Request{}, nil)
		if err == nil || !strings.Contains(err.Error(), "restore, 10s of an expected 30–40s") {
			t.Errorf("error %v", err)
		}
	})
}
