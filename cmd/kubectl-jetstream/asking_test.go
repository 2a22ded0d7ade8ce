package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/generate"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// loading is a snapshot of one group that reads its checkpoint.
func loading() status.Snapshot {
	s := groupsOf(status.Loading, groupWith(0, "1", health.NotServing))
	s.Cause = "restore"
	return s
}

func serving() status.Snapshot { return groupsOf(status.Ready, groupWith(0, "1", health.Serving)) }

// askingOf asks a cluster that is in one state after the other, the last for ever.
func askingOf(t *testing.T, group int, states ...status.Snapshot) (q *asking, looks *int) {
	t.Helper()
	a, _ := testApp(t)
	looks = new(int)
	return &asking{
		app: a, deployment: deploymentRef{namespace: "models", name: "llama"}, group: group,
		ask: func(context.Context) (status.Snapshot, error) {
			*looks++
			return states[min(*looks, len(states))-1], nil
		},
	}, looks
}

func TestAnErrorOfAskingIsExplainedByWhatTheModelIsDoing(t *testing.T) {
	t.Parallel()
	sent := func(err error) error { return fmt.Errorf("sending the request: %w", err) }
	pod := tunnel.Pod{Namespace: "models", Name: "llama-0", UID: "1"}
	cut := &generate.TruncatedError{Err: io.ErrUnexpectedEOF}
	restarting := serving()
	leader := *restarting.Groups[0].Leader
	leader.Status = "Terminating"
	restarting.Groups[0].Leader = &leader
	// One of two groups answers.
	half := groupsOf(status.Serving, groupWith(0, "1", health.Serving), groupWith(1, "2", health.NotServing))
	half.Groups[1].Cause = "restore"
	for _, tt := range []struct {
		name   string
		err    error
		pod    string
		group  int
		states []status.Snapshot
		want   string
		code   int
	}{
		{"the model does not run behind its server", &generate.ServerError{Status: 500, Code: "UNAVAILABLE"}, "", anyGroup, []status.Snapshot{loading()}, "the model is not ready: Loading: restore", exitNotReady},
		{"the port is refused", sent(&tunnel.PortRefusedError{Pod: pod, Port: 9999}), "", anyGroup, []status.Snapshot{loading()}, "the model is not ready: Loading: restore", exitNotReady},
		{"no leader runs", sent(tunnel.ErrNoLeader), "", anyGroup, []status.Snapshot{loading()}, "the model is not ready: Loading: restore", exitNotReady},
		{"nothing shows why", sent(&tunnel.PortRefusedError{Pod: pod, Port: 9999}), "", anyGroup, []status.Snapshot{serving()}, "the model stopped answering: sending the request: port 9999", exitNotReady},
		{"an answer is cut off by a restart", cut, "llama-0", anyGroup, []status.Snapshot{restarting}, "the answer was cut off: unexpected EOF; the model is not ready: Ready", exitNotReady},
		{"the news of a restart is late", cut, "llama-0", anyGroup, []status.Snapshot{serving(), loading()}, "the answer was cut off: unexpected EOF; the model is not ready: Loading: restore", exitNotReady},
		{"the tunnel is lost and the model is well", &tunnel.LostError{Pod: pod, Err: io.EOF}, "llama-0", anyGroup, []status.Snapshot{serving()}, "the tunnel to pod llama-0 was lost: EOF", exitFailed},
		{"one group of two goes away", cut, "llama-1", anyGroup, []status.Snapshot{half}, "the answer was cut off: unexpected EOF; group 1 does not answer: Loading: restore", exitNotReady},
		{"the other group of two goes away", cut, "llama-0", anyGroup, []status.Snapshot{half}, "the answer was cut off: unexpected EOF", exitFailed},
		{"the group that is asked does not answer", sent(tunnel.ErrNoLeader), "", 1, []status.Snapshot{half}, "group 1 does not answer: Loading: restore", exitNotReady},
		{"a text that is too long", &chat.TooLongError{Tokens: 2000, Limit: 1024}, "", anyGroup, []status.Snapshot{serving()}, "or let its beginning be cut off with --trim", exitFailed},
		{"a system prompt that is too long", &chat.TooLongError{Tokens: 2000, Limit: 1024, System: true}, "", anyGroup, []status.Snapshot{serving()}, "the model takes 1024; shorten it", exitFailed},
		{"another error", errors.New("something else"), "", anyGroup, []status.Snapshot{loading()}, "something else", exitFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, _ := askingOf(t, tt.group, tt.states...)
				err := q.explain(t.Context(), tt.err, tt.pod)
				if code := exitCodeFor(t.Context(), err); code != tt.code || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("exit code %d, error %v", code, err)
				}
				if brokeOff(tt.err) && tt.code == exitFailed && err.Error() != tt.want {
					t.Errorf("error %v is more than is known", err)
				}
			})
		})
	}
}

