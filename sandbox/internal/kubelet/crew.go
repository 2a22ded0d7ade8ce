package kubelet

import (
	"context"
	"errors"
	"sync"
	"time"
)

// crew is a set of goroutines and timers that end together. A crew made of another
// one ends with it, and the outermost waits for all.
type crew struct {
	ctx  context.Context // the crew is the lifetime that its goroutines share
	stop context.CancelFunc
	all  *roster
}

// roster counts goroutines and refuses new ones once somebody waits for the last.
type roster struct {
	mu      sync.Mutex
	closed  bool
	present sync.WaitGroup
}

func newCrew(ctx context.Context) *crew {
	ctx, stop := context.WithCancel(ctx)
	return &crew{ctx: ctx, stop: stop, all: &roster{}}
}

// branch returns a crew that ends with c or when stopped by itself.
func (c *crew) branch() *crew {
	ctx, stop := context.WithCancel(c.ctx)
	return &crew{ctx: ctx, stop: stop, all: c.all}
}

// run starts f, unless the crew has ended. f must return soon after its context ends.
func (c *crew) run(f func(ctx context.Context)) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if c.all.closed || c.ctx.Err() != nil {
		return
	}
	c.all.present.Go(func() { f(c.ctx) })
}

// after calls f in d, unless the crew ends or the returned function is called before.
func (c *crew) after(d time.Duration, f func()) (cancel func()) {
	timer := time.AfterFunc(d, func() { c.run(func(context.Context) { f() }) })
	return func() { timer.Stop() }
}

// errStuck is returned when goroutines do not end though their context has.
var errStuck = errors.New("a container's program or another part does not end")

// wait ends the crew and returns when its last goroutine has, or with errStuck when
// the limit has passed.
func (c *crew) wait(limit time.Duration) error {
	c.stop()
	c.all.mu.Lock()
	c.all.closed = true
	c.all.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.all.present.Wait()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return errStuck
	}
}
