package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// streams are the three standard streams and what is known of them. A
// command asks a question only where both the answer can be typed and the
// question be seen.
type streams struct {
	genericiooptions.IOStreams

	inTTY, outTTY, errTTY bool

	// tty is the terminal itself, for the dashboard; nil without one.
	tty *terminal
}

// canAsk says whether a question can be put to a person: they see it on
// standard error and answer on standard input.
func (s streams) canAsk() bool { return s.inTTY && s.errTTY }

// errBrokenPipe is the cause of a cancelled context when the reader of
// standard output has gone, as with `… | head -1`.
var errBrokenPipe = errors.New("nobody reads standard output any more")

// pipeWriter passes writes on and cancels the command when the reader has
// gone, so that each command stops without checking every write.
type pipeWriter struct {
	mu     sync.Mutex
	w      io.Writer
	cancel context.CancelCauseFunc
}

// Write is safe for concurrent use; each call's bytes stay together.
func (p *pipeWriter) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.w.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		p.cancel(errBrokenPipe)
	}
	return n, err
}

// maxHeld bounds what a lockedWriter keeps back, in bytes.
const maxHeld = 64 << 10

// lockedWriter keeps the bytes of concurrent writes apart. While it is held it
// writes nothing, for the time in which the terminal belongs to the dashboard.
type lockedWriter struct {
	mu   sync.Mutex
	w    io.Writer
	held bool
	kept []byte
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held {
		l.kept = append(l.kept, b[:min(len(b), maxHeld-len(l.kept))]...)
		return len(b), nil
	}
	return l.w.Write(b)
}

// hold keeps back what is written from now on.
func (l *lockedWriter) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = true
}

// holds says whether what is written is held back.
func (l *lockedWriter) holds() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// release writes what was kept back; later writes are not held.
func (l *lockedWriter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = false
	_, _ = l.w.Write(l.kept)
	l.kept = nil
}
