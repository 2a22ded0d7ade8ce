package logstore

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// lineCost is what a waiting line takes beside its text.
const lineCost = 64

// missing is a number of lines of one run that could not be kept. The zero
// value misses nothing.
type missing struct {
	lines    int
	from, to time.Time
	why      string
}

// add counts lines as missing. The first reason stays.
func (m *missing) add(lines []podlog.Line, why string) {
	for i := range lines {
		m.join(missing{lines: 1, from: lines[i].Time, to: lines[i].Time, why: why})
	}
}

// join adds what another one misses.
func (m *missing) join(other missing) {
	if other.lines == 0 {
		return
	}
	if m.lines == 0 {
		*m = other
		return
	}
	m.lines += other.lines
	if other.from.Before(m.from) {
		m.from = other.from
	}
	if other.to.After(m.to) {
		m.to = other.to
	}
}

// Reasons why lines are missing, as they are kept and shown.
const (
	whySlow  = "the disk did not keep up"
	whyDisk  = "the disk could not be written to"
	whyTurn  = "another process kept the logs at that time"
	whySpace = "they were dropped to stay within the space for kept logs"
)

// Append keeps the next lines of a run. It never waits for the disk, and does
// not change the lines.
func (d *Deployment) Append(origin status.Origin, _ podlog.Ref, lines []podlog.Line) {
	if d == nil || len(lines) == 0 {
		return
	}
	size := linesSize(lines)
	s, run := d.store, runKey{d, origin}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.queued > 0 && s.queued+size > s.limits.Queue {
		m := s.lost[run]
		m.add(lines, whySlow)
		s.lost[run] = m
		return
	}
	s.queue = append(s.queue, batch{run: run, lines: lines, before: s.lost[run]})
	delete(s.lost, run)
	s.queued += size
	s.signal()
}

// signal wakes the writer. It never blocks.
func (s *Store) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take empties the queue. With all, what is missing comes too where no line
// followed it.
func (s *Store) take(all bool) []batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.queue
	s.queue, s.queued = nil, 0
	if all {
		for run, m := range s.lost {
			queue = append(queue, batch{run: run, before: m})
		}
		clear(s.lost)
	}
	return queue
}

// crowded reports whether the queue fills faster than it should.
func (s *Store) crowded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued > s.limits.Queue/4
}

func (b batch) size() int { return linesSize(b.lines) }

func linesSize(lines []podlog.Line) int {
	size := 0
	for i := range lines {
		size += len(lines[i].Text) + lineCost
	}
	return size
}
