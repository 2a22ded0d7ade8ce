package logstore

import (
	"os"
	"path/filepath"
	"time"
)

const (
	// gather is how long lines wait for others before they are written, unless
	// many come: a write for each line would keep the disk busy.
	gather = 50 * time.Millisecond
	// turn is how often the right to write is asked for while another process
	// has it.
	turn = time.Second
	// heldBytes bounds the lines that wait for that right: the other process
	// keeps them as well, so only those around its end matter.
	heldBytes = 4 << 20
	// diskPause is how long nothing is written after the disk has failed.
	diskPause = 30 * time.Second
	// idleRun is how long a run is remembered that nothing is added to.
	idleRun = 10 * time.Minute
)

// writer is what the one goroutine that writes knows. Nothing of it is shared.
type writer struct {
	s           *Store
	deployments map[string]*tenancy // by directory
	written     int64               // bytes since the last look at the space
	pausedUntil time.Time           // of the disk
}

// tenancy is a deployment that this process writes to or would like to.
type tenancy struct {
	dir  string
	lock *os.File // nil while another process has it
	next time.Time

	held   []batch // in hand, not written yet
	heldBy int     // bytes of held
	lost   map[runKey]missing
	runs   map[runKey]*run
}

func newWriter(s *Store) *writer {
	return &writer{s: s, deployments: map[string]*tenancy{}, written: s.limits.Bytes}
}

// work writes what comes until the Store is closed, and then the rest.
func (w *writer) work() {
	defer w.leave()
	for {
		select {
		case <-w.s.stop:
			w.finish()
			return
		case <-w.s.wake:
			if !w.s.crowded() && !w.pause(gather) {
				continue // Close: the queue is taken above.
			}
			w.writeAll(w.s.take(false))
		case <-w.waiting():
			w.writeAll(nil)
		}
	}
}

// pause reports false when the Store was closed meanwhile.
func (w *writer) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-w.s.stop:
		return false
	}
}

// waiting fires when a deployment with lines in hand may ask for its turn
// again; without one it never does.
func (w *writer) waiting() <-chan time.Time {
	for _, t := range w.deployments {
		if len(t.held) > 0 {
			return time.After(turn)
		}
	}
	return nil
}

// leave gives up all rights to write.
func (w *writer) leave() {
	for _, t := range w.deployments {
		if t.lock != nil {
			_ = t.lock.Close()
		}
	}
}

// writeAll writes batches, and what was held back where that is possible now.
func (w *writer) writeAll(batches []batch) {
	for _, b := range batches {
		t := w.tenancy(b.run.deployment)
		t.held = append(t.held, b)
		t.heldBy += b.size()
	}
	for _, t := range w.deployments {
		if len(t.held) == 0 {
			continue
		}
		if err := w.takeTurn(t); err != nil {
			w.diskFailed(err)
		}
		switch {
		case t.lock != nil:
			w.writeHeld(t)
			t.forgetIdle(time.Now())
		case w.paused():
			t.dropHeld(0, whyDisk)
		default:
			t.dropHeld(heldBytes, whyTurn)
		}
	}
	if w.written >= w.s.step() {
		w.written = 0
		w.makeRoom()
	}
}

func (w *writer) tenancy(d *Deployment) *tenancy {
	t := w.deployments[d.dir]
	if t == nil {
		t = &tenancy{dir: d.dir, lost: map[runKey]missing{}, runs: map[runKey]*run{}}
		w.deployments[d.dir] = t
	}
	return t
}

// takeTurn takes the right to write to a deployment, if it is free.
func (w *writer) takeTurn(t *tenancy) error {
	now := time.Now()
	if t.lock != nil || now.Before(t.next) {
		return nil
	}
	t.next = now.Add(turn)
	if w.paused() {
		return nil
	}
	if err := os.MkdirAll(t.dir, dirMode); err != nil {
		return err
	}
	var err error
	t.lock, err = tryLock(filepath.Join(t.dir, lockFile))
	return err
}

// writeHeld writes all that is in hand, the batches of a run together.
func (w *writer) writeHeld(t *tenancy) {
	var order []runKey
	byRun := map[runKey][]batch{}
	for _, b := range t.held {
		if byRun[b.run] == nil {
			order = append(order, b.run)
		}
		byRun[b.run] = append(byRun[b.run], b)
	}
	t.held, t.heldBy = nil, 0
	for _, key := range order {
		before := t.lost[key]
		delete(t.lost, key)
		if w.paused() {
			t.lose(key, before, byRun[key])
			continue
		}
		n, err := w.writeRun(t, key, before, byRun[key])
		w.written += n
		if err != nil {
			w.diskFailed(err)
		}
	}
}

// writeRun writes the next batches of a run and returns how many bytes that
// took. What an error kept from the disk is missing.
func (w *writer) writeRun(t *tenancy, key runKey, before missing, batches []batch) (int64, error) {
	r := t.runs[key]
	if r == nil {
		var err error
		if r, err = openRun(key); err != nil {
			t.lose(key, before, batches)
			return 0, err
		}
		t.runs[key] = r
	}
	n, lost, err := r.append(before, batches)
	if err != nil {
		// What is on the disk is not known any more: it is looked at again.
		delete(t.runs, key)
		t.lose(key, lost, nil)
	}
	return n, err
}

// finish writes the rest, also the gaps that no line has come after. It asks
// for its turn once more: the other process may have just ended.
func (w *writer) finish() {
	for _, t := range w.deployments {
		t.next = time.Time{}
	}
	w.writeAll(w.s.take(true))
	for _, t := range w.deployments {
		if t.lock == nil {
			continue
		}
		for key := range t.lost {
			t.held = append(t.held, batch{run: key})
		}
		w.writeHeld(t)
	}
}

func (w *writer) paused() bool { return time.Now().Before(w.pausedUntil) }

func (w *writer) diskFailed(err error) {
	w.s.fail(err)
	w.pausedUntil = time.Now().Add(diskPause)
}

// lose counts batches as missing for the disk's sake.
func (t *tenancy) lose(key runKey, before missing, batches []batch) {
	m := t.lost[key]
	m.join(before)
	for _, b := range batches {
		m.join(b.before)
		m.add(b.lines, whyDisk)
	}
	t.lost[key] = m
}

// dropHeld keeps the latest lines in hand that fit, and counts the others as
// missing.
func (t *tenancy) dropHeld(limit int, why string) {
	n := 0
	for ; n < len(t.held) && t.heldBy > limit; n++ {
		b := t.held[n]
		m := t.lost[b.run]
		m.join(b.before)
		m.add(b.lines, why)
		t.lost[b.run] = m
		t.heldBy -= b.size()
	}
	t.held = append([]batch(nil), t.held[n:]...)
}

// forgetIdle drops what is remembered of runs that have ended.
func (t *tenancy) forgetIdle(now time.Time) {
	for key, r := range t.runs {
		if now.Sub(r.used) > idleRun {
			delete(t.runs, key)
		}
	}
}
