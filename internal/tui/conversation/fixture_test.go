package conversation

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var now = time.Date(2026, 3, 2, 14, 50, 0, 0, time.UTC)

var measured = chat.Stats{
	Framing: chat.Streamed, Chunks: 94, Bytes: 1234, FirstText: 420 * time.Millisecond, Total: 3420 * time.Millisecond,
	RoundTrip: 6 * time.Millisecond, Pod: "jetstream-pathways-0",
}

func session() *chat.Session {
	template, _ := chat.BuiltIn("plain")
	return chat.New(chat.Settings{Template: template, Limits: chat.Limits{MaxPrefill: 1024, MaxTarget: 2048}})
}

// pane is a pane with the focus on a model that answers.
func pane(w, h int, s *chat.Session) *Pane {
	p := New(styles.New(styles.Options{Dark: true}))
	p.SetNow(now)
	p.SetSize(w, h)
	p.SetSession(s)
	p.Focus(true)
	p.SetModel(Model{Open: true, Tunnel: "connected"})
	return p
}

// asked is a conversation of several turns, each with another end.
func asked() *chat.Session {
	s := session()
	ask := func(text, answer string, err error) {
		if _, err := s.Begin(text, now.Add(-10*time.Second)); err != nil {
			panic(err)
		}
		s.Add(answer)
		s.End(measured, err)
	}
	ask("What are the top 2 programming languages for web development?", "1. **JavaScript**: used by over 90 % of websites for client-side scripting\n2. HTML/CSS\n\n```html\n<p>hello</p>\n```", nil)
	ask("And in Japan?", "日本語の文と", context.Canceled)
	ask("Once more,\nplease", "It is", errors.New("the leader jetstream-pathways-0 is gone; the model starts anew"))
	return s
}

func press(p *Pane, what ...any) []tea.Msg {
	var msgs []tea.Msg
	do := func(k tea.KeyPressMsg) {
		if cmd, _ := p.HandleKey(k); cmd != nil {
			msgs = append(msgs, cmd())
		}
	}
	for _, w := range what {
		switch w := w.(type) {
		case string:
			for _, r := range w {
				do(tea.KeyPressMsg{Code: r, Text: string(r)})
			}
		case rune:
			do(tea.KeyPressMsg{Code: w})
		case tea.KeyPressMsg:
			do(w)
		}
	}
	return msgs
}

func ctrl(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Mod: tea.ModCtrl} }

func screen(p *Pane) string {
	lines := strings.Split(ansi.Strip(p.View()), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// fits fails if the pane shows more than it has room for, or what a terminal
// would obey.
func fits(t *testing.T, p *Pane) {
	t.Helper()
	view := p.View()
	rows := strings.Split(view, "\n")
	if view == "" {
		rows = nil
	}
	if len(rows) > p.h {
		t.Fatalf("%d rows on %dx%d:\n%s", len(rows), p.w, p.h, view)
	}
	for _, row := range rows {
		if got := ansi.StringWidth(row); got > p.w {
			t.Fatalf("%d cells on %dx%d: %q", got, p.w, p.h, row)
		}
		for _, r := range ansi.Strip(row) {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%U in %q", r, row)
			}
		}
	}
	if c := p.Cursor(); c != nil && (c.X < 0 || c.Y < 0 || c.X >= p.w || c.Y >= p.h) {
		t.Fatalf("the cursor is at %d,%d on %dx%d", c.X, c.Y, p.w, p.h)
	}
	if strings.ContainsRune(p.Title(), 0x1b) {
		t.Fatalf("title %q", p.Title())
	}
}

// running is a pane on an answer that is coming.
func running() *Pane {
	s := session()
	begin(s, "a question")
	s.Add("some ")
	return pane(60, 12, s)
}
