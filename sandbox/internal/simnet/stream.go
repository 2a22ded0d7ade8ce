package simnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// stream is one direction of a connection: a bounded buffer with one waiting room.
// What was read is cut off the front before the buffer grows past twice its content,
// and a large buffer is let go when it runs empty, so an idle connection holds little.
type stream struct {
	mu   sync.Mutex
	cond *sync.Cond
	buf  []byte
	off  int

	writeClosed bool // the writer is done: readers drain, then io.EOF
	readClosed  bool // the reader is gone: writers fail with EPIPE
	torn        bool // as both, but with ECONNRESET once readers have drained
	broken      bool // reset: everybody fails with ECONNRESET

	readDeadline  deadline
	writeDeadline deadline
}

func newStream() *stream {
	s := &stream{}
	s.cond = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.broken:
			return 0, errReset
		case s.readClosed:
			return 0, net.ErrClosed
		case s.readDeadline.passed:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case s.off < len(s.buf):
			n := copy(p, s.buf[s.off:])
			if s.off += n; s.off == len(s.buf) {
				s.buf, s.off = s.buf[:0], 0
				if cap(s.buf) > bufferSize/4 {
					s.buf = nil
				}
			}
			s.cond.Broadcast()
			return n, nil
		case s.torn:
			return 0, errReset
		case s.writeClosed:
			return 0, io.EOF
		}
		s.cond.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for {
		switch {
		case s.broken:
			return written, errReset
		case s.writeClosed:
			return written, net.ErrClosed
		case s.torn:
			return written, errReset
		case s.readClosed:
			return written, syscall.EPIPE
		case s.writeDeadline.passed:
			return written, os.ErrDeadlineExceeded
		case len(p) == 0:
			return written, nil
		}
		if room := bufferSize - (len(s.buf) - s.off); room > 0 {
			if s.off > 0 && s.off >= len(s.buf)/2 {
				s.buf = s.buf[:copy(s.buf, s.buf[s.off:])]
				s.off = 0
			}
			n := min(room, len(p))
			s.buf = append(s.buf, p[:n]...)
			p, written = p[n:], written+n
			s.cond.Broadcast()
			continue
		}
		s.cond.Wait()
	}
}

func (s *stream) closeWrite() { s.change(func() { s.writeClosed = true }) }

// closeRead ends the reading side and tells whether that left something unread.
func (s *stream) closeRead() (unread bool) {
	s.change(func() {
		unread = s.off < len(s.buf)
		s.readClosed = true
		s.buf, s.off = nil, 0
	})
	return unread
}

// tear ends the stream as the arrival of a reset does: what has arrived before can
// still be read.
func (s *stream) tear() { s.change(func() { s.torn = true }) }

func (s *stream) reset() { s.change(func() { s.broken = true; s.buf, s.off = nil, 0 }) }

func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.cond.Broadcast()
}

// deadline wakes a stream's waiters when its time comes. A timer of an earlier
// setting that fires late is told by its generation and ignored.
type deadline struct {
	passed     bool
	generation int
	timer      *time.Timer
}

func (d *deadline) set(s *stream, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stopLocked()
	d.passed = false
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		d.passed = true
		s.cond.Broadcast()
		return
	}
	generation := d.generation
	d.timer = time.AfterFunc(wait, func() {
		s.change(func() {
			if d.generation == generation {
				d.passed = true
			}
		})
	})
}

// stopLocked forgets the timer, which otherwise keeps the stream in memory.
func (d *deadline) stopLocked() {
	d.generation++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
