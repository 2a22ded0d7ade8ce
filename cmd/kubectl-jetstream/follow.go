package main

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// heartbeatInterval is how long nothing may be printed while waiting: long
// enough to stay out of the way during a restore of twenty minutes, short
// enough that a build server does not take the job for dead.
const heartbeatInterval = time.Minute

// follower waits on a stream of snapshots and tells what happens.
type follower struct {
	progress *progress
	sink     eventSink
	now      func() time.Time
	// until ends the wait well.
	until func(status.Snapshot) bool
	// hopeless returns the finding that waiting cannot heal, or nil; nil
	// means that the wait goes on whatever is wrong.
	hopeless func(status.Snapshot) *status.Finding

	existed bool // the deployment is known to have been there
	// believe is when a deployment is taken for stopped or deleted at the
	// earliest. Before, what is seen may be from a cache of the API server that
	// has not heard of the latest change.
	believe time.Time
}

// ending says why a wait ended.
type ending int

const (
	endedWell     ending = iota // until held
	endedHopeless               // a fatal finding stands
	endedTimeout                // the time allowed has passed
	endedStopped                // the context was cancelled
	endedBlind                  // the stream of snapshots closed by itself
	endedStill                  // it is scaled to zero groups, so that nothing will start
	endedDeleted                // it was there, and is no more
)

// outcome is how a wait ended, with what was last seen.
type outcome struct {
	ending  ending
	last    status.Snapshot
	seen    bool // last is a snapshot
	finding *status.Finding
}

// errTimeUp is the cause of a context that --timeout ended.
var errTimeUp = errors.New("--timeout passed")

// bounded returns a context that ends with errTimeUp after the time given by
// --timeout; zero never ends it.
func bounded(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, errTimeUp)
}

// isTimeUp says whether --timeout ended a context.
func isTimeUp(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errTimeUp) }

// follow consumes snapshots until one of the endings. It changes nothing in
// the cluster.
func (f *follower) follow(ctx context.Context, snapshots <-chan status.Snapshot) outcome {
	var out outcome
	silence := time.NewTicker(heartbeatInterval)
	defer silence.Stop()
	var again <-chan time.Time // no snapshot comes while nothing changes
	for {
		select {
		case <-ctx.Done():
			out.ending = stoppedBy(ctx)
			return out
		case <-silence.C:
			if out.seen {
				f.sink.emit(f.progress.heartbeat(out.last, f.now()))
			}
		case <-again:
			if end, ok := f.over(out.last); ok {
				out.ending = end
				return out
			}
		case s, ok := <-snapshots:
			if !ok {
				out.ending = stoppedBy(ctx)
				return out
			}
			out.last, out.seen = s, true
			if news := f.progress.observe(s); len(news) > 0 {
				for _, e := range news {
					f.sink.emit(e)
				}
				silence.Reset(heartbeatInterval)
			}
			if f.until(s) {
				out.ending = endedWell
				return out
			}
			if end, ok := f.over(s); ok {
				if early := f.believe.Sub(f.now()); early > 0 {
					again = time.After(early)
					continue
				}
				out.ending = end
				return out
			}
			if f.hopeless != nil {
				if out.finding = f.hopeless(s); out.finding != nil {
					out.ending = endedHopeless
					return out
				}
			}
		}
	}
}

// over says whether there is nothing left that could become ready. A
// deployment that has not been seen yet may still be made; one whose pods are
// on their way out ends as stopped or deleted.
func (f *follower) over(s status.Snapshot) (ending, bool) {
	switch s.Phase {
	case status.NotFound:
		return endedDeleted, f.existed
	case status.Stopped:
		return endedStill, true
	default:
		f.existed = true
		return 0, false
	}
}

// stoppedBy is the ending of a wait whose stream or context ended.
func stoppedBy(ctx context.Context) ending {
	switch {
	case isTimeUp(ctx):
		return endedTimeout
	case ctx.Err() != nil:
		return endedStopped
	default:
		return endedBlind
	}
}
