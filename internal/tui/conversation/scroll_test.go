package conversation

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"
)

var (
	ctrlHome = tea.KeyPressMsg{Code: tea.KeyHome, Mod: tea.ModCtrl}
	ctrlEnd  = tea.KeyPressMsg{Code: tea.KeyEnd, Mod: tea.ModCtrl}
)

// stream adds lines to a running answer.
func stream(p *Pane, from, to int) {
	for i := from; i < to; i++ {
		p.session.Add(fmt.Sprintf("line %d\n\n", i))
		p.Changed()
	}
}

// body is what is shown of the transcript.
func body(p *Pane) string {
	rows := strings.Split(screen(p), "\n")
	return strings.Join(rows[:p.layout().body], "\n")
}

func TestTheTranscriptFollowsUntilSomebodyScrolls(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]func(p *Pane){
		"a page up":     func(p *Pane) { press(p, tea.KeyPgUp) },
		"the wheel":     func(p *Pane) { p.Update(tea.MouseWheelMsg{Button: tea.MouseWheelUp}) },
		"the beginning": func(p *Pane) { press(p, ctrlHome) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := running()
			stream(p, 0, 40)
			if !strings.Contains(screen(p), "line 39") {
				t.Errorf("the end is not shown:\n%s", screen(p))
			}
			back(p)
			// The row that tells of the running answer is below all others.
			p.scroll(-2)
			before := body(p)
			stream(p, 40, 60)
			if diff := cmp.Diff(before, body(p)); diff != "" {
				t.Errorf("what is shown moved (-before +after):\n%s", diff)
			}
			if !strings.Contains(p.Title(), "more below") {
				t.Errorf("title %q", p.Title())
			}
			press(p, ctrlEnd)
			stream(p, 60, 62)
			if !strings.Contains(screen(p), "line 61") || strings.Contains(p.Title(), "more below") {
				t.Errorf("the end is not followed again:\n%s", screen(p))
			}
			press(p, tea.KeyPgUp, tea.KeyPgDown)
			stream(p, 62, 64)
			if !strings.Contains(screen(p), "line 63") {
				t.Errorf("scrolling down to the end does not follow:\n%s", screen(p))
			}
		})
	}
}

func TestPagesMeet(t *testing.T) {
	t.Parallel()
	p := running()
	stream(p, 0, 40)
	press(p, ctrlHome)
	if !strings.HasPrefix(screen(p), "You    a question") {
		t.Errorf("the beginning:\n%s", screen(p))
	}
	seen := map[string]bool{}
	for range 20 {
		for row := range strings.SplitSeq(body(p), "\n") {
			seen[strings.TrimSpace(row)] = true
		}
		press(p, tea.KeyPgDown)
	}
	for i := 1; i < 40; i++ {
		if !seen[fmt.Sprintf("line %d", i)] {
			t.Errorf("line %d was skipped", i)
		}
	}
}

func TestResizingKeepsThePlace(t *testing.T) {
	t.Parallel()
	p := running()
	p.session.Add(strings.Repeat("a paragraph of many rows ", 40) + "\n\n")
	stream(p, 0, 40)
	p.scroll(-1000)
	p.scroll(15)
	for _, w := range []int{100, 24, 118} { // the row is among fewer and more
		p.SetSize(w, 12)
		fits(t, p)
		if first, _, _ := strings.Cut(body(p), "\n"); !strings.Contains(first, "paragraph") {
			t.Errorf("at width %d the first row is %q", w, first)
		}
	}
	p.SetSize(60, 12)
	p.scroll(1000)
	p.scroll(-30)
	first, _, _ := strings.Cut(body(p), "\n")
	for _, w := range []int{30, 100, 12, 60} {
		p.SetSize(w, 12)
		fits(t, p)
	}
	if again, _, _ := strings.Cut(body(p), "\n"); again != first {
		t.Errorf("first row %q, before %q", again, first)
	}
}
