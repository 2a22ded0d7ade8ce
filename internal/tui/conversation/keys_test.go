package conversation

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"
)

func TestWhatKeysAskFor(t *testing.T) {
	t.Parallel()
	idle := func() *Pane { return pane(60, 12, session()) }
	talked := func() *Pane { return pane(60, 12, asked()) }
	for _, tt := range []struct {
		name  string
		pane  func() *Pane
		keys  []any
		want  []tea.Msg
		draft string
	}{
		{"enter sends", idle, []any{"hello", tea.KeyEnter}, []tea.Msg{Submitted{"hello"}}, ""},
		{"enter without text does nothing", idle, []any{"  ", tea.KeyEnter}, nil, "  "},
		{"enter behind a backslash breaks the line", idle, []any{`one\`, tea.KeyEnter, "two", tea.KeyEnter}, []tea.Msg{Submitted{"one\ntwo"}}, ""},
		{"two slashes send one", idle, []any{"//etc", tea.KeyEnter}, []tea.Msg{Submitted{"/etc"}}, ""},
		{"while an answer comes enter keeps the text", running, []any{"next", tea.KeyEnter}, nil, "next"},
		{"esc stops a running answer", running, []any{"next", tea.KeyEscape}, []tea.Msg{StopRequested{}}, "next"},
		{"ctrl+c stops first", running, []any{"next", ctrl('c')}, []tea.Msg{StopRequested{}}, "next"},
		{"ctrl+c clears a draft, then leaves", idle, []any{"draft", ctrl('c'), ctrl('c')}, []tea.Msg{LeaveRequested{}}, ""},
		{"a cleared draft is in the history", idle, []any{"draft", ctrl('c'), tea.KeyUp}, nil, "draft"},
		{"ctrl+g asks for an editor", idle, []any{"draft", ctrl('g')}, []tea.Msg{EditRequested{"draft"}}, "draft"},
		{"ctrl+r asks again and leaves the draft", talked, []any{"draft", ctrl('r')}, []tea.Msg{AgainRequested{}}, "draft"},
		{"ctrl+r does not interrupt", running, []any{ctrl('r')}, nil, ""},
		{"up brings back what was sent", idle, []any{"one", tea.KeyEnter, "two", tea.KeyEnter, "draft", tea.KeyUp, tea.KeyUp}, []tea.Msg{Submitted{"one"}, Submitted{"two"}}, "one"},
		{"up brings back the turns of a kept conversation", talked, []any{tea.KeyUp, tea.KeyUp, tea.KeyUp}, nil, "And in Japan?"},
		{"while the model cannot answer nothing is asked again", func() *Pane {
			p := talked()
			p.SetModel(Model{})
			return p
		}, []any{ctrl('r')}, nil, ""},
		{"/retry asks again", talked, []any{"/retry", tea.KeyEnter}, []tea.Msg{AgainRequested{}}, ""},
		{"/copy", talked, []any{"/copy", tea.KeyEnter}, []tea.Msg{CopyRequested{"It is", "the last answer"}}, ""},
		{"/copy without an answer", idle, []any{"/copy all", tea.KeyEnter}, nil, "/copy all"},
		{"/copy what there is not", talked, []any{"/copy code", tea.KeyEnter}, nil, "/copy code"},
		{"/save without a path", idle, []any{"/save", tea.KeyEnter}, []tea.Msg{SaveRequested{}}, ""},
		{"/save with a path", idle, []any{"/save  ~/my chat.md ", tea.KeyEnter}, []tea.Msg{SaveRequested{"~/my chat.md"}}, ""},
		{"/template with a name", idle, []any{"/template llama-3", tea.KeyEnter}, []tea.Msg{TemplateRequested{"llama-3"}}, ""},
		{"/quit", idle, []any{"/quit", tea.KeyEnter}, []tea.Msg{LeaveRequested{}}, ""},
		{"a command that does not exist stays to be corrected", idle, []any{"/quti", tea.KeyEnter}, nil, "/quti"},
		{"a word too many", idle, []any{"/quit now", tea.KeyEnter}, nil, "/quit now"},
		{"tab completes a command", idle, []any{"/ma", tea.KeyTab}, nil, "/max-tokens "},
		{"tab completes as far as it is clear", idle, []any{"/s", tea.KeyTab, "t", tea.KeyTab}, nil, "/stats "},
		{"without focus a key is not typed", func() *Pane {
			p := idle()
			p.Focus(false)
			return p
		}, []any{"hello"}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.pane()
			got := press(p, tt.keys...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if p.Draft() != tt.draft {
				t.Errorf("draft %q, want %q", p.Draft(), tt.draft)
			}
		})
	}
}

func TestEscLeavesTheInputAndLettersActAgain(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, asked())
	press(p, "dra", tea.KeyEscape)
	if p.Capturing() || p.Cursor() != nil {
		t.Error("the input still takes letters")
	}
	for _, k := range []string{"q", "l", "?"} {
		if _, used := p.HandleKey(tea.KeyPressMsg{Code: rune(k[0]), Text: k}); used {
			t.Errorf("key %s was used", k)
		}
	}
	press(p, "i", "ft")
	if !p.Capturing() || p.Draft() != "draft" {
		t.Errorf("draft %q, capturing %t", p.Draft(), p.Capturing())
	}
	press(p, tea.KeyEscape)
	p.Focus(false)
	p.Focus(true)
	if !p.Capturing() {
		t.Error("coming back does not take letters")
	}
}

func TestTabIsLeftToTheDashboardWithoutASlash(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, session())
	for _, draft := range []string{"", "text", "//text"} {
		p.SetDraft(draft)
		if _, used := p.HandleKey(tea.KeyPressMsg{Code: tea.KeyTab}); used {
			t.Errorf("tab was used behind %q", draft)
		}
	}
}

func TestAHeldPromptIsSentByEnterOnly(t *testing.T) {
	t.Parallel()
	restoring := Model{Lines: []string{"The model is restoring."}}
	p := pane(60, 12, session())
	p.SetModel(restoring)
	if msgs := press(p, "question", tea.KeyEnter, tea.KeyEnter); msgs != nil {
		t.Errorf("sent while the model cannot answer: %v", msgs)
	}
	if !strings.Contains(screen(p), "held:") {
		t.Errorf("it is not said:\n%s", screen(p))
	}
	p.SetModel(Model{Open: true})
	if !strings.Contains(screen(p), "Send the held prompt? enter sends, esc edits") {
		t.Errorf("it is not asked:\n%s", screen(p))
	}
	p.SetModel(restoring)
	if msgs := press(p, tea.KeyEnter); msgs != nil || p.Draft() != "question" {
		t.Errorf("sent after the model went away again: %v", msgs)
	}
	p.SetModel(Model{Open: true})
	if msgs := press(p, tea.KeyEscape); msgs != nil || p.Draft() != "question" || strings.Contains(screen(p), "held") {
		t.Errorf("esc: %v, draft %q:\n%s", msgs, p.Draft(), screen(p))
	}
	p.SetModel(restoring)
	press(p, tea.KeyEnter)
	p.SetModel(Model{Open: true})
	if diff := cmp.Diff([]tea.Msg{Submitted{"question"}}, press(p, tea.KeyEnter)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestTypingGoesOnWithAHeldPrompt(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, session())
	p.SetModel(Model{})
	press(p, "one", tea.KeyEnter, " more")
	p.SetModel(Model{Open: true})
	if strings.Contains(screen(p), "held") || p.Draft() != "one more" {
		t.Errorf("draft %q:\n%s", p.Draft(), screen(p))
	}
}

func TestTheModelThatIsGoneHoldsNothing(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, session())
	p.SetModel(Model{Gone: true, Lines: []string{"It failed."}})
	if press(p, "text", tea.KeyEnter) != nil || p.held || p.Draft() != "text" {
		t.Errorf("held %t, draft %q", p.held, p.Draft())
	}
}

func TestRefusedTextComesBack(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, session())
	press(p, "//etc", tea.KeyEnter)
	p.Refuse(errors.New("the text is too long"), "/etc")
	if p.Draft() != "//etc" || !strings.Contains(screen(p), "the text is too long") {
		t.Errorf("draft %q:\n%s", p.Draft(), screen(p))
	}
	p.SetDraft("other")
	p.Refuse(errors.New("no"), "text")
	if p.Draft() != "other" {
		t.Errorf("the draft was replaced by %q", p.Draft())
	}
	press(p, tea.KeyUp)
	if p.Draft() != "text" {
		t.Errorf("the refused text is lost, up brings %q", p.Draft())
	}
}
