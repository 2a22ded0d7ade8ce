package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// DefaultPatience is how long a dial of a Route goes on at most.
	DefaultPatience = 30 * time.Second
	// attemptTimeout bounds the dial to one leader. It is far beyond the round
	// trips that it takes, and is what finds out that a shared connection has
	// gone silent (sleep, another network).
	attemptTimeout = 5 * time.Second
	// firstPause is the wait before a row of leaders is tried again. It doubles
	// each time, up to maxPause.
	firstPause = 250 * time.Millisecond
	maxPause   = 10 * time.Second
)

// Route dials a port of whichever leader of one deployment can answer. Each dial
// asks for the candidates, and again when it fails, so that it follows the groups: a
// leader that was recreated, a rolling update, several replicas.
//
// What may pass is tried again, another leader at once and the same ones after a
// pause: a tunnel that was lost, a pod that is not running any more. Nothing has
// been sent by then, so nothing is sent twice. What waiting does not heal is
// returned at once: a *NotPermittedError, and the errors of Pick.
//
// A Route may be used by many goroutines at once; its fields are not changed then.
type Route struct {
	Tunnel *Tunnel
	Port   int
	// Candidates are the leaders as far as they are known. It is asked at each dial and
	// before each row of attempts, so it should cost little; again says that the row
	// before failed, so that what is known may be out of date. Its error ends the dial.
	Candidates func(ctx context.Context, again bool) ([]Candidate, error)
	// Group is the one group that is talked to; nil takes any.
	Group *int
	// Patience bounds a dial besides its context; 0 means DefaultPatience.
	Patience time.Duration

	mu        sync.Mutex
	last      Pod
	roundTrip time.Duration
}

// DialContext connects to a leader; network and address are not looked at. What the
// node says about the port comes from the connection's Read, as with a Tunnel.
func (r *Route) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	patience := r.Patience
	if patience == 0 {
		patience = DefaultPatience
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause, again := firstPause, false; ; pause, again = min(2*pause, maxPause), true {
		candidates, err := r.Candidates(within, again)
		if err != nil {
			return nil, fmt.Errorf("looking for a leader: %w", err)
		}
		c, err := r.dialAny(within, candidates)
		if err == nil {
			return c, nil
		}
		if !mayPass(err) {
			return nil, err
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
			continue
		case <-within.Done():
			wait.Stop()
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connecting to the model: %w (%w)", ctx.Err(), err)
		}
		return nil, fmt.Errorf("connecting to the model, given up after %s: %w", patience, err)
	}
}

// dialAny tries each leader that may answer, the best first, until one can be
// connected to. Its error is that of the last leader tried.
func (r *Route) dialAny(ctx context.Context, candidates []Candidate) (net.Conn, error) {
	if r.Group != nil {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(c Candidate) bool { return c.Group != *r.Group })
	}
	var last error
	for {
		pod, err := Pick(candidates)
		if err != nil && last == nil {
			last = err
			if r.Group != nil {
				last = fmt.Errorf("group %d: %w", *r.Group, err)
			}
		}
		if err != nil {
			return nil, last
		}
		c, err := r.attempt(ctx, pod)
		if err == nil || !mayPass(err) {
			return c, err
		}
		last = err
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(c Candidate) bool { return c.Pod == pod })
	}
}

func (r *Route) attempt(ctx context.Context, pod Pod) (net.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	c, err := r.Tunnel.dial(limited, pod, r.Port)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = &LostError{Pod: pod, Err: err}
		}
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.roundTrip = pod, c.roundTrip
	return c, nil
}

// Last is the pod of the last dial that succeeded, and how long its node took to
// acknowledge a stream then: the way through the API server and back, without
// anything of the pod itself. Both are zero before.
func (r *Route) Last() (pod Pod, roundTrip time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last, r.roundTrip
}

// mayPass reports whether the failure of a dial may be gone at the next one.
func mayPass(err error) bool {
	var (
		lost       *LostError
		notRunning *PodNotRunningError
	)
	return errors.As(err, &lost) || errors.As(err, &notRunning)
}
