package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// paced sends numbered words, one each millisecond, until it is cancelled.
type paced struct{ words int }

func (p paced) Generate(ctx context.Context, _ Request, deliver func(string) error) (Stats, error) {
	for i := range p.words {
		select {
		case <-ctx.Done():
			return Stats{Chunks: i}, ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if err := deliver(fmt.Sprintf("%d ", i)); err != nil {
			return Stats{Chunks: i}, err
		}
	}
	return Stats{Chunks: p.words}, nil
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d ", i)
	}
	return b.String()
}

func TestASlowTakerLosesNothing(t *testing.T) {
	t.Parallel()
	for _, pause := range []time.Duration{0, time.Microsecond, 16 * time.Millisecond, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := Start(t.Context(), paced{words: 1000}, Request{})
			var got strings.Builder
			takes := 0
			for {
				<-s.Changed()
				time.Sleep(pause)
				text, end := s.Take()
				got.WriteString(text)
				takes++
				if end == nil {
					continue
				}
				if end.Err != nil || end.Stats.Chunks != 1000 {
					t.Errorf("taken each %v: ended with %+v", pause, end)
				}
				break
			}
			if got.String() != numbers(1000) {
				t.Errorf("taken each %v: %d bytes of %d, or in another order", pause, got.Len(), len(numbers(1000)))
			}
			if pause == 16*time.Millisecond && takes > 70 {
				t.Errorf("a taker of each %v was woken %d times for a second of text", pause, takes)
			}
			if s.Pieces() != 1000 {
				t.Errorf("taken each %v: %d pieces", pause, s.Pieces())
			}
			if text, end := s.Take(); text != "" || end == nil {
				t.Errorf("after the end: %q, %v", text, end)
			}
			s.Wait()
		})
	}
}

func TestAStreamTellsOfAllThatCameOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t.Context(), paced{words: 5}, Request{})
		s.Wait()
		<-s.Changed()
		select {
		case <-s.Changed():
			t.Error("it tells twice of the same")
		default:
		}
		if text, end := s.Take(); text != numbers(5) || end == nil {
			t.Errorf("%q, %v", text, end)
		}
	})
}

func TestCancellingAStreamKeepsWhatCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		session := plainSession(t, Settings{})
		r, err := session.Begin("Count.", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s := Start(ctx, paced{words: 1000}, r)
		time.Sleep(10*time.Millisecond + time.Microsecond)
		cancel()
		s.Wait()
		text, end := s.Take()
		if end == nil {
			t.Fatal("the stream has not ended")
		}
		session.Add(text)
		session.End(end.Stats, end.Err)
		turn := session.Turns()[0]
		if turn.State != Stopped || turn.Answer != strings.TrimSpace(numbers(10)) || turn.Stats.Chunks != 10 {
			t.Errorf("turn %+v", turn)
		}
	})
}

func TestAStreamHoldsOnlyWhatWasNotTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t.Context(), paced{words: 10_000}, Request{})
		largest := 0
		for end := (*Ended)(nil); end == nil; {
			time.Sleep(16 * time.Millisecond)
			s.mu.Lock()
			largest = max(largest, s.pending.Cap())
			s.mu.Unlock()
			_, end = s.Take()
		}
		if largest > 1024 {
			t.Errorf("it held %d bytes for 16 ms of text", largest)
		}
		s.Wait()
	})
}

// flood sends as fast as it can from another goroutine, so that the race
// detector sees both sides.
type flood struct{ err error }

func (f flood) Generate(_ context.Context, _ Request, deliver func(string) error) (Stats, error) {
	for i := range 20_000 {
		if err := deliver(fmt.Sprintf("%d ", i)); err != nil {
			return Stats{}, err
		}
	}
	return Stats{}, f.err
}

func TestStreamsAtFullSpeed(t *testing.T) {
	t.Parallel()
	reset := errors.New("reset by peer")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s := Start(t.Context(), flood{reset}, Request{})
			var got strings.Builder
			for end := (*Ended)(nil); end == nil; {
				<-s.Changed()
				var text string
				text, end = s.Take()
				got.WriteString(text)
				if end != nil && !errors.Is(end.Err, reset) {
					t.Errorf("ended with %v", end.Err)
				}
			}
			if got.String() != numbers(20_000) {
				t.Error("text was lost or came in another order")
			}
		})
	}
	all.Wait()
}
