package watch

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
)

// liveLog is the log of one container on its node, with what happens to logs
// there: they grow, are rotated, and begin anew with each run.
type liveLog struct {
	mu   sync.Mutex
	runs []*liveRun
	// opened counts the streams, counted the numbered lines.
	opened, counted int
	// silent is how long a new run says nothing yet.
	silent time.Time
}

type liveRun struct {
	lines []liveLine
	// file is the first line of the present file; only that is read from.
	file int
	over bool
	// breaks counts the times that the connections broke, with broken.
	breaks int
	broken error
	// changed is closed and replaced at every change.
	changed chan struct{}
}

type liveLine struct {
	at   time.Time
	text string
}

func newLiveLog() *liveLog {
	return &liveLog{runs: []*liveRun{{changed: make(chan struct{})}}}
}

// update changes the present run.
func (l *liveLog) update(edit func(*liveRun)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.runs[len(l.runs)-1]
	edit(r)
	close(r.changed)
	r.changed = make(chan struct{})
}

func (l *liveLog) write(text string) {
	l.update(func(r *liveRun) { r.lines = append(r.lines, liveLine{time.Now(), text}) })
}

// count writes the next numbered line.
func (l *liveLog) count() {
	l.mu.Lock()
	n, silent := l.counted, time.Now().Before(l.silent)
	if !silent {
		l.counted++
	}
	l.mu.Unlock()
	if !silent {
		l.write(fmt.Sprint(n))
	}
}

// breakStreams ends all streams, cleanly or with an error.
func (l *liveLog) breakStreams(err error) {
	l.update(func(r *liveRun) { r.breaks, r.broken = r.breaks+1, err })
}

// rotate begins a new file.
func (l *liveLog) rotate() { l.update(func(r *liveRun) { r.file = len(r.lines) }) }

// restart ends the run and begins the next.
func (l *liveLog) restart() {
	l.update(func(r *liveRun) { r.over = true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = append(l.runs, &liveRun{changed: make(chan struct{})})
	l.silent = time.Now().Add(2500 * time.Millisecond)
}

// read is a logReader.
func (l *liveLog) read(ctx context.Context, _ podlog.Ref, opts corev1.PodLogOptions) (io.ReadCloser, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened++
	i := len(l.runs) - 1
	if opts.Previous {
		i--
	}
	if i < 0 {
		return nil, podlog.ErrGone
	}
	run := l.runs[i]
	next := run.file
	for opts.SinceTime != nil && next < len(run.lines) && run.lines[next].at.Before(opts.SinceTime.Time) {
		next++
	}
	ctx, cancel := context.WithCancel(ctx)
	return &liveStream{log: l, run: run, next: next, breaks: run.breaks, ctx: ctx, cancel: cancel}, nil
}

type liveStream struct {
	log     *liveLog
	run     *liveRun
	next    int
	breaks  int
	pending []byte
	ctx     context.Context
	cancel  func()
}

func (s *liveStream) Close() error {
	s.cancel()
	return nil
}

func (s *liveStream) Read(p []byte) (int, error) {
	for {
		if len(s.pending) > 0 {
			n := copy(p, s.pending)
			s.pending = s.pending[n:]
			return n, nil
		}
		if s.ctx.Err() != nil {
			return 0, s.ctx.Err()
		}
		s.log.mu.Lock()
		changed, broken, over := s.run.changed, s.run.breaks != s.breaks, s.run.over
		err := s.run.broken
		if s.next < len(s.run.lines) {
			line := s.run.lines[s.next]
			s.next++
			s.pending = fmt.Appendf(nil, "%s %s\n", line.at.Format(time.RFC3339Nano), line.text)
			if broken {
				// The connection breaks in the middle of a line.
				s.pending = s.pending[:len(s.pending)/2]
				s.next = len(s.run.lines)
			}
		}
		s.log.mu.Unlock()
		switch {
		case len(s.pending) > 0:
		case broken && err != nil:
			return 0, err
		case broken || over:
			return 0, io.EOF
		default:
			select {
			case <-changed:
			case <-s.ctx.Done():
			}
		}
	}
}
