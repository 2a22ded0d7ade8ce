package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// printSoFar prints what is kept and what the pods have, and returns how far
// that came in each run. A pod's log that cannot be read is an error after all
// others have been printed; where it will be followed only if that is not
// permitted, as what follows it tries again.
func (o *logsOptions) printSoFar(ctx context.Context, c *clients, present presentPods, p *logPrinter) (*progressOfRuns, error) {
	far := &progressOfRuns{runs: map[runID]*reached{}}
	sources := []logSource{o.keptSource(p.since)}
	for _, r := range present.runs {
		if o.choice.wants(r.origin) {
			sources = append(sources, o.podSource(c, r, p.since))
		}
	}
	failures, err := mergeLogs(ctx, sources, func(e logstore.Entry) error {
		if e.Gap == nil {
			far.take(e)
		}
		return p.print(e)
	})
	if err != nil {
		return nil, err
	}
	if err := p.settle(); err != nil {
		return nil, err
	}
	if err := p.flush(); err != nil {
		return nil, err
	}
	for _, failure := range failures {
		if !o.follow || errors.Is(failure, podlog.ErrNotPermitted) {
			// The rest of them most probably fails for the same reason.
			return nil, failure
		}
		o.remarkf("%v", failure)
	}
	return far, nil
}

// keptBatch is how many kept lines are handed over at once.
const keptBatch = 256

// keptSource reads the kept logs. What is damaged among them is told, and no
// reason to do without the others.
func (o *logsOptions) keptSource(since time.Time) logSource {
	return func(ctx context.Context, yield func([]logstore.Entry) bool) error {
		var batch []logstore.Entry
		filter := logstore.Filter{Want: o.choice.wants, Since: since}
		err := o.kept.kept().Read(ctx, filter, func(e logstore.Entry) bool {
			if batch = append(batch, e); len(batch) < keptBatch {
				return true
			}
			full := batch
			batch = nil
			return yield(full)
		})
		if len(batch) > 0 {
			yield(batch)
		}
		if err != nil && ctx.Err() == nil && err.Error() != o.damage {
			o.remarkf("%v", err)
		}
		return nil
	}
}

// podSource reads the log of one run from its pod, and keeps it.
func (o *logsOptions) podSource(c *clients, r presentRun, since time.Time) logSource {
	return func(ctx context.Context, yield func([]logstore.Entry) bool) error {
		opts := corev1.PodLogOptions{Previous: r.previous}
		if !since.IsZero() {
			opts.SinceTime = &metav1.Time{Time: since}
		}
		stream, err := openLog(ctx, c.kube, r.ref, opts)
		switch {
		case errors.Is(err, podlog.ErrGone), apierrors.IsBadRequest(err):
			return nil // The pod has been deleted meanwhile, or the run has no log yet.
		case err != nil:
			return logProblem(r, err)
		}
		defer stream.Close()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		// Closing the stream is what ends a Read that waits.
		stop := context.AfterFunc(ctx, func() { stream.Close() })
		defer stop()
		err = podlog.Read(stream, func(lines []podlog.Line) {
			o.kept.Append(r.origin, r.ref, lines)
			if !yield(entriesOf(r.origin, lines)) {
				cancel()
			}
		})
		if err == nil || errors.Is(err, podlog.ErrGone) || ctx.Err() != nil {
			return nil
		}
		return logProblem(r, err)
	}
}

func logProblem(r presentRun, err error) error {
	return fmt.Errorf("reading the log of %s in pod %s: %w", r.origin.Container, r.origin.Pod, err)
}

func entriesOf(origin status.Origin, lines []podlog.Line) []logstore.Entry {
	out := make([]logstore.Entry, len(lines))
	for i := range lines {
		out[i] = logstore.Entry{Origin: &origin, Line: lines[i]}
	}
	return out
}

// progressOfRuns is how far each run was printed. What follows the logs from
// now on reads them from their beginnings.
type progressOfRuns struct {
	mu   sync.Mutex
	runs map[runID]*reached
	// latest is the latest run of each container that was printed, and how far.
	latest map[containerID]*latestRun
}

type latestRun struct {
	reached

	restart int32
}

// reached is the latest line of a run, with those shortly before it.
type reached struct {
	latest time.Time
	lately lately
}

func (p *progressOfRuns) take(e logstore.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := idOf(e.Origin)
	r := p.runs[id]
	if r == nil {
		r = &reached{}
		p.runs[id] = r
	}
	r.take(e)
	p.takeOfContainer(e)
}

func (r *reached) take(e logstore.Entry) {
	r.lately.take(e)
	if e.Line.Time.After(r.latest) {
		r.latest = e.Line.Time
	}
}

func (p *progressOfRuns) takeOfContainer(e logstore.Entry) {
	id := idOfContainer(e.Origin)
	c := p.latest[id]
	if c == nil {
		if p.latest == nil {
			p.latest = map[containerID]*latestRun{}
		}
		c = &latestRun{restart: e.Origin.Restart}
		p.latest[id] = c
	}
	c.restart = max(c.restart, e.Origin.Restart)
	c.take(e)
}

// repeats reports whether a line that follows was printed as one of the run before its
// own (see lineID), and notes it if not. A run has no line from before the end of an
// earlier one.
func (p *progressOfRuns) repeats(e logstore.Entry) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.latest[idOfContainer(e.Origin)]
	if c != nil && e.Origin.Restart > c.restart && !e.Line.Time.After(c.latest) {
		return e.Line.Time.Before(c.latest.Add(-lookBack)) || !c.lately.take(e)
	}
	p.takeOfContainer(e)
	return false
}

// rest drops what was printed of the lines of a run. It may be called for
// several runs at once.
func (p *progressOfRuns) rest(entries []logstore.Entry) []logstore.Entry {
	if len(entries) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id := idOf(entries[0].Origin)
	r := p.runs[id]
	if r == nil {
		return entries
	}
	var out []logstore.Entry
	for i, e := range entries {
		if e.Line.Time.After(r.latest.Add(lookBack)) {
			// From here on everything is new, whatever the node's clock does.
			delete(p.runs, id)
			return append(out, entries[i:]...)
		}
		if !e.Line.Time.Before(r.latest.Add(-lookBack)) && r.lately.take(e) {
			out = append(out, e)
		}
	}
	return out
}
