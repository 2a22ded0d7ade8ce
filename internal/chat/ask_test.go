package chat

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// model answers with pieces and an error, as far as it is let.
type model struct {
	pieces []string
	err    error
	stats  Stats
	asked  []Request
	sent   int
}

func (m *model) Generate(ctx context.Context, r Request, deliver func(string) error) (Stats, error) {
	m.asked = append(m.asked, r)
	for _, piece := range m.pieces {
		if err := ctx.Err(); err != nil {
			return m.stats, err
		}
		m.sent++
		if err := deliver(piece); err != nil {
			return m.stats, err
		}
	}
	return m.stats, m.err
}

func fixedClock() time.Time { return begin }

func TestAsk(t *testing.T) {
	t.Parallel()
	reset := errors.New("reset by peer")
	for _, tt := range []struct {
		name   string
		model  model
		deltas []string
		answer string
		state  State
		err    error
		sent   int
	}{
		{"an answer to its end", model{pieces: []string{" Hi", "", " you\n", "!"}}, []string{"Hi", " you", "\n!"}, "Hi you\n!", Done, nil, 4},
		{"what was held back comes at the end", model{pieces: []string{"Hi\nUs"}}, []string{"Hi", "\nUs"}, "Hi\nUs", Done, nil, 1},
		{"space comes with the text behind it", model{pieces: []string{"Hi ", "\t", "you", " \n"}}, []string{"Hi", " \tyou"}, "Hi \tyou", Done, nil, 4},
		{"a space in two pieces", model{pieces: []string{"Hi\xe2\x80", "\xa8"}}, []string{"Hi\xe2\x80"}, "Hi", Done, nil, 2},
		{"space in front of a stop marker is none of the answer", model{pieces: []string{"Hi  \nUser:"}}, []string{"Hi"}, "Hi", Done, nil, 1},
		{"space in front of an error is none either", model{pieces: []string{"Hi "}, err: reset}, []string{"Hi"}, "Hi", Failed, reset, 1},
		{"a stop marker ends the request", model{pieces: []string{"Hi\nUs", "er: x", "y"}}, []string{"Hi"}, "Hi", Done, nil, 2},
		{"an error keeps the text", model{pieces: []string{"Hi"}, err: reset}, []string{"Hi"}, "Hi", Failed, reset, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := plainSession(t, Settings{})
			var deltas []string
			tt.model.stats = Stats{Chunks: 2}
			turn, err := s.Ask(t.Context(), &tt.model, "Hello", fixedClock, func(delta string) error {
				deltas = append(deltas, delta)
				return nil
			})
			if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if turn.Answer != tt.answer || turn.State != tt.state || turn.Stats.Chunks != 2 || turn.Begun != begin {
				t.Errorf("turn %+v", turn)
			}
			if !slices.Equal(deltas, tt.deltas) || tt.model.sent != tt.sent {
				t.Errorf("delivered %q after %d pieces, want %q after %d", deltas, tt.model.sent, tt.deltas, tt.sent)
			}
		})
	}
}

func TestAskThatIsCancelledKeepsTheText(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := plainSession(t, Settings{})
	turn, err := s.Ask(ctx, &model{pieces: []string{"some", "more"}}, "Hello", fixedClock, func(string) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || turn.State != Stopped || turn.Answer != "some" || turn.Err != nil {
		t.Errorf("turn %+v, error %v", turn, err)
	}
}

func TestAskEndsWithItsReader(t *testing.T) {
	t.Parallel()
	for _, pieces := range [][]string{{"some", "more"}, {"\n held back\n"}} {
		s := plainSession(t, Settings{})
		m := &model{pieces: pieces}
		_, err := s.Ask(t.Context(), m, "Hello", fixedClock, func(string) error { return io.ErrClosedPipe })
		if !errors.Is(err, io.ErrClosedPipe) || m.sent != 1 || s.Running() {
			t.Errorf("%q: error %v after %d pieces, running: %t", pieces, err, m.sent, s.Running())
		}
	}
}

func TestAskSendsNothingThatIsRefused(t *testing.T) {
	t.Parallel()
	m := &model{}
	s := plainSession(t, Settings{Limits: Limits{MaxPrefill: 16, MaxTarget: 32}})
	_, err := s.Ask(t.Context(), m, strings.Repeat("word ", 100), fixedClock, nil)
	var tooLong *TooLongError
	if !errors.As(err, &tooLong) || len(m.asked) != 0 || len(s.Turns()) != 0 {
		t.Errorf("error %v, %d requests, %d turns", err, len(m.asked), len(s.Turns()))
	}
}

func TestARawAnswerIsDeliveredToTheLastSpace(t *testing.T) {
	t.Parallel()
	raw, _ := BuiltIn("raw")
	var got strings.Builder
	turn, err := New(Settings{Template: raw}).Ask(t.Context(), &model{pieces: []string{" Hi", " ", "\n"}}, "Hello", fixedClock, func(delta string) error {
		got.WriteString(delta)
		return nil
	})
	if err != nil || got.String() != " Hi \n" || turn.Answer != " Hi \n" {
		t.Errorf("delivered %q, answer %q, error %v", got.String(), turn.Answer, err)
	}
}
