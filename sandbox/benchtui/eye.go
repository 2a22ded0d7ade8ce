package main

import (
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

// eye watches a screen for a condition and takes the time at which it comes true. It
// looks as soon as the screen has taken in a piece of output, and at few cells, so
// that looking takes none of what is measured.
type eye struct {
	mu   sync.Mutex
	term *terminal.Terminal
	want func(*terminal.Terminal) bool // nil while nothing is awaited
	seen chan time.Time
}

func newEye() *eye { return &eye{seen: make(chan time.Time, 1)} }

func (e *eye) on(t *terminal.Terminal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.term = t
}

// expect awaits a condition; the time comes from the channel.
func (e *eye) expect(want func(*terminal.Terminal) bool) <-chan time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.seen:
	default:
	}
	e.want = want
	return e.seen
}

// look is called after each piece of output.
func (e *eye) look([]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.want == nil || e.term == nil || !e.want(e.term) {
		return
	}
	e.want = nil
	e.seen <- time.Now()
}
