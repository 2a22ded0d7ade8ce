// Package logtail keeps the last lines of every container's log in memory.
package logtail

import "time"

// Stream names the log of a container of a pod, whichever incarnation of it.
type Stream struct{ Pod, Container string }

// Line is one line of a log.
type Line struct {
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
	// Seq numbers lines in the order of their arrival, over all streams.
	Seq uint64
}
