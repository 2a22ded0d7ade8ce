package conversation

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

func TestEveryEndIsSaidInWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		turn chat.Turn
		want []string
	}{
		{"nothing", chat.Turn{State: chat.Done}, []string{"the model answered nothing"}},
		{"stopped", chat.Turn{State: chat.Stopped, Answer: "so far", Stats: measured}, []string{"so far", "stopped · 0.42 s to first token · 31 tokens/s · tunnel 6 ms"}},
		{"failed", chat.Turn{State: chat.Failed, Answer: "so far", Err: context.DeadlineExceeded}, []string{"so far", "✗ failed: context deadline exceeded", "ctrl+r or /retry asks again"}},
		{
			"failed, with what helps",
			chat.Turn{State: chat.Failed, Err: errors.New("not permitted\n  kubectl auth can-i\n\x1b[2J")},
			[]string{"✗ failed: not permitted\n", "kubectl auth can-i\n"},
		},
		{"failed, kept without its cause", chat.Turn{State: chat.Failed}, []string{"✗ failed: no cause is known"}},
		{"one turn dropped", chat.Turn{State: chat.Done, Answer: "a", Dropped: 1}, []string{"not sent: the oldest turn no longer fits into the model's context"}},
		{"several turns dropped", chat.Turn{State: chat.Done, Answer: "a", Dropped: 3}, []string{"not sent: the oldest 3 turns no longer fit into the model's context"}},
		{"cut", chat.Turn{State: chat.Done, Answer: "a", Cut: true}, []string{"not sent: the beginning of this text"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := session()
			tt.turn.User = "q"
			s.Resume([]chat.Turn{tt.turn})
			p := pane(80, 12, s)
			for _, want := range tt.want {
				if !strings.Contains(screen(p), want) {
					t.Errorf("%q is missing:\n%s", want, screen(p))
				}
			}
		})
	}
}

func TestTheRateOfARunningAnswer(t *testing.T) {
	t.Parallel()
	s := session()
	begin(s, "q")
	p := pane(80, 12, s)
	at := now
	rate := func() string {
		_, rate, _ := strings.Cut(line(screen(p), "answering"), "to first token · ")
		rate, _, _ = strings.Cut(rate, "  ")
		return rate
	}
	come := func(pieces int) {
		p.SetNow(at)
		s.Add("x")
		s.Count(pieces)
		p.Changed()
	}
	come(1)
	if got := rate(); got != "" {
		t.Errorf("of one piece: %q", got)
	}

	// 100 pieces a second, then 200 a second.
	var seen []string
	for i := 1; i <= 200; i++ {
		at = at.Add(10 * time.Millisecond)
		come(1 + i + max(i-100, 0))
		if got := rate(); got != "" && (len(seen) == 0 || got != seen[len(seen)-1]) {
			seen = append(seen, got)
		}
	}
	if diff := cmp.Diff([]string{"100 tokens/s", "133 tokens/s", "150 tokens/s"}, seen); diff != "" {
		t.Errorf("rates of two seconds (-want +got):\n%s", diff)
	}

	// Nothing comes, and time passes.
	for _, want := range []string{"100 tokens/s", "75 tokens/s"} {
		at = at.Add(time.Second)
		p.SetNow(at)
		p.Changed()
		if rate() != want {
			t.Errorf("after %s: %q, want %q", at.Sub(now), rate(), want)
		}
	}
	s.End(measured, nil)
	p.Changed()
	p.SetNow(at.Add(time.Hour))
	if got := line(screen(p), "tokens/s"); !strings.Contains(got, "31 tokens/s") {
		t.Errorf("at the end: %q", got)
	}
}

// line is the first one with a text in it.
func line(screen, with string) string {
	for l := range strings.Lines(screen) {
		if strings.Contains(l, with) {
			return strings.TrimSuffix(l, "\n")
		}
	}
	return ""
}

func TestAnAnswerThatShrinksAtItsEnd(t *testing.T) {
	t.Parallel()
	s := session()
	begin(s, "q")
	p := pane(60, 12, s)
	s.Add("```\ncode\n\n\n \n")
	p.Changed()
	s.End(measured, nil)
	p.Changed()
	want := pane(60, 12, s)
	if diff := cmp.Diff(screen(want), screen(p)); diff != "" {
		t.Errorf("screen (-anew +streamed):\n%s", diff)
	}
}

