package driver

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Run drives until ctx ends, which returns its error, or until a thread fails, which
// returns a *ThreadError. Requests that are then under way stay unanswered.
func (d *Driver) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var threads sync.WaitGroup
	for name, run := range map[string]func(context.Context) error{
		"prefill-0": d.prefillThread, "transfer-0": d.transferThread, "generate-0": d.generateThread,
	} {
		threads.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(&ThreadError{Thread: name, Err: err})
			}
		})
	}
	threads.Wait()
	return context.Cause(ctx)
}

func (d *Driver) prefillThread(ctx context.Context) error {
	for {
		r, err := d.backlog.get(ctx)
		if err != nil {
			return err
		}
		if r.dropped() {
			close(r.out)
			continue
		}
		bucket, err := d.bucket(r.tokens + 1) // with the token that begins it
		if err != nil {
			return err
		}
		if err := d.config.Prefill(ctx, bucket); err != nil {
			return err
		}
		if d.next(r) { // the first token comes from the prefill itself
			close(r.out)
			continue
		}
		if err := pass(ctx, d.transfer, r); err != nil {
			return err
		}
	}
}

func (d *Driver) bucket(tokens int) (int, error) {
	if !slices.Contains(buckets, d.config.MaxPrefill) {
		return 0, &BucketError{d.config.MaxPrefill}
	}
	if tokens > d.config.MaxPrefill {
		d.config.OnLongPrompt()
		return d.config.MaxPrefill, nil
	}
	i, _ := slices.BinarySearch(buckets, tokens)
	return buckets[i], nil
}

func (d *Driver) transferThread(ctx context.Context) error {
	for {
		select {
		case r := <-d.transfer:
			if err := pass(ctx, d.generate, r); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// generateThread steps all slots together, as long as one of them is in use.
func (d *Driver) generateThread(ctx context.Context) error {
	var slots []*Request
	// Steps are due at equal distances, so that what a step takes does not slow the
	// next one down. A step that is late by a whole one is not caught up with.
	var due time.Time
	last := time.Now()
	for step, compiled := 1, false; ; step++ {
		if len(slots) == 0 {
			select {
			case r := <-d.generate:
				slots = append(slots, r)
			case <-ctx.Done():
				return ctx.Err()
			}
			due = time.Now()
		}
		if !compiled {
			if err := d.config.Generate(ctx); err != nil {
				return err
			}
			compiled = true
			due = time.Now()
		}
		slots = d.insert(slots)
		if due = due.Add(d.config.StepTime); time.Now().After(due) {
			due = time.Now()
		}
		if err := sleep(ctx, time.Until(due)); err != nil {
			return err
		}
		d.config.OnStep(step, d.config.Slots-len(slots), time.Since(last))
		last = time.Now()
		slots = slices.DeleteFunc(slots, d.step)
	}
}

// insert fills free slots with requests that wait.
func (d *Driver) insert(slots []*Request) []*Request {
	for len(slots) < d.config.Slots {
		select {
		case r := <-d.generate:
			slots = append(slots, r)
		default:
			return slots
		}
	}
	return slots
}

// step gives one request its next token and reports whether its slot is free again.
func (d *Driver) step(r *Request) (free bool) {
	if r.dropped() || d.next(r) {
		close(r.out)
		return true
	}
	return false
}

// pass hands a request on and waits while the queue is full.
func pass(ctx context.Context, to chan<- *Request, r *Request) error {
	select {
	case to <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// queue is first in, first out, without a bound.
type queue struct {
	mu    sync.Mutex
	items []*Request
	ready chan struct{} // holds one token while items is not empty
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

func (q *queue) put(r *Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, r)
	q.signalLocked()
}

func (q *queue) signalLocked() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue) get(ctx context.Context) (*Request, error) {
	select {
	case <-q.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil, errors.New("prefill queue woke up empty")
	}
	r := q.items[0]
	q.items[0] = nil
	if q.items = q.items[1:]; len(q.items) > 0 {
		q.signalLocked()
	}
	return r, nil
}

// Waiting is how many requests wait for their prefill.
func (d *Driver) Waiting() int {
	d.backlog.mu.Lock()
	defer d.backlog.mu.Unlock()
	return len(d.backlog.items)
}
