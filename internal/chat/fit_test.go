package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// words is a text of n words, each of which is one token by the estimate.
func words(n int) string { return strings.TrimSpace(strings.Repeat("abc ", n)) }

// between has all numbers from the first on, so that every way to just miss a
// limit is among them.
func between(first, end int) []int {
	var all []int
	for i := first; i < end; i++ {
		all = append(all, i)
	}
	return all
}

func plainSession(t *testing.T, s Settings) *Session {
	t.Helper()
	if s.Template.Name == "" {
		s.Template = builtIn(t, "plain")
	}
	return New(s)
}

// said is a conversation of n turns with ten words each way.
func said(n int) []Turn {
	turns := make([]Turn, n)
	for i := range turns {
		turns[i] = Turn{User: fmt.Sprintf("u%d %s", i+1, words(10)), Answer: fmt.Sprintf("a%d %s", i+1, words(10)), State: Done}
	}
	return turns
}

func TestTheOldestTurnsAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, turns := range []int{0, 1, 2, 3, 7, 8, 40, 1000} {
		limits := append(between(30, 140), 1024)
		if turns > 40 {
			limits = []int{40, 300, 1024}
		}
		for _, limit := range limits {
			s := plainSession(t, Settings{Limits: Limits{MaxPrefill: limit, MaxTarget: 2 * limit}})
			s.Resume(said(turns))
			r, err := s.Preview("And now?")
			if err != nil {
				t.Fatal(err)
			}
			if r.Tokens > limit || r.Tokens != 1+EstimateTokens(r.Text) || r.Limit != limit || r.Cut {
				t.Errorf("%d turns in %d tokens: %+v", turns, limit, r)
			}
			kept := strings.Count(r.Text, "User:") - 1
			if kept+r.Dropped != turns {
				t.Errorf("%d turns in %d tokens: %d kept and %d dropped", turns, limit, kept, r.Dropped)
			}
			for i := 1; i <= turns; i++ {
				if in := strings.Contains(r.Text, fmt.Sprintf("u%d ", i)); in != (i > r.Dropped) {
					t.Errorf("%d turns in %d tokens, %d dropped: turn %d is there: %t", turns, limit, r.Dropped, i, in)
				}
			}
			if r.Dropped == 0 {
				continue
			}
			one := fitting{settings: s.Settings(), limit: limit, earlier: s.exchanges()}
			if _, ok, _ := one.try(kept+1, "And now?"); ok {
				t.Errorf("%d turns in %d tokens: %d are kept and one more would fit", turns, limit, kept)
			}
		}
	}
}

func TestAHugeEarlierAnswerIsLeftOut(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{Limits: Limits{MaxPrefill: 1024, MaxTarget: 2048}})
	s.Resume([]Turn{
		{User: "first", Answer: "one", State: Done},
		{User: "second", Answer: strings.Repeat("long ", 2<<20), State: Done},
		{User: "third", Answer: "three", State: Done},
	})
	r, err := s.Preview("And now?")
	if err != nil || r.Dropped != 2 || !strings.HasPrefix(r.Text, "User: third") {
		t.Errorf("%d dropped, prompt %.80q, error %v", r.Dropped, r.Text, err)
	}
}

