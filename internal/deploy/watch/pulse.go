package watch

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
)

// How often a leader is asked for its health. While it loads somebody waits
// for the moment it serves; once it serves, only a change is news.
const (
	loadingPulse   = 2 * time.Second
	servingPulse   = 10 * time.Second
	forbiddenPulse = time.Minute
	// patience is how many probes in a row must fail without an answer before
	// a leader that served is no longer taken to: one lost tunnel is none of
	// its doing.
	patience = 3
)

// pulses ask the running leaders for their health, each in a goroutine.
type pulses struct {
	prober Prober
	dirty  func()

	wg sync.WaitGroup

	mu    sync.Mutex
	beats map[types.UID]*beat
}

// beat is the questioning of one leader.
type beat struct {
	stop   context.CancelFunc
	now    chan struct{} // ask at once
	health health.Health
	misses int
}

func newPulses(prober Prober, dirty func()) *pulses {
	return &pulses{prober: prober, dirty: dirty, beats: map[types.UID]*beat{}}
}

// follow asks exactly the leaders among pods that run.
func (p *pulses) follow(ctx context.Context, leaders []*corev1.Pod) {
	if p.prober == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	alive := map[types.UID]bool{}
	for _, pod := range leaders {
		if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue
		}
		alive[pod.UID] = true
		if p.beats[pod.UID] == nil {
			beatCtx, stop := context.WithCancel(ctx)
			b := &beat{stop: stop, now: make(chan struct{}, 1)}
			p.beats[pod.UID] = b
			target := health.Target{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID)}
			p.wg.Go(func() { p.ask(beatCtx, b, target) })
		}
	}
	for uid, b := range p.beats {
		if !alive[uid] {
			b.stop()
			delete(p.beats, uid)
		}
	}
}

// hurry has a leader asked at once, as something about it changed.
func (p *pulses) hurry(uid types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.beats[uid]; b != nil {
		select {
		case b.now <- struct{}{}:
		default:
		}
	}
}

func (p *pulses) ask(ctx context.Context, b *beat, target health.Target) {
	defer b.stop()
	for {
		h := p.prober.Probe(ctx, target)
		if ctx.Err() != nil {
			return
		}
		pause := time.NewTimer(p.learn(b, h))
		select {
		case <-pause.C:
		case <-b.now:
			pause.Stop()
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// learn takes an answer and returns the time until the next question.
func (p *pulses) learn(b *beat, h health.Health) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.health.State == health.Serving && h.State == health.Unknown {
		if b.misses++; b.misses < patience {
			return loadingPulse
		}
	}
	if h.State != health.Unknown {
		b.misses = 0
	}
	before := b.health
	b.health = h.After(before)
	if b.health != before {
		p.dirty()
	}
	switch h.State {
	case health.Serving:
		return servingPulse
	case health.Forbidden:
		return forbiddenPulse
	default:
		return loadingPulse
	}
}

// unasked reports whether a leader has not been asked yet, or has not answered.
func (p *pulses) unasked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.beats {
		if b.health.State == "" {
			return true
		}
	}
	return false
}

// state copies what is known.
func (p *pulses) state() map[types.UID]health.Health {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[types.UID]health.Health, len(p.beats))
	for uid, b := range p.beats {
		if b.health.State != "" {
			out[uid] = b.health
		}
	}
	return out
}
