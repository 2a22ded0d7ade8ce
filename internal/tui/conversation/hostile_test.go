package conversation

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

func TestHostileText(t *testing.T) {
	t.Parallel()
	const evil = "\x1b]0;evil\x07\u202e\x1b[2J"
	s := session()
	s.Resume([]chat.Turn{
		{User: "q" + evil, Answer: "a" + evil + "&#27;[2J", State: chat.Failed, Err: errors.New("e" + evil), Stats: chat.Stats{Total: time.Second, Pod: "p" + evil}},
	})
	p := pane(60, 20, s)
	p.full = true
	p.SetModel(Model{Lines: []string{"l" + evil}})
	p.Refuse(errors.New("r"+evil), evil)
	fits(t, p)
	shown := screen(p)
	p.SetModel(Model{Open: true, Tunnel: "t" + evil})
	fits(t, p)
	if shown += screen(p); strings.Contains(shown, "evil") {
		t.Errorf("an escape sequence is left:\n%s", shown)
	}
}

func TestAnAnswerWithoutEndIsShownInPart(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string]string{
		"one line":   strings.Repeat("日", 10<<20/3),
		"many lines": strings.Repeat("a line of an answer\n\n", 10<<20/21),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := session()
			begin(s, "q")
			p := pane(60, 20, s)
			s.Add(piece)
			p.Changed()
			s.Add("the end")
			p.Changed()
			fits(t, p)
			const said = "shown up to here: 1.0 MB of 10.0 MB; /copy and /save have all of it"
			if got := strings.Join(strings.Fields(screen(p)), " "); !strings.Contains(got, said) {
				t.Errorf("it is not said:\n%s", got)
			}
			if !strings.HasSuffix(p.Copy(), "the end") {
				t.Error("the copy is cut")
			}
			press(p, ctrlHome)
			if !strings.HasPrefix(screen(p), "You    q") {
				t.Errorf("the beginning:\n%s", screen(p))
			}
		})
	}
}

func FuzzNothingLeavesThePane(f *testing.F) {
	f.Add("# a\n\n- b **c**\n```\nd\n", "question\n日本語", 50, 14, "pPuhe/\n")
	f.Add("\x1b]0;x\x07👩\u200d💻 e\u0301\u202e", "//\t", 9, 2, "xhhpe")
	f.Fuzz(func(t *testing.T, answer, text string, w, h int, keys string) {
		w, h = w&127, h&31
		s := session()
		p := pane(w, h, s)
		p.SetDraft(text)
		fits(t, p)
		if _, err := s.Begin(text, now); err != nil {
			return
		}
		for i := 0; i < len(answer); i += 7 {
			s.Add(answer[i:min(i+7, len(answer))])
			p.Changed()
		}
		for _, k := range keys[:min(len(keys), 32)] {
			switch k {
			case 'p':
				press(p, tea.KeyPgUp)
			case 'P':
				press(p, tea.KeyPgDown)
			case 'h':
				press(p, ctrlHome)
			case 'u':
				press(p, tea.KeyUp)
			case 'e':
				press(p, tea.KeyEscape)
			case '\n':
				press(p, tea.KeyEnter)
			default:
				press(p, string(k))
			}
			fits(t, p)
		}
		s.End(measured, errors.New(answer))
		p.Changed()
		p.SetSize(w/2, h/2+1)
		fits(t, p)
	})
}
