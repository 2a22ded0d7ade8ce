package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// followed is a logs -f whose lines and snapshots a test makes.
type followed struct {
	out, remarks *bytes.Buffer
	live         *liveLines
	snapshots    chan status.Snapshot
	ended        chan error
}

func followLogs(ctx context.Context, t *testing.T) *followed {
	t.Helper()
	a, stderr := testApp(t)
	out := &bytes.Buffer{}
	a.Out = out
	o := &logsOptions{app: a, deployment: deploymentRef{"models", "jetstream-pathways"}}
	f := &followed{
		out: out, remarks: stderr,
		live:      newLiveLines(o.choice.wants, &progressOfRuns{runs: map[runID]*reached{}}),
		snapshots: make(chan status.Snapshot), ended: make(chan error, 1),
	}
	p := o.printer(presentPods{}, nil)
	go func() {
		defer f.live.stop()
		f.ended <- o.printLive(ctx, f.snapshots, f.live, p)
	}()
	return f
}

func TestLiveLinesOfSeveralContainersComeInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		f := followLogs(ctx, t)
		f.live.take(logRun("p-0", "jax-tpu", "x"), loggedAt(2, 5))
		f.live.take(logRun("p-0-1", "pathways-worker", "x"), loggedAt(1, 3))
		f.live.take(logRun("p-0", noisyContainer, "x"), loggedAt(4))
		time.Sleep(settling)
		synctest.Wait()
		want := "p-0-1/pathways-worker 1\np-0/jax-tpu 2\np-0-1/pathways-worker 3\np-0/jax-tpu 5\n"
		// The first line came before another container was known of.
		if diff := cmp.Diff(strings.TrimPrefix(want, "p-0-1/pathways-worker "), f.out.String()); diff != "" {
			t.Errorf("printed (-want +got):\n%s", diff)
		}
		// Interrupted, it prints what it has.
		f.out.Reset()
		f.live.take(logRun("p-0", "jax-tpu", "x"), loggedAt(9))
		synctest.Wait()
		cancel(interruption{signal: syscall.SIGINT})
		if err := <-f.ended; !errors.As(err, new(interruption)) {
			t.Errorf("error %v", err)
		}
		if got := f.out.String(); got != "p-0/jax-tpu 9\n" {
			t.Errorf("in the end, printed %q", got)
		}
		// Those who still read are not held up.
		for range 100 {
			f.live.take(logRun("p-0", "jax-tpu", "x"), loggedAt(10))
		}
	})
}

func TestFollowingEndsWhenTheDeploymentStaysAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := followLogs(t.Context(), t)
		f.snapshots <- status.Snapshot{Phase: status.NotFound} // from a cache that lags behind
		time.Sleep(goneFor / 2)
		f.snapshots <- status.Snapshot{Phase: status.Loading}
		time.Sleep(time.Hour)
		f.snapshots <- status.Snapshot{Phase: status.NotFound}
		f.live.take(logRun("p-0", "jax-tpu", "x"), loggedAt(1))
		time.Sleep(goneFor)
		synctest.Wait()
		select {
		case err := <-f.ended:
			if err != nil {
				t.Errorf("error %v", err)
			}
		default:
			t.Fatal("it goes on")
		}
		if got := f.out.String(); got != "1\n" {
			t.Errorf("printed %q", got)
		}
		if got := f.remarks.String(); got != "jetstream-pathways in namespace models was deleted\n" {
			t.Errorf("remarks %q", got)
		}
	})
}

func TestWhatKeepsLinesFromBeingShownIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := followLogs(t.Context(), t)
		blind := []status.Note{{Topic: status.TopicLogs, Message: "no \x1b[2Jlogs"}, {Topic: status.TopicNodes, Message: "no nodes"}}
		for range 2 {
			f.snapshots <- status.Snapshot{Phase: status.Loading, Notes: blind}
			f.snapshots <- status.Snapshot{Phase: status.Loading, Notes: blind, DisconnectedSince: logsBegin}
		}
		f.snapshots <- status.Snapshot{Phase: status.Loading}
		close(f.snapshots)
		if err := <-f.ended; err == nil {
			t.Error("no error for a watch that ended")
		}
		const lost, back = "the API server has not answered since 2026-03-01T12:00:00Z; trying on\n", "the API server answers again\n"
		want := "no logs\n" + lost + back + lost + back
		if diff := cmp.Diff(want, f.remarks.String()); diff != "" {
			t.Errorf("remarks (-want +got):\n%s", diff)
		}
	})
}

// A container's present log may be that of a run which is not known of yet, and is then
// read as the run's before: package watch.
func TestTheBeginningOfARunThatWasReadAsTheOneBeforeIsFollowedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		f := followLogs(ctx, t)
		first := logRun("p-0", "jax-tpu", "x")
		second := first
		second.Restart = 1
		for _, read := range []struct {
			of     status.Origin
			millis []int
		}{
			{first, []int{1, 2}},
			{first, []int{1000, 1001, 4000}}, // the second run's
			{second, []int{1000, 1001, 4000, 4001}},
			{first, []int{3}}, // the rest of the first one, read late
			{second, []int{4002}},
		} {
			f.live.take(read.of, loggedAt(read.millis...))
			time.Sleep(settling)
			synctest.Wait()
		}
		if diff := cmp.Diff("1\n2\n1000\n1001\n4000\n4001\n3\n4002\n", f.out.String()); diff != "" {
			t.Errorf("printed (-want +got):\n%s", diff)
		}
		cancel(interruption{signal: syscall.SIGINT})
		if err := <-f.ended; !errors.As(err, new(interruption)) {
			t.Errorf("error %v", err)
		}
	})
}
