package conversation

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

func long(turns int) *chat.Session {
	s := session()
	var all []chat.Turn
	for i := range turns {
		all = append(all, chat.Turn{
			User: fmt.Sprintf("question %d", i), State: chat.Done, Stats: measured, Begun: now,
			Answer: "An answer with **some** words in it, and code:\n\n```go\nfunc f() int {\n\treturn 1\n}\n```\n\n1. one\n2. two\n",
		})
	}
	s.Resume(all)
	return s
}

// Not parallel: it counts allocations.
func TestAFrameOfALongConversationAllocatesAsMuchAsThatOfAShortOne(t *testing.T) {
	allocations := func(turns int) float64 {
		p := pane(118, 30, long(turns))
		press(p, tea.KeyPgUp)
		p.View()
		return testing.AllocsPerRun(20, func() { _ = p.View() })
	}
	if short, long := allocations(8), allocations(1000); long > short+8 {
		t.Errorf("%v allocations a frame, %v in a short conversation", long, short)
	}
}

// BenchmarkFrame draws a long conversation.
func BenchmarkFrame(b *testing.B) {
	for _, turns := range []int{10, 1000} {
		for _, follow := range []bool{true, false} {
			b.Run(fmt.Sprintf("%d turns, follow %t", turns, follow), func(b *testing.B) {
				p := pane(118, 30, long(turns))
				if !follow {
					press(p, tea.KeyPgUp)
				}
				b.ReportAllocs()
				for b.Loop() {
					p.View()
				}
			})
		}
	}
}

// BenchmarkToken takes a token and draws, behind answers of several lengths in
// a conversation of 100 turns.
func BenchmarkToken(b *testing.B) {
	for _, lines := range []int{20, 2000} {
		b.Run(fmt.Sprintf("%d lines", lines), func(b *testing.B) {
			s := long(100)
			if _, err := s.Begin("q", now); err != nil {
				b.Fatal(err)
			}
			p := pane(118, 30, s)
			s.Add(strings.Repeat("A line with **some** words and `code` in it.\n\n", lines/2))
			p.Changed()
			p.View()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				token := "word "
				if i%20 == 19 {
					token = "end.\n\n"
				}
				s.Add(token)
				p.Changed()
				p.View()
			}
		})
	}
}

// BenchmarkHugePiece takes 10 MB at once and draws.
func BenchmarkHugePiece(b *testing.B) {
	piece := strings.Repeat("words of an answer ", 10<<20/19)
	for b.Loop() {
		s := session()
		if _, err := s.Begin("q", now); err != nil {
			b.Fatal(err)
		}
		s.Add(piece)
		p := pane(118, 30, s)
		p.View()
	}
}
