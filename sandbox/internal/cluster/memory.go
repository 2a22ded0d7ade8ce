package cluster

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The API server needs a good part of its memory for a moment only: to install its
// APIs, to publish the schema of new resources. Go gives such memory back in the
// course of minutes, and a sandbox is often the smaller part of what a laptop does.
const (
	releaseInterval = 5 * time.Second
	// releaseWorth is the memory in bytes for which a collection out of turn is worth
	// its third of a second of processor time. An idle sandbox has made so much garbage
	// after half a minute.
	releaseWorth = 24 << 20
)

// releaseMemory gives memory that is no longer needed back to the system, until ctx
// ends.
func releaseMemory(ctx context.Context) {
	ticker := time.NewTicker(releaseInterval)
	defer ticker.Stop()
	before := uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// While the heap grows there is work going on, which would only need the
		// memory again.
		idle, objects := reclaimable()
		if idle >= releaseWorth && objects <= before+releaseWorth/2 {
			debug.FreeOSMemory()
		}
		before = objects
	}
}

// reclaimable returns how many bytes of the heap are free or garbage, and how many
// are taken by objects, garbage included.
func reclaimable() (idle, objects uint64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(samples)
	free, objects, live := samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64()
	return free + objects - min(objects, live), objects
}
