package tunnel

import (
	"sync"
	"time"
)

// deadline is a moment that can be set again and waited for.
type deadline struct {
	mu    *sync.Mutex
	state *deadlineState
}

type deadlineState struct {
	timer *time.Timer
	done  chan struct{} // closed when the moment has passed
}

func newDeadline() deadline {
	return deadline{mu: &sync.Mutex{}, state: &deadlineState{done: make(chan struct{})}}
}

// set moves the deadline; the zero time means none. Whoever waits for one that
// has not passed goes on to wait for the new one.
func (d deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.timer != nil && !d.state.timer.Stop() {
		<-d.state.done // The timer's function closes it without the lock.
	}
	d.state.timer = nil
	if isClosed(d.state.done) {
		d.state.done = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	done := d.state.done
	if wait := time.Until(t); wait > 0 {
		d.state.timer = time.AfterFunc(wait, func() { close(done) })
	} else {
		close(done)
	}
}

// passed returns a channel that is closed once the deadline has passed.
func (d deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.done
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
