package chat

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
)

// Answerer sends prompts to a model.
type Answerer interface {
	// Generate sends one request and hands each piece of the answer to deliver,
	// in order. It returns when the answer is complete, when it fails, when
	// deliver returns an error (which is returned) or when ctx is done. What was
	// delivered before an error is text of the answer. Nothing is delivered
	// after it has returned.
	Generate(ctx context.Context, r Request, deliver func(text string) error) (Stats, error)
}

// errComplete stops an Answerer after a stop marker.
var errComplete = errors.New("the answer is complete")

// Ask sends a text and waits for the end of its answer, for a caller without a
// screen. What is certain of the answer goes to deliver as it comes, put together the
// turn's Answer; an error of deliver ends the request. The turn is returned with the
// error by which it did not come to its end.
func (s *Session) Ask(ctx context.Context, a Answerer, text string, now func() time.Time, deliver func(delta string) error) (Turn, error) {
	r, err := s.Begin(text, now())
	if err != nil {
		return Turn{}, err
	}
	shown := 0
	pass := func() error {
		text := s.answer.String()
		if !s.guard.exact {
			// Space waits for the text behind it: at the end it is none of the answer.
			text = strings.TrimRightFunc(text, unicode.IsSpace)
		}
		if len(text) <= shown {
			return nil
		}
		delta := text[shown:]
		shown = len(text)
		return deliver(delta)
	}
	stats, err := a.Generate(ctx, r, func(piece string) error {
		complete := s.Add(piece)
		if err := pass(); err != nil {
			return err
		}
		if complete {
			return errComplete
		}
		return nil
	})
	if errors.Is(err, errComplete) {
		err = nil
	}
	s.show(s.guard.release())
	if failed := pass(); err == nil {
		err = failed
	}
	s.End(stats, err)
	return s.turns[len(s.turns)-1], err
}
