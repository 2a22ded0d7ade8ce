package podlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// firstDelay is the pause before a stream is opened again that delivered
	// something: long enough for a restarting kubelet not to be flooded.
	firstDelay = 250 * time.Millisecond
	// maxDelay bounds the pauses, which double while nothing comes.
	maxDelay = 10 * time.Second
	// endGrace is how long the end of a stream waits for the news that the run
	// is over. Containers are restarted at once, and a log that is opened again
	// then is that of the next run.
	endGrace = 2 * time.Second
	// lastAttempts is how often the rest of a run that is over is asked for
	// when its log cannot be opened.
	lastAttempts = 5
)

// errForeign says that a stream was the log of a later run.
var errForeign = errors.New("the log is that of a later run")

// Follow delivers the log of one run from its beginning until the run is over
// and its log read to the end. It returns nil then, an error that wraps
// ErrGone or ErrNotPermitted, the last error of the opener when the rest of a
// run that is over cannot be had, or the context's error.
func (f *Follower) Follow(ctx context.Context, ref Ref) error {
	var at position
	delay := firstDelay
	failures := 0
	for {
		progress, over, err := f.once(ctx, ref, &at)
		if progress {
			delay, failures = firstDelay, 0
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case over:
			return nil
		case errors.Is(err, ErrGone), errors.Is(err, ErrNotPermitted):
			return fmt.Errorf("following the log of %s in pod %s: %w", ref.Container, ref.Pod, err)
		case err != nil && f.Ended(ref):
			if failures++; failures >= lastAttempts {
				return fmt.Errorf("reading the rest of the log of %s in pod %s: %w", ref.Container, ref.Pod, err)
			}
		}
		if err := pause(ctx, delay); err != nil {
			return err
		}
		delay = min(2*delay, maxDelay)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over waits for the news that a run is over whose stream has ended well. A
// stream ends so with its container, but also with a restart of the kubelet.
func (f *Follower) over(ctx context.Context, ref Ref) bool {
	for waited := time.Duration(0); !f.Ended(ref); waited += firstDelay {
		if waited >= endGrace || pause(ctx, firstDelay) != nil {
			return false
		}
	}
	return true
}

// once opens the log and reads it until the stream ends. It reports whether
// lines were delivered, and whether the run is over and its log read to the
// end; the error is nil when the stream ended well.
func (f *Follower) once(ctx context.Context, ref Ref, at *position) (progress, over bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := f.Open(ctx, ref, at.resume())
	if err != nil {
		return false, false, err
	}
	defer stream.Close()
	// Closing the stream is what ends a Read that waits.
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	defer stop()

	// A stream is of one run as a whole, so its first line tells whose it is.
	before := at.copy()
	var first time.Time
	foreign := func() bool { return !first.IsZero() && f.Foreign != nil && f.Foreign(ref, first) }
	defer func() {
		if foreign() {
			*at, progress, over = before, false, false
		}
	}()
	lines := newReader(stream)
	for {
		batch, err := lines.batch(at)
		if len(batch) > 0 && first.IsZero() {
			first = batch[0].Time
		}
		if foreign() {
			return false, false, errForeign
		}
		if len(batch) > 0 {
			progress = true
			f.Deliver(ref, batch)
		}
		switch {
		case errors.Is(err, io.EOF):
			over = f.over(ctx, ref)
			if over {
				// Nothing will complete a line that ended without a newline.
				if rest := lines.rest(at); len(rest) > 0 {
					f.Deliver(ref, rest)
				}
			}
			return progress, over, nil
		case err != nil:
			return progress, false, fmt.Errorf("reading: %w", err)
		}
	}
}

// Read delivers the lines of a stream that is not followed, to its end.
func Read(stream io.Reader, deliver func(lines []Line)) error {
	var at position
	lines := newReader(stream)
	for {
		batch, err := lines.batch(&at)
		if errors.Is(err, io.EOF) {
			batch = append(batch, lines.rest(&at)...)
		}
		if len(batch) > 0 {
			deliver(batch)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading: %w", err)
		}
	}
}
