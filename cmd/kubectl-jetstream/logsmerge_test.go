package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

var logsBegin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// logRun is a run of a container of the group's incarnation with that leader.
func logRun(pod, container, leader string) status.Origin {
	return status.Origin{Pod: pod, PodUID: types.UID(pod + leader), Container: container, LeaderUID: types.UID(leader)}
}

// loggedAt are lines with the milliseconds of their times as text.
func loggedAt(millis ...int) []podlog.Line {
	var lines []podlog.Line
	for _, ms := range millis {
		lines = append(lines, podlog.Line{Time: logsBegin.Add(time.Duration(ms) * time.Millisecond), Text: fmt.Sprint(ms)})
	}
	return lines
}

// listed is a source of one batch an entry.
func listed(o status.Origin, millis ...int) logSource {
	return func(_ context.Context, yield func([]logstore.Entry) bool) error {
		for _, ms := range millis {
			if !yield(entriesOf(o, loggedAt(ms))) {
				return nil
			}
		}
		return nil
	}
}

func merged(t *testing.T, sources ...logSource) (lines []string, failures []error) {
	t.Helper()
	failures, err := mergeLogs(t.Context(), sources, func(e logstore.Entry) error {
		lines = append(lines, sourceName(*e.Origin)+" "+e.Line.Text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, failures
}

func TestLogsAreMergedByTimeAndEachLineOnce(t *testing.T) {
	t.Parallel()
	a, b := logRun("p-0", "jax-tpu", "x"), logRun("p-0-1", "pathways-worker", "x")
	both := func(ctx context.Context, yield func([]logstore.Entry) bool) error {
		if !yield(append(entriesOf(a, loggedAt(1, 4)), entriesOf(b, loggedAt(5))...)) {
			return nil
		}
		return listed(a, 9000, 9001)(ctx, yield)
	}
	// A pod's log that is out of the order of its times by less than a second,
	// that begins later than what is kept, and goes on longer.
	lines, failures := merged(t, both, listed(a, 4, 9001, 9000, 9002), listed(b, 2, 5))
	want := []string{
		"p-0/jax-tpu 1", "p-0-1/pathways-worker 2", "p-0/jax-tpu 4", "p-0-1/pathways-worker 5",
		"p-0/jax-tpu 9000", "p-0/jax-tpu 9001", "p-0/jax-tpu 9002",
	}
	if diff := cmp.Diff(want, lines); diff != "" || len(failures) > 0 {
		t.Errorf("failures %v, lines (-want +got):\n%s", failures, diff)
	}
}

func TestTheSameTextOfTwoRunsIsTwoLines(t *testing.T) {
	t.Parallel()
	a := logRun("p-0", "jax-tpu", "x")
	again := a
	again.Restart++
	later := func(_ context.Context, yield func([]logstore.Entry) bool) error {
		lines := loggedAt(1)
		lines[0].Time = lines[0].Time.Add(time.Millisecond)
		yield(entriesOf(again, lines))
		return nil
	}
	other := logRun("p-0", "jax-tpu", "y")
	if lines, _ := merged(t, listed(a, 1), later, listed(other, 1)); len(lines) != 3 {
		t.Errorf("got %q", lines)
	}
}

func TestALogThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	bad := func(ctx context.Context, yield func([]logstore.Entry) bool) error {
		_ = listed(logRun("p-0", "bad", "x"), 2)(ctx, yield)
		return broken
	}
	lines, failures := merged(t, bad, listed(logRun("p-0", "good", "x"), 1, 3))
	if diff := cmp.Diff([]string{"p-0/good 1", "p-0/bad 2", "p-0/good 3"}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if len(failures) != 1 || !errors.Is(failures[0], broken) {
		t.Errorf("failures %v", failures)
	}
}

func TestMergingEndsWithItsReaderAndItsContext(t *testing.T) {
	t.Parallel()
	endless := func(_ context.Context, yield func([]logstore.Entry) bool) error {
		for ms := 0; ; ms++ {
			if !yield(entriesOf(logRun("p-0", "jax-tpu", "x"), loggedAt(ms))) {
				return nil
			}
		}
	}
	full := errors.New("full")
	if _, err := mergeLogs(t.Context(), []logSource{endless}, func(logstore.Entry) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	_, err := mergeLogs(ctx, []logSource{endless}, func(logstore.Entry) error {
		cancel(stopped)
		return nil
	})
	if !errors.Is(err, stopped) {
		t.Errorf("error %v", err)
	}
}

func TestWhatWasPrintedIsNotPrintedAgain(t *testing.T) {
	t.Parallel()
	a := logRun("p-0", "jax-tpu", "x")
	far := &progressOfRuns{runs: map[runID]*reached{}}
	for _, e := range entriesOf(a, loggedAt(0, 5000, 10000, 10002)) {
		far.take(e)
	}
	var got []string
	// The log from its beginning: a line that was not there comes among the
	// latest, and others after them, one of those early.
	for _, batch := range [][]podlog.Line{loggedAt(0, 5000), loggedAt(10000, 10003, 10001, 10002), loggedAt(20000, 19000), loggedAt(20001)} {
		for _, e := range far.rest(entriesOf(a, batch)) {
			got = append(got, e.Line.Text)
		}
	}
	if diff := cmp.Diff([]string{"10003", "10001", "20000", "19000", "20001"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	next := a
	next.Restart++
	if got := far.rest(entriesOf(next, loggedAt(1))); len(got) != 1 {
		t.Errorf("of a run that is new, %d lines", len(got))
	}
}

func TestTheBeginningOfARunThatWasReadAsTheOneBeforeIsMergedOnce(t *testing.T) {
	t.Parallel()
	first := logRun("p-0", "jax-tpu", "x")
	second := first
	second.Restart = 1
	lines, _ := merged(t, listed(first, 1, 2, 1000, 1001), listed(second, 1000, 1001, 1002))
	want := []string{"p-0/jax-tpu 1", "p-0/jax-tpu 2", "p-0/jax-tpu 1000", "p-0/jax-tpu 1001", "p-0/jax-tpu 1002"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}
