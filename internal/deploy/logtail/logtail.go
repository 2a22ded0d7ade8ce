// Package logtail keeps the last lines of every container's log in memory.
//
// A Book takes lines as they arrive and numbers them in that order. What it
// keeps is bounded twice: by lines in each stream, so that a talkative
// container cannot push its own history far, and by bytes over all streams,
// where the largest stream gives way first, so that a talkative container
// cannot push out what a quiet one said. A line that is too long is kept cut
// and says so; nothing else is changed.
//
// A Book is safe for concurrent use. Append never waits for a reader: readers
// copy what they ask for, a bounded number of lines at a time, and hear of new
// lines through a mark that holds no lines. A reader that is too slow learns
// that it has lost some.
package logtail

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
)

// What a Book keeps where its Limits do not say otherwise.
const (
	// DefaultLines is how many lines of a stream are kept: more than a start-up
	// prints, and some hours of a server at work.
	DefaultLines = 5000
	// DefaultBytes bounds the memory of all streams together. Short lines of
	// two hundred containers use it up at about a thousand lines each.
	DefaultBytes = 24 << 20
	// MaxText is how much of one line is kept, in bytes: nobody reads further
	// on a screen, and a line may be a megabyte.
	MaxText = 16 << 10
)

// Limits are what a Book keeps at most. Zero means the default.
type Limits struct {
	// Lines is per stream.
	Lines int
	// Bytes is over all streams, what the book itself needs for each line
	// included.
	Bytes int
}

// Stream names the log of a container of a pod, whichever incarnation of it.
type Stream struct{ Pod, Container string }

// Line is one line of a log.
type Line struct {
	// Stream is whose line it is.
	Stream Stream
	// UID is the pod's, Restart the number of runs of the container before the
	// one that wrote the line.
	UID     string
	Restart int32
	// Time is when the container runtime received the line.
	Time time.Time
	// Text is as it came, control characters included: whoever shows it has to
	// pass it through safetext.
	Text string
	// Cut marks a line of which the end is missing, as it was longer than is
	// kept of one.
	Cut bool
	// Seq numbers lines in the order of their arrival, over all streams. The
	// first is 1.
	Seq uint64
}

// Ref returns the run of the container that wrote the line, but for its
// namespace.
func (l Line) Ref() podlog.Ref {
	return podlog.Ref{Pod: l.Stream.Pod, UID: l.UID, Container: l.Stream.Container, Restart: l.Restart}
}
