package kubelet

import "time"

// The kubelet's back-off, for restarts and pulls alike: ten seconds, doubled with
// every failure up to five minutes, forgotten after twice that without one. These are
// the durations that statuses tell of; waiting for them is scaled.
const (
	backoffFirst = 10 * time.Second
	backoffMost  = 5 * time.Minute
)

// restartBackoff is the back-off of one container's restarts. The first restart is
// not held back.
type restartBackoff struct {
	delay   time.Duration
	updated time.Time
}

// remaining is how long a container that ended must still wait for its next start.
// scale converts durations of the real system to those of the clock.
func (b *restartBackoff) remaining(ended, now time.Time, scale func(time.Duration) time.Duration) time.Duration {
	if b.delay == 0 || ended.Sub(b.updated) > scale(2*backoffMost) {
		return 0
	}
	return max(0, ended.Add(scale(b.delay)).Sub(now))
}

// advance lengthens the delay for the restart after the one that is made now.
func (b *restartBackoff) advance(ended, now time.Time, scale func(time.Duration) time.Duration) {
	if b.delay == 0 || ended.Sub(b.updated) > scale(2*backoffMost) {
		b.delay = backoffFirst
	} else {
		b.delay = min(2*b.delay, backoffMost)
	}
	b.updated = now
}

// pullBackoff is the back-off of the pulls of one image.
type pullBackoff struct {
	delay   time.Duration
	until   time.Time
	message string // the last failure
}

func (b *pullBackoff) fail(message string, now time.Time, scale func(time.Duration) time.Duration) {
	b.delay = min(max(backoffFirst, 2*b.delay), backoffMost)
	b.until = now.Add(scale(b.delay))
	b.message = message
}
