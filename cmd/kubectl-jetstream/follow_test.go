package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	ready := status.Snapshot{Phase: status.Ready}
	loading := status.Snapshot{Phase: status.Loading}
	failed := status.Snapshot{Phase: status.Failed, Findings: []status.Finding{{Summary: "no such image", Fatal: true}}}
	stopping := status.Snapshot{Phase: status.Terminating}
	stopped := status.Snapshot{Phase: status.Stopped}
	absent := status.Snapshot{Phase: status.NotFound}
	tests := []struct {
		name     string
		feed     func(ctx context.Context, out chan<- status.Snapshot)
		failFast bool
		timeout  time.Duration
		want     ending
		took     time.Duration
		beats    int
	}{
		{
			"ends when ready", func(_ context.Context, out chan<- status.Snapshot) {
				out <- loading
				time.Sleep(10 * time.Second)
				out <- ready
			}, true, 0, endedWell, 10 * time.Second, 0,
		},
		{
			"ends at once for a finding that waiting cannot heal", func(_ context.Context, out chan<- status.Snapshot) {
				out <- loading
				out <- failed
			}, true, time.Hour, endedHopeless, 0, 0,
		},
		{
			"waits on without fail-fast, and ends with the time", func(_ context.Context, out chan<- status.Snapshot) {
				out <- failed
			}, false, 150 * time.Second, endedTimeout, 150 * time.Second, 2,
		},
		{
			"a silent cluster is told from a dead command", func(_ context.Context, out chan<- status.Snapshot) {
				out <- loading
				time.Sleep(200 * time.Second)
				out <- ready
			}, true, 0, endedWell, 200 * time.Second, 3,
		},
		{
			"the time runs before the first snapshot too", func(context.Context, chan<- status.Snapshot) {}, true, time.Minute, endedTimeout, time.Minute, 0,
		},
		{
			"a stream that closes by itself is no success", func(_ context.Context, out chan<- status.Snapshot) {
				out <- loading
				close(out)
			}, true, 0, endedBlind, 0, 0,
		},
		{
			"a stopped deployment is not waited for", func(_ context.Context, out chan<- status.Snapshot) {
				out <- loading
				out <- stopping
				out <- stopped
			}, false, 0, endedStill, 0, 0,
		},
		{
			"nor is one that somebody deletes", func(_ context.Context, out chan<- status.Snapshot) {
				out <- loading
				out <- stopping
				time.Sleep(10 * time.Second)
				out <- absent
			}, false, 0, endedDeleted, 10 * time.Second, 0,
		},
		{
			"one that does not exist yet may still come", func(_ context.Context, out chan<- status.Snapshot) {
				out <- absent
				time.Sleep(10 * time.Second)
				out <- loading
				out <- ready
			}, true, 0, endedWell, 10 * time.Second, 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := bounded(t.Context(), tt.timeout)
				defer cancel()
				begun := time.Now()
				feed := make(chan status.Snapshot)
				go tt.feed(ctx, feed)
				var text bytes.Buffer
				f := &follower{
					progress: newProgress(testObject, begun, nil),
					sink:     newEventSink(&text, "", "jetstream-pathways"),
					now:      time.Now,
					until:    func(s status.Snapshot) bool { return s.Phase == status.Ready },
				}
				if tt.failFast {
					f.hopeless = status.Snapshot.Fatal
				}
				got := f.follow(ctx, feed)
				if got.ending != tt.want || time.Since(begun) != tt.took {
					t.Errorf("ended with %v after %v, want %v after %v", got.ending, time.Since(begun), tt.want, tt.took)
				}
				if beats := strings.Count(text.String(), "still "); beats != tt.beats {
					t.Errorf("%d signs of life, want %d, in\n%s", beats, tt.beats, &text)
				}
				if tt.want == endedHopeless {
					if diff := cmp.Diff("no such image", got.finding.Summary); diff != "" {
						t.Error(diff)
					}
				}
			})
		})
	}
}

func TestWhatWasAppliedMayTakeAWhileToShow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		then []status.Phase // a second after the first snapshot
		want ending
		took time.Duration
	}{
		{"the change comes to light", []status.Phase{status.Pending, status.Ready}, endedWell, time.Second},
		{"nothing comes any more", nil, endedStill, cachePatience},
		{"it is deleted at once", []status.Phase{status.NotFound}, endedDeleted, cachePatience},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				feed := make(chan status.Snapshot)
				go func() {
					feed <- status.Snapshot{Phase: status.Stopped}
					time.Sleep(time.Second)
					for _, phase := range tt.then {
						feed <- status.Snapshot{Phase: phase}
					}
				}()
				f := &follower{
					progress: newProgress(testObject, begun, nil), sink: newEventSink(&bytes.Buffer{}, "", "jetstream-pathways"), now: time.Now,
					until:   func(s status.Snapshot) bool { return s.Phase == status.Ready },
					existed: true, believe: begun.Add(cachePatience),
				}
				if got := f.follow(t.Context(), feed); got.ending != tt.want || time.Since(begun) != tt.took {
					t.Errorf("ended with %v after %v, want %v after %v", got.ending, time.Since(begun), tt.want, tt.took)
				}
			})
		})
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		feed := make(chan status.Snapshot)
		time.AfterFunc(time.Second, func() { cancel(errors.New("stop")) })
		f := &follower{
			progress: newProgress(testObject, time.Now(), nil), sink: newEventSink(&bytes.Buffer{}, "", "jetstream-pathways"), now: time.Now,
			until: func(status.Snapshot) bool { return false },
		}
		if got := f.follow(ctx, feed); got.ending != endedStopped || got.seen {
			t.Errorf("ended with %+v, want stopped with nothing seen", got)
		}
	})
}
