// Package podlog follows the log of one run of a container, whatever happens to
// the connection.
//
// A log stream that ends says nothing about the container: managed clusters
// end streams after hours, kubelets and API servers restart. Unless the run is
// known to be over a Follower opens it again, from the second of the last line
// it has, and drops the lines of that second that it has delivered before. Each
// line is delivered once, in the log's order, in batches. Delivery blocks
// reading, so nothing is dropped on this side; what a node rotates away before
// it was read is gone.
//
// Lines are told apart by time and content, not counted, because a rotated log
// begins anew in the middle of a second. Lines without a timestamp are not the
// container's but the kubelet's own remarks, and are not delivered.
//
// The package knows neither Kubernetes nor a clock but time.Now; streams come
// from an Opener.
package podlog

import (
	"context"
	"errors"
	"io"
	"time"
)

// Ref names one run of a container.
type Ref struct {
	Namespace, Pod, UID, Container string
	// Restart is the number of runs before this one.
	Restart int32
}

// Line is one line of a log.
type Line struct {
	// Time is when the container runtime received the line.
	Time time.Time
	// Text is the line without its newline. Invalid UTF-8 is U+FFFD.
	Text string
	// Cut marks a line that was longer than MaxLine; the rest is missing.
	Cut bool
}

// MaxLine is the longest line that is kept whole, in bytes.
const MaxLine = 1 << 20

// Opener opens the log of a run with timestamps in front of each line, from
// the second of since on (zero: from its beginning), and follows it while the
// container runs.
//
// An error that wraps ErrGone or ErrNotPermitted ends the following; any other
// is met with another attempt, a container that has not started included.
type Opener func(ctx context.Context, ref Ref, since time.Time) (io.ReadCloser, error)

// ErrGone says that the log does not exist any more.
var ErrGone = errors.New("the log is gone")

// ErrNotPermitted says that the log may not be read.
var ErrNotPermitted = errors.New("reading the log is not permitted")

// Follower follows runs of containers. It may be used by many goroutines at
// once if its functions may.
type Follower struct {
	Open Opener
	// Ended reports whether a run is known to be over. Until it is, the end of
	// a stream means another attempt; that a stream ends well shortly before
	// the news is its run's end.
	Ended func(ref Ref) bool
	// Foreign reports whether a line of a time is known to be of a later run
	// than ref: while the news of a run's end is on its way, the log of the
	// next one may be what is opened. The stream is given up then, and the log
	// asked for again from where it was before it. It may be nil.
	Foreign func(ref Ref, at time.Time) bool
	// Deliver takes the next lines. The slice is the receiver's to keep.
	Deliver func(ref Ref, lines []Line)
}
