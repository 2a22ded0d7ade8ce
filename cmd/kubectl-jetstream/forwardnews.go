package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

const (
	// liveEvery and plainEvery are how often the counts are told while they change, on
	// a terminal and elsewhere.
	liveEvery  = time.Second
	plainEvery = time.Minute
	// failureRest is how long a failure that was told is not told again.
	failureRest = time.Minute
)

// forwardNews tells a person what becomes of a forward. On a terminal its last line
// is the counts, which change in place. It may be used by many goroutines at once.
type forwardNews struct {
	sent, received atomic.Int64 // bytes to and from the model

	w    io.Writer
	live bool

	mu                      sync.Mutex
	open, all, reached, bad int // connections: now, ever, with a leader, broken
	key                     string
	told                    map[string]time.Time // failures
	counts                  string               // as told last
}

func newForwardNews(w io.Writer, live bool) *forwardNews {
	return &forwardNews{w: w, live: live, told: map[string]time.Time{}}
}

// line writes one line, above the counts.
func (n *forwardNews) line(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.write(text)
}

func (n *forwardNews) write(text string) {
	text = safetext.Line(text) + "\n"
	if n.live && n.counts != "" {
		text = "\r" + ansi.EraseLineRight + text + n.counts
	}
	_, _ = io.WriteString(n.w, text)
}

// state tells where connections go, if that has changed.
func (n *forwardNews) state(key, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if key == n.key {
		return
	}
	n.key = key
	clear(n.told)
	n.write(text)
}

// failed tells why a connection was closed, once a while for each reason.
func (n *forwardNews) failed(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bad++
	text := err.Error()
	if last, ok := n.told[text]; ok && time.Since(last) < failureRest {
		return
	}
	n.told[text] = time.Now()
	n.write("A connection was closed: " + text)
}

func (n *forwardNews) opened() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open++
	n.all++
}

func (n *forwardNews) closed() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open--
}

func (n *forwardNews) connected() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reached++
}

// forwarded says whether a connection has ever reached a leader.
func (n *forwardNews) forwarded() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.reached > 0
}

// run tells the counts while they change, until ctx ends.
func (n *forwardNews) run(ctx context.Context) {
	every := plainEvery
	if n.live {
		every = liveEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.tell()
		}
	}
}

// tell writes the counts if they have changed.
func (n *forwardNews) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := n.text()
	if text == n.counts || n.all == 0 {
		return
	}
	n.counts = text
	if n.live {
		text = "\r" + ansi.EraseLineRight + text
	} else {
		text += "\n"
	}
	_, _ = io.WriteString(n.w, text)
}

// total tells the counts of a forward that has ended, if it had connections.
func (n *forwardNews) total() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == 0 {
		return
	}
	text := n.text() + "\n"
	if n.live && n.counts != "" {
		text = "\r" + ansi.EraseLineRight + text
	}
	_, _ = io.WriteString(n.w, text)
}

// text fits one line of any terminal.
func (n *forwardNews) text() string {
	parts := []string{count(n.all, "connection")}
	if n.open > 0 {
		parts = append(parts, fmt.Sprintf("%d open", n.open))
	}
	if n.bad > 0 {
		parts = append(parts, fmt.Sprintf("%d broken", n.bad))
	}
	return strings.Join(append(parts, bytesText(n.sent.Load())+" sent", bytesText(n.received.Load())+" received"), ", ")
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	}
	return count(int(n), "byte")
}
