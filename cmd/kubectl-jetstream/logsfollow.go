package main

import (
	"context"
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/watch"
)

const (
	// settling is how long a live line waits for earlier ones of other
	// containers: too short for a person to notice.
	settling = 200 * time.Millisecond
	// maxSettling bounds the lines that wait, in bytes. Beyond it they are
	// printed at once, and what is read of the pods waits for the printing.
	maxSettling = 4 << 20
	// goneFor is how long a deployment must not have been there to count as
	// deleted: an API server may answer from a cache that lags behind.
	goneFor = 2 * time.Second
)

// printOn prints what is logged from now on, until the command is stopped or
// the deployment is deleted.
func (o *logsOptions) printOn(ctx context.Context, c *clients, p *logPrinter, far *progressOfRuns) error {
	live := newLiveLines(o.choice.wants, far)
	s := &sight{clients: c, options: watch.Options{
		Client: c.kube, Dynamic: c.dynamic, Namespace: o.deployment.namespace, Name: o.deployment.name,
		Now: o.now,
		Lines: func(origin status.Origin, ref podlog.Ref, lines []podlog.Line) {
			o.kept.Append(origin, ref, lines)
			live.take(origin, lines)
		},
	}}
	return s.observe(ctx, func(snapshots <-chan status.Snapshot) error {
		defer live.stop()
		return o.printLive(ctx, snapshots, live, p)
	})
}

func (o *logsOptions) printLive(ctx context.Context, snapshots <-chan status.Snapshot, live *liveLines, p *logPrinter) error {
	var (
		remarks followRemarks
		settled <-chan time.Time // fires when the lines that wait have waited
		gone    <-chan time.Time
	)
	for {
		select {
		case <-ctx.Done():
			if err := live.print(p); err != nil {
				return err
			}
			return context.Cause(ctx)
		case entries := <-live.arrived:
			live.add(entries)
			switch {
			case live.size >= maxSettling:
				settled = nil
				if err := live.print(p); err != nil {
					return err
				}
			case settled == nil:
				settled = time.After(settling)
			}
		case <-settled:
			settled = nil
			if err := live.print(p); err != nil {
				return err
			}
		case <-gone:
			if err := live.drain(p); err != nil {
				return err
			}
			o.remarkf("%s in namespace %s was deleted", o.deployment.name, o.deployment.namespace)
			return nil
		case s, ok := <-snapshots:
			switch {
			case !ok:
				return lostSight(ctx)
			case s.Phase != status.NotFound:
				gone = nil
			case gone == nil:
				gone = time.After(goneFor)
			}
			remarks.tell(s, o.remarkf)
			if err := o.kept.trouble(); err != nil {
				o.remarkf("these logs are not kept: %v", err)
			}
		}
	}
}

// liveLines takes lines from those who read the logs to the one who prints
// them.
type liveLines struct {
	wants   func(status.Origin) bool
	far     *progressOfRuns
	arrived chan []logstore.Entry
	stopped chan struct{}

	// What waits is the printer's alone.
	waiting []logstore.Entry
	size    int
}

func newLiveLines(wants func(status.Origin) bool, far *progressOfRuns) *liveLines {
	return &liveLines{
		wants: wants, far: far,
		arrived: make(chan []logstore.Entry, 16), stopped: make(chan struct{}),
	}
}

// take hands over the lines that have not been printed. It waits while the
// printer does not keep up, until stop.
func (l *liveLines) take(origin status.Origin, lines []podlog.Line) {
	if !l.wants(origin) {
		return
	}
	entries := l.far.rest(entriesOf(origin, lines))
	if len(entries) == 0 {
		return
	}
	select {
	case l.arrived <- entries:
	case <-l.stopped:
	}
}

// stop lets go of those who hand over lines.
func (l *liveLines) stop() { close(l.stopped) }

func (l *liveLines) add(entries []logstore.Entry) {
	l.waiting = append(l.waiting, entries...)
	for i := range entries {
		l.size += len(entries[i].Line.Text)
	}
}

// print prints what waits, in the order of time.
func (l *liveLines) print(p *logPrinter) error {
	slices.SortStableFunc(l.waiting, func(a, b logstore.Entry) int { return a.Line.Time.Compare(b.Line.Time) })
	for _, e := range l.waiting {
		if e.Gap == nil && l.far.repeats(e) {
			continue
		}
		if err := p.print(e); err != nil {
			return err
		}
	}
	clear(l.waiting)
	l.waiting, l.size = l.waiting[:0], 0
	return p.flush()
}

// drain prints all that has been handed over.
func (l *liveLines) drain(p *logPrinter) error {
	for {
		select {
		case entries := <-l.arrived:
			l.add(entries)
		default:
			return l.print(p)
		}
	}
}

// followRemarks tells, once each, what keeps lines from being shown.
type followRemarks struct {
	told         map[string]bool
	disconnected bool
}

func (f *followRemarks) tell(s status.Snapshot, remark func(format string, args ...any)) {
	for _, n := range s.Notes {
		if n.Topic != status.TopicLogs || f.told[n.Message] {
			continue
		}
		if f.told == nil {
			f.told = map[string]bool{}
		}
		f.told[n.Message] = true
		remark("%s", n.Message)
	}
	disconnected := !s.DisconnectedSince.IsZero()
	switch {
	case disconnected && !f.disconnected:
		remark("the API server has not answered since %s; trying on", s.DisconnectedSince.UTC().Format(time.RFC3339))
	case f.disconnected && !disconnected:
		remark("the API server answers again")
	}
	f.disconnected = disconnected
}