func TestRetryAndANewAnswer(t *testing.T) {
	t.Parallel()
	s := asked()
	p := pane(60, 20, s)
	press(p, ctrl('r'))
	if _, err := s.Again(now); err != nil {
		t.Fatal(err)
	}
	p.Changed()
	if strings.Contains(screen(p), "failed") {
		t.Errorf("the failed turn is still shown:\n%s", screen(p))
	}
	s.Add("Another answer")
	s.End(measured, nil)
	p.Changed()
	if got := screen(p); !strings.Contains(got, "Another answer") || strings.Contains(got, "It is") {
		t.Errorf("screen:\n%s", got)
	}
}

func TestATurnThatTookThePlaceOfAnotherIsShown(t *testing.T) {
	t.Parallel()
	s := asked()
	p := pane(60, 20, s)
	s.Resume([]chat.Turn{{User: "kept question", Answer: "kept answer", State: chat.Done}})
	p.Changed()
	if got := screen(p); !strings.Contains(got, "kept question") || !strings.Contains(got, "kept answer") || strings.Contains(got, "Japan") {
		t.Errorf("screen:\n%s", got)
	}
}

func TestWhatWillNotBeSentIsSaidBefore(t *testing.T) {
	t.Parallel()
	p := pane(80, 12, session())
	p.SetDraft(strings.Repeat("word ", 2000))
	if !strings.Contains(p.Title(), "of 1024 prompt tokens (estimate)") || !strings.Contains(screen(p), "the text is too long") {
		t.Errorf("title %q:\n%s", p.Title(), screen(p))
	}
	_, err := p.session.Preview(p.Draft())
	p.Refuse(err, p.Draft())
	if n := strings.Count(screen(p), "the text is too long"); n != 1 {
		t.Errorf("after enter it is said %d times:\n%s", n, screen(p))
	}
	if said := strings.Join(strings.Fields(screen(p)), " "); !strings.Contains(said, "let its beginning be cut off with /trim on") {
		t.Errorf("the way on is not said:\n%s", screen(p))
	}
	p.note = note{}
	settings := p.session.Settings()
	settings.Trim = true
	p.configure(settings)
	if !strings.Contains(screen(p), "its beginning will not be sent") {
		t.Errorf("that it will be cut is not said:\n%s", screen(p))
	}
	p = pane(80, 12, asked())
	p.SetDraft(strings.Repeat("word ", 480))
	if !strings.Contains(screen(p), "will not be sent") {
		t.Errorf("that turns will be left out is not said:\n%s", screen(p))
	}
}

func TestALongConversationWithoutALimitIsNotCounted(t *testing.T) {
	t.Parallel()
	s := session()
	s.Configure(chat.Settings{Template: s.Settings().Template})
	s.Resume([]chat.Turn{{User: "q", Answer: "short", State: chat.Done}})
	p := pane(80, 12, s)
	if !strings.Contains(p.Title(), "prompt tokens (estimate)") {
		t.Errorf("title %q", p.Title())
	}
	s.Resume([]chat.Turn{{User: "q", Answer: strings.Repeat("long ", uncounted), State: chat.Done}})
	p.Changed()
	if strings.Contains(p.Title(), "prompt tokens") {
		t.Errorf("title %q", p.Title())
	}
}

func TestAPasteThatIsTooLongIsSaid(t *testing.T) {
	t.Parallel()
	p := pane(80, 12, session())
	p.Update(tea.PasteMsg{Content: strings.Repeat("x", 100<<10)})
	if !strings.Contains(screen(p), "the text was cut: 64.0 kB are taken at most, 36.0 kB were left out") {
		t.Errorf("it is not said:\n%s", screen(p))
	}
	press(p, tea.KeyEscape)
	p.Update(tea.PasteMsg{Content: "more"})
	if strings.Contains(p.Draft(), "more") {
		t.Error("a paste went into an input that does not take letters")
	}
}

func TestATunnelThatIsNotConnectedIsSaid(t *testing.T) {
	t.Parallel()
	p := pane(80, 12, session())
	p.SetModel(Model{Open: true, Tunnel: "connecting"})
	if !strings.Contains(screen(p), "tunnel: connecting") {
		t.Errorf("it is not said:\n%s", screen(p))
	}
}
