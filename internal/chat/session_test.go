package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var begin = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func TestATurnGoesFromWaitingToDone(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{System: "Be brief.", Limits: Limits{MaxPrefill: 1024, MaxTarget: 2048}})
	r, err := s.Begin("Hello", begin)
	if err != nil {
		t.Fatal(err)
	}
	want := Request{
		Text: "Be brief.\n\nUser: Hello\nAssistant:", MaxTokens: 1024, Tokens: 1 + EstimateTokens("Be brief.\n\nUser: Hello\nAssistant:"),
		Limit: 1024, Stops: []string{"\nUser:"},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if got := s.Turns()[0]; got.State != Waiting || !s.Running() {
		t.Errorf("it begins %v, running: %t", got.State, s.Running())
	}
	if s.Add(" ") || s.Turns()[0].State != Waiting {
		t.Errorf("space alone makes it %v", s.Turns()[0].State)
	}
	if s.Add("Hi") || s.Turns()[0].State != Answering || s.Turns()[0].Answer != "Hi" {
		t.Errorf("while it comes: %+v", s.Turns()[0])
	}
	if !s.Add(" you.\n\nUser: more") || s.Add(" and more") != true {
		t.Error("the stop marker is not told")
	}
	stats := Stats{Chunks: 3, Total: time.Second, Pod: "jetstream-pathways-0"}
	s.End(stats, context.Canceled)
	wantTurn := []Turn{{Number: 1, User: "Hello", Answer: "Hi you.", State: Done, Begun: begin, Stats: stats}}
	if diff := cmp.Diff(wantTurn, s.Turns()); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	if s.Running() {
		t.Error("it still runs")
	}
	if r, err = s.Begin("And?", begin); err != nil || r.Text != "Be brief.\n\nUser: Hello\nAssistant: Hi you.\nUser: And?\nAssistant:" {
		t.Errorf("the next prompt is %q, error %v", r.Text, err)
	}
}

func TestHowATurnEnds(t *testing.T) {
	t.Parallel()
	reset := errors.New("reset by peer")
	for _, tt := range []struct {
		name   string
		pieces []string
		err    error
		answer string
		state  State
		want   error
	}{
		{"with the stream", []string{" Hi", " you \n"}, nil, "Hi you", Done, nil},
		{"with half a marker, which was text", []string{" Hi\nUse"}, nil, "Hi\nUse", Done, nil},
		{"without any text", nil, nil, "", Done, nil},
		{"stopped by the person", []string{" Hi"}, fmt.Errorf("reading the answer: %w", context.Canceled), "Hi", Stopped, nil},
		{"with an error", []string{" Hi"}, reset, "Hi", Failed, reset},
		{"with its time over", []string{" Hi"}, context.DeadlineExceeded, "Hi", Failed, context.DeadlineExceeded},
		{"with an error behind the stop marker", []string{" Hi\nUser:"}, reset, "Hi", Done, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := plainSession(t, Settings{})
			if _, err := s.Begin("Hello", begin); err != nil {
				t.Fatal(err)
			}
			for _, piece := range tt.pieces {
				s.Add(piece)
			}
			s.End(Stats{}, tt.err)
			want := Turn{Number: 1, User: "Hello", Answer: tt.answer, State: tt.state, Err: tt.want, Begun: begin}
			if diff := cmp.Diff(want, s.Turns()[0], cmpopts.EquateErrors()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyOneAnswerAtATime(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{})
	if _, err := s.Begin("Hello", begin); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin("Hello?", begin); !errors.Is(err, ErrRunning) {
		t.Errorf("a second text: error %v", err)
	}
	if _, err := s.Again(begin); !errors.Is(err, ErrRunning) {
		t.Errorf("the same again: error %v", err)
	}
	s.End(Stats{}, nil)
	s.Add("late")
	s.End(Stats{Chunks: 9}, errors.New("late"))
	if got := s.Turns(); len(got) != 1 || got[0].Answer != "" || got[0].State != Done {
		t.Errorf("what comes after the end changes it: %+v", got)
	}
}

func TestAgainAsksInPlaceOfTheLastTurn(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{})
	if _, err := s.Again(begin); err == nil {
		t.Error("there is something to ask again in an empty conversation")
	}
	s.Resume(said(2))
	r, err := s.Again(begin)
	if got := s.Turns(); err != nil || len(got) != 2 || got[1].Number != 2 || got[1].Answer != "" || strings.Count(r.Text, "u2 ") != 1 {
		t.Errorf("turns %+v, prompt %q, error %v", s.Turns(), r.Text, err)
	}
}

func TestWhatIsRefusedAgainKeepsItsAnswer(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{})
	s.Resume(said(2))
	settings := s.Settings()
	settings.Limits = Limits{MaxPrefill: 4, MaxTarget: 8}
	s.Configure(settings)
	before := slices.Clone(s.Turns())
	_, err := s.Again(begin)
	var tooLong *TooLongError
	if !errors.As(err, &tooLong) || s.Running() {
		t.Errorf("error %v, running: %t", err, s.Running())
	}
	if diff := cmp.Diff(before, s.Turns()); diff != "" {
		t.Errorf("turns (-before +after):\n%s", diff)
	}
}

func TestTheModelSeesOnlyTurnsItHasAnswered(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{})
	s.Resume([]Turn{
		{User: "one", Answer: "half", State: Stopped},
		{User: "two", State: Failed, Err: errors.New("refused")},
		{User: "three", Answer: "cut", State: Failed, Err: errors.New("reset")},
	})
	r, err := s.Preview("four")
	const want = "User: one\nAssistant: half\nUser: three\nAssistant: cut\nUser: four\nAssistant:"
	if err != nil || r.Text != want || r.Dropped != 0 {
		t.Errorf("prompt %q, %d dropped, error %v", r.Text, r.Dropped, err)
	}
}

func TestResumeAndClear(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{})
	if _, err := s.Begin("Hello", begin); err != nil {
		t.Fatal(err)
	}
	kept := []Turn{{Number: 7, User: "a", Answer: "b", State: Answering}}
	s.Resume(kept)
	s.Add("late")
	if got := s.Turns()[0]; got.Number != 1 || got.State != Stopped || got.Answer != "b" || s.Running() {
		t.Errorf("resumed %+v, running: %t", got, s.Running())
	}
	if kept[0].State != Answering {
		t.Error("the caller's turns were changed")
	}
	s.Clear()
	if len(s.Turns()) != 0 {
		t.Error("clear leaves turns")
	}
}

func TestSettingsHoldFromTheNextTurn(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{})
	if _, err := s.Begin("Hello", begin); err != nil {
		t.Fatal(err)
	}
	s.Configure(Settings{Template: builtIn(t, "raw")})
	if !s.Add(" Hi\nUser:") {
		t.Error("the running turn lost its stop markers")
	}
	s.End(Stats{}, nil)
	if r, err := s.Preview("next"); err != nil || r.Text != "next" {
		t.Errorf("the next prompt is %q, error %v", r.Text, err)
	}
}

func BenchmarkAdd(b *testing.B) {
	s := New(Settings{Template: Template{Name: "plain", stops: []string{"\nUser:"}, write: writePlain}})
	if _, err := s.Begin("Hello", begin); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Add(" token")
	}
}
