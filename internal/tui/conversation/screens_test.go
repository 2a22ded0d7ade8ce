package conversation

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestScreens(t *testing.T) {
	t.Parallel()
	restoring := Model{Lines: []string{"The model is restoring its checkpoint, 6m12s of an expected 10–20m.", "It can answer at about 14:52."}}
	for name, make := range map[string]func(w, h int) *Pane{
		"empty": func(w, h int) *Pane { return pane(w, h, session()) },
		"restoring": func(w, h int) *Pane {
			p := pane(w, h, session())
			p.SetModel(restoring)
			return p
		},
		"held": func(w, h int) *Pane {
			p := pane(w, h, session())
			p.SetModel(restoring)
			press(p, "What is a TPU?", tea.KeyEnter)
			return p
		},
		"confirm": func(w, h int) *Pane {
			p := pane(w, h, session())
			p.SetModel(restoring)
			press(p, "What is a TPU?", tea.KeyEnter)
			p.SetModel(Model{Open: true})
			return p
		},
		"conversation": func(w, h int) *Pane { return pane(w, h, asked()) },
		"scrolled": func(w, h int) *Pane {
			p := pane(w, h, asked())
			press(p, tea.KeyPressMsg{Code: tea.KeyHome, Mod: tea.ModCtrl})
			return p
		},
		"waiting": func(w, h int) *Pane {
			s := session()
			begin(s, "What is a TPU?")
			return pane(w, h, s)
		},
		"answering": func(w, h int) *Pane {
			s := session()
			begin(s, "What is a TPU?")
			p := pane(w, h, s)
			p.SetNow(now.Add(-time.Second))
			s.Add("A **tensor processing unit** is an ")
			p.Changed()
			p.SetNow(now)
			s.Add("ASIC for")
			s.Count(32)
			p.Changed()
			return p
		},
		"all-stats": func(w, h int) *Pane {
			p := pane(w, h, asked())
			press(p, "/stats", tea.KeyEnter)
			return p
		},
		"wrong-command": func(w, h int) *Pane {
			p := pane(w, h, session())
			press(p, "/max-tokens many", tea.KeyEnter)
			return p
		},
		"draft": func(w, h int) *Pane {
			p := pane(w, h, asked())
			p.SetDraft("one line\nand 日本語\n" + strings.Repeat("many words ", 30))
			return p
		},
		"left": func(w, h int) *Pane {
			p := pane(w, h, asked())
			press(p, tea.KeyEscape)
			return p
		},
		"refused": func(w, h int) *Pane {
			p := pane(w, h, asked())
			p.Refuse(errors.New("the model is still answering; stop it first or wait"), "/etc/hosts, what is it?")
			return p
		},
		"gone": func(w, h int) *Pane {
			p := pane(w, h, session())
			p.SetModel(Model{Gone: true, Lines: []string{"The model cannot answer: the start-up failed."}})
			press(p, "hello", tea.KeyEnter)
			return p
		},
	} {
		for _, size := range [][2]int{{50, 14}, {118, 30}, {30, 6}} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				p := make(size[0], size[1])
				fits(t, p)
				cursor := "no cursor"
				if c := p.Cursor(); c != nil {
					cursor = fmt.Sprintf("cursor %d,%d", c.X, c.Y)
				}
				got := p.Title() + "\n" + strings.Repeat("─", size[0]) + "\n" + screen(p) + "\n" + strings.Repeat("─", size[0]) + "\n" + cursor + "\n"
				path := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "_")+".golden")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("screen (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func begin(s *chat.Session, text string) {
	if _, err := s.Begin(text, now.Add(-3*time.Second)); err != nil {
		panic(err)
	}
}

func TestNoSizeIsExceeded(t *testing.T) {
	t.Parallel()
	for w := range 60 {
		for h := range 16 {
			p := pane(w, h, asked())
			p.SetDraft("one\n日本語\nend")
			fits(t, p)
			p.SetModel(Model{Lines: []string{"The model is restoring its checkpoint."}})
			p.Tell("a note of some words")
			fits(t, p)
			press(p, tea.KeyPgUp)
			fits(t, p)
			if h > 0 && w >= 10 && !strings.Contains(screen(p), "end") {
				t.Fatalf("the input is not seen on %dx%d:\n%s", w, h, screen(p))
			}
		}
	}
}

func TestWithoutUTF8(t *testing.T) {
	t.Parallel()
	p := pane(80, 30, session())
	p.SetStyles(styles.New(styles.Options{ASCII: true}))
	s := session()
	begin(s, "a")
	s.Add("- a\n\n> b\n\n| a | b |\n|---|---|\n| c | d |")
	s.End(measured, errors.New("cause"))
	p.SetSession(s)
	for _, r := range screen(p) {
		if r > 0x7f {
			t.Errorf("%q is not ASCII in\n%s", r, screen(p))
		}
	}
}

func TestATitleGetsShorterWhereItHasNoRoom(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		width int
		key   tea.KeyPressMsg
		want  string
	}{
		"in words":              {80, tea.KeyPressMsg{}, "Chat · plain template · 155 of 1024 prompt tokens (estimate)"},
		"words without room":    {60, tea.KeyPressMsg{}, "Chat · plain · ≈155/1024 tokens"},
		"scrolled, in words":    {90, tea.KeyPressMsg{Code: tea.KeyHome, Mod: tea.ModCtrl}, "Chat · plain template · 155 of 1024 prompt tokens (estimate) · more below, ctrl+end"},
		"scrolled without room": {80, tea.KeyPressMsg{Code: tea.KeyHome, Mod: tea.ModCtrl}, "Chat · plain · ≈155/1024 tokens · more below, ctrl+end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pane(tt.width, 8, asked())
			press(p, tt.key)
			if got := p.Title(); got != tt.want {
				t.Errorf("title %q, want %q", got, tt.want)
			}
		})
	}
}
