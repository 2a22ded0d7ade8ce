package main

import (
	"cmp"
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// logSource hands out the entries of one or several logs in batches, nearly in
// the order of time, until there are no more or yield returns false.
type logSource func(ctx context.Context, yield func([]logstore.Entry) bool) error

// mergeLogs hands out the entries of all sources in the order of time, each
// line once: what the pods still have may be kept as well. A source that fails
// ends; why is in the errors. yield may end it all with an error.
func mergeLogs(ctx context.Context, sources []logSource, yield func(logstore.Entry) error) (failures []error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	errs := make([]error, len(sources))
	heads := make([]*mergeHead, len(sources))
	for i, source := range sources {
		batches := make(chan []logstore.Entry, 1)
		heads[i] = &mergeHead{batches: batches, rank: i}
		wg.Go(func() {
			defer close(batches)
			errs[i] = source(ctx, func(entries []logstore.Entry) bool {
				select {
				case batches <- entries:
					return true
				case <-ctx.Done():
					return false
				}
			})
		})
	}
	var open mergeHeads
	for _, h := range heads {
		if h.fill() {
			open = append(open, h)
		}
	}
	heap.Init(&open)
	var once lately
	for len(open) > 0 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		h := open[0]
		e := h.entries[0]
		if e.Gap != nil || once.take(e) {
			if err := yield(e); err != nil {
				return nil, err
			}
		}
		if h.entries = h.entries[1:]; h.fill() {
			heap.Fix(&open, 0)
		} else {
			heap.Pop(&open)
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Every channel is closed, and so every error is there.
	for _, err := range errs {
		if err != nil {
			failures = append(failures, err)
		}
	}
	return failures, nil
}

// mergeHead is a source with the entries that have not been handed out.
type mergeHead struct {
	batches <-chan []logstore.Entry
	entries []logstore.Entry
	rank    int
}

// fill makes sure that there is an entry, and reports false at the end.
func (h *mergeHead) fill() bool {
	for len(h.entries) == 0 {
		var ok bool
		if h.entries, ok = <-h.batches; !ok {
			return false
		}
	}
	return true
}

// mergeHeads is a heap by the times of the next entries.
type mergeHeads []*mergeHead

func (m mergeHeads) Len() int { return len(m) }

func (m mergeHeads) Less(i, j int) bool {
	return cmp.Or(m[i].entries[0].Line.Time.Compare(m[j].entries[0].Line.Time), cmp.Compare(m[i].rank, m[j].rank)) < 0
}

func (m mergeHeads) Swap(i, j int) { m[i], m[j] = m[j], m[i] }

// Push implements heap.Interface.
func (m *mergeHeads) Push(x any) { *m = append(*m, x.(*mergeHead)) }

// Pop implements heap.Interface.
func (m *mergeHeads) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// runID tells runs apart, also where one source knows more of a run than
// another.
type runID struct {
	containerID

	restart int32
}

// containerID tells containers apart.
type containerID struct{ pod, uid, container string }

func idOf(o *status.Origin) runID { return runID{idOfContainer(o), o.Restart} }

func idOfContainer(o *status.Origin) containerID {
	return containerID{o.Pod, string(o.PodUID), o.Container}
}

// lineID tells lines apart. The run is no part of it: the API opens a container's
// present log, and the run that it was opened for may have been over by then, so that
// the next one's beginning is read as that run's too. No container writes the same
// text twice in a nanosecond.
type lineID struct {
	container containerID
	nanos     int64
	text      string
}

func idOfLine(o *status.Origin, l podlog.Line) lineID {
	return lineID{idOfContainer(o), l.Time.UnixNano(), l.Text}
}

// lookBack is how far apart the same line may come from two sources: the lines
// of one log are out of the order of their times by less.
const lookBack = 2 * time.Second

// lately knows the lines that were handed out lately.
type lately struct {
	known map[lineID]bool
	order []lineID
}

// take reports whether a line is new.
func (l *lately) take(e logstore.Entry) bool {
	id := idOfLine(e.Origin, e.Line)
	if l.known[id] {
		return false
	}
	if l.known == nil {
		l.known = map[lineID]bool{}
	}
	l.known[id] = true
	l.order = append(l.order, id)
	for len(l.order) > 1 && id.nanos-l.order[0].nanos > lookBack.Nanoseconds() {
		delete(l.known, l.order[0])
		l.order = l.order[1:]
	}
	return true
}