func TestATextThatIsTooLongByItself(t *testing.T) {
	t.Parallel()
	limits := Limits{MaxPrefill: 50, MaxTarget: 100}
	long := "START " + strings.Repeat("日本語 ", 300) + "END"
	t.Run("is refused with its length and the limit", func(t *testing.T) {
		t.Parallel()
		s := plainSession(t, Settings{Limits: limits})
		_, err := s.Begin(long, begin)
		var tooLong *TooLongError
		if !errors.As(err, &tooLong) || tooLong.Limit != 50 || tooLong.Tokens < 2700 || tooLong.System {
			t.Fatalf("error %v", err)
		}
		if len(s.Turns()) != 0 || s.Running() {
			t.Error("it became a turn")
		}
		const want = "the text is too long: the prompt would have about 3015 tokens (an estimate) and the model takes 50; shorten it, or let its beginning be cut off"
		if err.Error() != want {
			t.Errorf("error\n%s\nwant\n%s", err, want)
		}
	})
	t.Run("loses its beginning where that is allowed", func(t *testing.T) {
		t.Parallel()
		s := plainSession(t, Settings{Limits: limits, Trim: true})
		s.Resume(said(3))
		r, err := s.Begin(long, begin)
		if err != nil {
			t.Fatal(err)
		}
		turn := s.Turns()[3]
		if !r.Cut || !turn.Cut || turn.User != long || r.Dropped != 3 || turn.Dropped != 3 {
			t.Errorf("%+v, %d of %d bytes kept in the turn", r, len(turn.User), len(long))
		}
		if r.Tokens > 50 || r.Tokens < 45 || !strings.HasSuffix(r.Text, "END\nAssistant:") || !utf8.ValidString(r.Text) || strings.Contains(r.Text, "START") {
			t.Errorf("%d tokens: %q", r.Tokens, r.Text)
		}
	})
	t.Run("keeps as much as fits, whatever the limit", func(t *testing.T) {
		t.Parallel()
		for _, limit := range between(20, 90) {
			s := plainSession(t, Settings{Limits: Limits{MaxPrefill: limit, MaxTarget: 1000}, Trim: true})
			r, err := s.Preview(long)
			if err != nil || r.Tokens > limit || r.Tokens < limit-4 || !utf8.ValidString(r.Text) {
				t.Errorf("%d tokens of %d, error %v: %q", r.Tokens, limit, err, r.Text)
			}
		}
	})
	t.Run("is not cut for a system prompt that leaves no room", func(t *testing.T) {
		t.Parallel()
		s := plainSession(t, Settings{Limits: limits, System: words(60), Trim: true})
		_, err := s.Preview("x")
		var tooLong *TooLongError
		if !errors.As(err, &tooLong) || !tooLong.System {
			t.Errorf("error %v", err)
		}
	})
}

func TestHowLongPromptAndAnswerMayBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		limits         Limits
		maxTokens      int
		prompt, answer int
	}{
		{"nothing is known", Limits{}, 0, 0, DefaultMaxTokens},
		{"what the guide serves", Limits{MaxPrefill: 1024, MaxTarget: 2048}, 0, 1024, 1024},
		{"a shorter answer makes no prompt longer", Limits{MaxPrefill: 1024, MaxTarget: 2048}, 100, 1024, 100},
		{"a longer answer makes the prompt shorter", Limits{MaxPrefill: 1024, MaxTarget: 2048}, 1500, 548, 1500},
		{"only the prompt's length is known", Limits{MaxPrefill: 1024}, 0, 1024, DefaultMaxTokens},
		{"only the whole is known", Limits{MaxTarget: 2048}, 0, 1536, 512},
		{"a whole that leaves nothing beside a full prompt", Limits{MaxPrefill: 256, MaxTarget: 256}, 0, 128, 128},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := plainSession(t, Settings{Limits: tt.limits, MaxTokens: tt.maxTokens})
			r, err := s.Preview("x")
			if err != nil || r.Limit != tt.prompt || r.MaxTokens != tt.answer {
				t.Errorf("prompt of %d and answer of %d tokens, error %v; want %d and %d", r.Limit, r.MaxTokens, err, tt.prompt, tt.answer)
			}
		})
	}
	s := plainSession(t, Settings{Limits: Limits{MaxPrefill: 1024, MaxTarget: 2048}, MaxTokens: 2048})
	if _, err := s.Preview("x"); err == nil || !strings.Contains(err.Error(), "ask for a shorter answer") {
		t.Errorf("an answer as long as the whole: error %v", err)
	}
}

func TestTextsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{})
	for _, text := range []string{"", " \n"} {
		if _, err := s.Begin(text, begin); !errors.Is(err, ErrNoText) {
			t.Errorf("%q: error %v", text, err)
		}
	}
	if _, err := s.Begin("a\xff", begin); err == nil {
		t.Error("bytes that are no UTF-8 are taken")
	}
}

func TestRawSendsTheTextAlone(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Settings{Template: builtIn(t, "raw"), System: "Be brief."})
	s.Resume(said(2))
	r, err := s.Preview(" def f(x):\n")
	if err != nil || r.Text != " def f(x):\n" || r.Dropped != 0 {
		t.Errorf("%+v, error %v", r, err)
	}
}

// The counter under the input is counted anew with each key.
func BenchmarkPreviewOfALongConversation(b *testing.B) {
	s := New(Settings{Template: Template{Name: "plain", write: writePlain}, Limits: Limits{MaxPrefill: 1024, MaxTarget: 2048}})
	s.Resume(said(10_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Preview("And now?"); err != nil {
			b.Fatal(err)
		}
	}
}
