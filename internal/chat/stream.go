package chat

import (
	"context"
	"strings"
	"sync"
)

// Stream is an answer on its way from the goroutine that receives it to the
// one that shows it. It holds what came since the last Take, in order and
// without loss; how often it is taken is up to the taker.
type Stream struct {
	changed chan struct{}
	done    chan struct{}

	mu      sync.Mutex
	pending strings.Builder
	pieces  int
	end     *Ended
}

// Ended is how a request ended.
type Ended struct {
	Stats Stats
	Err   error
}

// Start sends a request on a goroutine, which ends with the request. It is
// stopped through ctx.
func Start(ctx context.Context, a Answerer, r Request) *Stream {
	s := &Stream{changed: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		stats, err := a.Generate(ctx, r, func(text string) error {
			s.put(func() {
				s.pending.WriteString(text)
				s.pieces++
			})
			return nil
		})
		s.put(func() { s.end = &Ended{Stats: stats, Err: err} })
	}()
	return s
}

func (s *Stream) put(change func()) {
	s.mu.Lock()
	change()
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Changed receives after something came, once for all that came since the last
// receive.
func (s *Stream) Changed() <-chan struct{} { return s.changed }

// Take returns the text that came since the last call. With the last text it
// returns how the request ended, and so does every later call.
func (s *Stream) Take() (text string, end *Ended) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = s.pending.String()
	s.pending.Reset()
	return text, s.end
}

// Pieces is how many pieces came so far.
func (s *Stream) Pieces() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pieces
}

// Wait returns when the goroutine has ended.
func (s *Stream) Wait() { <-s.done }