func TestNoErrorNeedsNoExplanation(t *testing.T) {
	t.Parallel()
	q, looks := askingOf(t, anyGroup, loading())
	if err := q.explain(t.Context(), nil, ""); err != nil || *looks != 0 {
		t.Errorf("error %v after %d looks", err, *looks)
	}
}

func TestKnownLeadersAreKeptUntilADialFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, looks := askingOf(t, anyGroup, serving())
		dial := func(again bool) {
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if c, err := q.leaders(t.Context(), again); err != nil || len(c) != 1 {
						t.Errorf("candidates %v, error %v", c, err)
					}
				})
			}
			all.Wait()
		}
		for _, step := range []struct {
			name  string
			after time.Duration
			again bool
			looks int
		}{
			{"the first requests, side by side", 0, false, 1},
			{"a later turn", time.Hour, false, 1},
			{"dials that failed, side by side", 0, true, 2},
			{"a dial that fails right after a look", recently, true, 2},
			{"a dial that fails later", time.Millisecond, true, 3},
		} {
			time.Sleep(step.after)
			dial(step.again)
			if *looks != step.looks {
				t.Errorf("%s: %d looks, want %d", step.name, *looks, step.looks)
			}
		}
	})
}

func TestLeadersThatDidNotServeAreLookedForAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, looks := askingOf(t, anyGroup, loading(), serving())
		for want := 1; want <= 2; want++ {
			if _, err := q.leaders(t.Context(), false); err != nil || *looks != want {
				t.Errorf("%d looks, error %v", *looks, err)
			}
			time.Sleep(time.Hour)
		}
	})
}

// inTurn answers each request by the next of its ends.
type inTurn struct {
	ends  []error
	text  string // in front of each end
	asked int
}

func (m *inTurn) Generate(_ context.Context, _ chat.Request, deliver func(string) error) (chat.Stats, error) {
	m.asked++
	var stats chat.Stats
	if m.text != "" {
		stats.Chunks = 1
		_ = deliver(m.text)
	}
	return stats, m.ends[min(m.asked, len(m.ends))-1]
}

func TestALeaderThatServesNoMoreIsReplacedOnce(t *testing.T) {
	t.Parallel()
	refused := &tunnel.PortRefusedError{Pod: tunnel.Pod{Name: "llama-0"}, Port: 9999}
	for _, tt := range []struct {
		name  string
		model inTurn
		after time.Duration // since the last look
		then  status.Snapshot
		asked int
		err   error
	}{
		{"another one serves", inTurn{ends: []error{refused, nil}}, time.Hour, serving(), 2, nil},
		{"the other one does not either", inTurn{ends: []error{refused}}, time.Hour, serving(), 2, refused},
		{"none serves", inTurn{ends: []error{refused, nil}}, time.Hour, loading(), 1, refused},
		{"it has been looked right before", inTurn{ends: []error{refused, nil}}, 0, serving(), 1, refused},
		{"it had begun to answer", inTurn{ends: []error{refused, nil}, text: "x"}, time.Hour, serving(), 1, refused},
		{"another error", inTurn{ends: []error{io.ErrUnexpectedEOF, nil}}, time.Hour, serving(), 1, io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, _ := askingOf(t, anyGroup, serving(), tt.then)
				q.from = &tt.model
				if _, err := q.look(t.Context(), lookTime); err != nil {
					t.Fatal(err)
				}
				time.Sleep(tt.after)
				_, err := q.Generate(t.Context(), chat.Request{}, func(string) error { return nil })
				if tt.model.asked != tt.asked || !errors.Is(err, tt.err) {
					t.Errorf("asked %d times, error %v", tt.model.asked, err)
				}
			})
		})
	}
}

func TestALookThatTakesTooLongSaysWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, _ := askingOf(t, anyGroup)
		q.ask = func(ctx context.Context) (status.Snapshot, error) {
			<-ctx.Done()
			return status.Snapshot{}, &url.Error{Op: "Get", Err: ctx.Err()}
		}
		if _, err := q.leaders(t.Context(), false); err == nil || err.Error() != "gave up after 1m0s: the cluster did not tell which leader serves" {
			t.Errorf("error %v", err)
		}
	})
}
