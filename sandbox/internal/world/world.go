package world

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// Options configures a World.
type Options struct {
	// Speed divides every simulated duration, probe delay, probe period and restart
	// back-off; 1 is real time. Values of zero and below mean 1.
	Speed float64
	// Seed makes chance repeatable: equal seeds give equal durations and texts.
	Seed uint64
	// TokensPerSecond is how fast one decode slot of a simulated model emits tokens.
	// It is not divided by Speed, since a person reads the answer. Zero means 30.
	TokensPerSecond float64
}

// World is the outside of all containers of one sandbox.
type World struct {
	speed  float64
	seed   uint64
	tokens float64

	mu     sync.RWMutex
	faults Faults
}

// New returns a world without faults.
func New(o Options) *World {
	w := &World{speed: o.Speed, seed: o.Seed, tokens: o.TokensPerSecond}
	if w.speed <= 0 {
		w.speed = 1
	}
	if w.tokens <= 0 {
		w.tokens = 30
	}
	return w
}

// Speed is the divisor of simulated durations.
func (w *World) Speed() float64 { return w.speed }

// Seed is what the world's chance was made of.
func (w *World) Seed() uint64 { return w.seed }

// TokensPerSecond is the decoding speed of one slot, unaffected by Speed.
func (w *World) TokensPerSecond() float64 { return w.tokens }

// Scale converts a duration of the real system to the sandbox's.
func (w *World) Scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) / w.speed)
}

// Sleep waits a duration of the real system, scaled, or until ctx ends, whose error
// it returns then.
func (w *World) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(w.Scale(d))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Rand returns a source of chance that depends on the seed and key alone, so that
// goroutines cannot disturb each other's sequence. It is for one goroutine.
func (w *World) Rand(key string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash never fails
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

// SetFaults replaces the faults in force. What has already failed stays failed.
func (w *World) SetFaults(f Faults) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = f
}

// Faults returns the faults in force.
func (w *World) Faults() Faults {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.faults
}
