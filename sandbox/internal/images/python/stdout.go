// Package python has what the simulated Python servers share: the buffering of
// standard output, the three dialects of their logs, and tracebacks.
package python

import (
	"io"
	"strings"
	"sync"
)

// bufferSize is how much print() gathers before it writes on its own.
const bufferSize = 8192

// Stdout is the standard output of a Python process whose output is a pipe: print
// without flush=True waits in a buffer until something flushes it, so such a line can
// appear long after it was printed, and is lost when the process is killed. It may be
// used by several goroutines.
type Stdout struct {
	w          io.Writer
	unbuffered bool

	mu  sync.Mutex
	buf strings.Builder
}

// NewStdout buffers in front of w, unless the environment asks for unbuffered output.
func NewStdout(w io.Writer, env map[string]string) *Stdout {
	return &Stdout{w: w, unbuffered: env["PYTHONUNBUFFERED"] != ""}
}

// Print is print(text).
func (s *Stdout) Print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.WriteString(text)
	s.buf.WriteByte('\n')
	if s.unbuffered || s.buf.Len() >= bufferSize {
		s.flushLocked()
	}
}

// PrintFlush is print(text, flush=True), which is also what a logging handler on
// standard output amounts to.
func (s *Stdout) PrintFlush(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.WriteString(text)
	s.buf.WriteByte('\n')
	s.flushLocked()
}

// Flush writes what waits, as a process that ends by itself does.
func (s *Stdout) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushLocked()
}

func (s *Stdout) flushLocked() {
	if s.buf.Len() > 0 {
		_, _ = io.WriteString(s.w, s.buf.String()) // a container's log never fails
		s.buf.Reset()
	}
}

// Write prints p and flushes, so that a Stdout can stand where a writer is wanted.
func (s *Stdout) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Write(p)
	s.flushLocked()
	return len(p), nil
}
