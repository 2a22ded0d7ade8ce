package chat

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
)

// ErrRunning is returned where a second answer would be asked for before the
// first has ended.
var ErrRunning = errors.New("the model is still answering; stop it first or wait")

var errNothingAgain = errors.New("there is nothing to ask again")

// Session is a conversation. It belongs to one goroutine.
type Session struct {
	settings Settings
	turns    []Turn
	running  bool
	guard    guard
	answer   *strings.Builder // of the running turn
}

// New returns a conversation in which nothing was said.
func New(settings Settings) *Session { return &Session{settings: settings} }

// Settings returns the settings that the next turn will have.
func (s *Session) Settings() Settings { return s.settings }

// Configure changes the settings from the next turn on.
func (s *Session) Configure(settings Settings) { s.settings = settings }

// Turns returns the turns, the oldest first. They belong to the Session: they
// are not to be changed, and hold until the next call of one of its methods.
func (s *Session) Turns() []Turn { return s.turns }

// Running reports whether a turn waits for the end of its answer.
func (s *Session) Running() bool { return s.running }

// Preview returns what Begin would send, and the error with which it would
// refuse the text. It changes nothing.
func (s *Session) Preview(text string) (Request, error) {
	return s.settings.request(s.exchanges(), text)
}

// Begin adds a turn that waits for its answer and returns what is to be sent
// for it. A text that is refused adds none.
func (s *Session) Begin(text string, now time.Time) (Request, error) {
	if s.running {
		return Request{}, ErrRunning
	}
	r, err := s.Preview(text)
	if err != nil {
		return Request{}, err
	}
	s.turns = append(s.turns, Turn{
		Number: len(s.turns) + 1, User: text, Begun: now, Dropped: r.Dropped, Cut: r.Cut,
	})
	s.running, s.guard, s.answer = true, newGuard(s.settings.Template), &strings.Builder{}
	return r, nil
}

// exchanges are the turns that the model is to see: those it has answered, if
// only in part.
func (s *Session) exchanges() []exchange {
	var said []exchange
	for _, t := range s.turns {
		if t.Answer != "" {
			said = append(said, exchange{t.User, t.Answer})
		}
	}
	return said
}

// Add takes a piece of the running answer. It returns true once the answer is
// complete by a stop marker; then nothing more is wanted, and the request
// should be cancelled. Without a running turn it does nothing.
func (s *Session) Add(piece string) (complete bool) {
	if !s.running {
		return false
	}
	s.show(s.guard.add(piece))
	return s.guard.complete
}

// Count tells in how many pieces the running answer came so far. Without a running turn
// it does nothing.
func (s *Session) Count(pieces int) {
	if s.running {
		s.turns[len(s.turns)-1].Stats.Chunks = pieces
	}
}

// show appends to the running turn's answer.
func (s *Session) show(text string) {
	if text == "" {
		return
	}
	t := &s.turns[len(s.turns)-1]
	s.answer.WriteString(text)
	t.Answer, t.State = s.answer.String(), Answering
}

// End ends the running turn with what its request ended with: it is done
// without an error or when a stop marker came before it, stopped when the
// request was cancelled, and failed otherwise. Without a running turn it does
// nothing.
func (s *Session) End(stats Stats, err error) {
	if !s.running {
		return
	}
	s.show(s.guard.release())
	t := &s.turns[len(s.turns)-1]
	if !s.guard.exact {
		t.Answer = strings.TrimRightFunc(t.Answer, unicode.IsSpace)
	}
	t.Stats = stats
	switch {
	case err == nil, s.guard.complete:
		t.State = Done
	case errors.Is(err, context.Canceled):
		t.State = Stopped
	default:
		t.State, t.Err = Failed, err
	}
	s.running, s.guard, s.answer = false, guard{}, nil
}

// Again asks the last question anew: its turn begins from the start. Where the text
// is refused by now, the turn keeps its answer.
func (s *Session) Again(now time.Time) (Request, error) {
	last := len(s.turns) - 1
	switch {
	case s.running:
		return Request{}, ErrRunning
	case last < 0:
		return Request{}, errNothingAgain
	}
	before := s.turns
	s.turns = before[:last:last]
	r, err := s.Begin(before[last].User, now)
	if err != nil {
		s.turns = before
	}
	return r, err
}

// Clear forgets all turns. What still comes for a running one is ignored.
func (s *Session) Clear() { s.Resume(nil) }

// Resume goes on with the turns of a kept conversation instead of its own. A
// turn that had not ended when it was kept counts as stopped.
func (s *Session) Resume(turns []Turn) {
	s.running, s.guard, s.answer = false, guard{}, nil
	s.turns = slices.Clone(turns)
	for i := range s.turns {
		t := &s.turns[i]
		t.Number = i + 1
		if !t.State.Ended() {
			t.State = Stopped
		}
	}
}
