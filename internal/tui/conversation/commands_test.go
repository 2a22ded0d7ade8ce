package conversation

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

func TestCommandsChangeTheSettings(t *testing.T) {
	t.Parallel()
	p := pane(70, 12, session())
	do := func(text, said string) {
		t.Helper()
		press(p, text, tea.KeyEnter)
		if !strings.Contains(strings.Join(strings.Fields(screen(p)), " "), said) {
			t.Errorf("%s does not say %q:\n%s", text, said, screen(p))
		}
		if p.note.bad {
			press(p, ctrl('c')) // a wrong command stays
		}
	}
	settings := func() chat.Settings { return p.session.Settings() }
	plain := settings().Template
	do("/system Be brief.", "is set from the next question")
	do("/system", "system prompt: Be brief.")
	if settings().System != "Be brief." {
		t.Errorf("system prompt %q", settings().System)
	}
	do("/system -", "is gone")
	do("/system", "there is no system prompt")
	do("/max-tokens 100", "may have 100 tokens")
	do("/max-tokens", "may have 100 tokens")
	do("/max-tokens many", `a number above 0, or auto; not "many"`)
	do("/max-tokens 0", "above 0")
	do("/max-tokens 2048", "leave no room")
	if settings().MaxTokens != 100 {
		t.Errorf("max tokens %d", settings().MaxTokens)
	}
	do("/max-tokens auto", "as long as the model allows")
	if settings().MaxTokens != 0 {
		t.Errorf("max tokens %d", settings().MaxTokens)
	}
	do("/trim", "a text that is too long is refused; /trim on")
	do("/trim on", "is sent without its beginning")
	if !settings().Trim {
		t.Error("/trim on changes nothing")
	}
	do("/trim", "is sent without its beginning; /trim off")
	do("/trim maybe", `/trim takes on or off; not "maybe"`)
	do("/trim off", "is refused")
	if settings().Trim {
		t.Error("/trim off changes nothing")
	}
	do("/raw", "sent as it is")
	if settings().Template.Name != "raw" || !strings.Contains(p.Title(), "raw template") {
		t.Errorf("template %q, title %q", settings().Template.Name, p.Title())
	}
	do("/raw", "plain again")
	if settings().Template.Name != "plain" {
		t.Errorf("template %q", settings().Template.Name)
	}
	do("/raw", "sent as it is")
	p.raw = nil
	do("/raw", "the template is raw already")
	p.configure(chat.Settings{Template: plain})
	do("/template", "template plain; there are plain, llama-3, llama-2, raw")
	do("/nothing", "there is no command /nothing")
}

func TestATemplateThatIsStillToComeIsNotCalledRaw(t *testing.T) {
	t.Parallel()
	p := pane(70, 12, chat.New(chat.Settings{}))
	if title := p.Title(); title != "Chat" {
		t.Errorf("title %q", title)
	}
	press(p, "/template", tea.KeyEnter)
	if got := screen(p); !strings.Contains(got, "the template comes with the deployment") || strings.Contains(got, "template raw") {
		t.Errorf("/template says\n%s", got)
	}
	press(p, "/system Be brief.", tea.KeyEnter)
	if got := screen(p); !strings.Contains(got, "is set from the next question on") {
		t.Errorf("/system says\n%s", got)
	}
	press(p, "/raw", tea.KeyEnter)
	if got := screen(p); p.raw != nil || !strings.Contains(got, "/template raw") {
		t.Errorf("/raw says\n%s", got)
	}
}

func TestHelpListsEveryCommandAndKey(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, session())
	msgs := press(p, "/help", tea.KeyEnter)
	if len(msgs) != 1 {
		t.Fatalf("messages %v", msgs)
	}
	text := msgs[0].(ShowRequested).Text
	for _, c := range commands() {
		if !strings.Contains(text, "/"+c.name) {
			t.Errorf("/%s is missing", c.name)
		}
	}
	for _, b := range p.Bindings() {
		if !strings.Contains(text, b.Help().Desc) {
			t.Errorf("%s is missing", b.Help().Key)
		}
	}
}

func TestClearForgetsTheConversation(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, asked())
	press(p, tea.KeyPgUp, "/clear", tea.KeyEnter)
	if len(p.session.Turns()) != 0 || strings.Contains(screen(p), "Model") || !strings.Contains(screen(p), "3 turns forgotten") {
		t.Errorf("%d turns:\n%s", len(p.session.Turns()), screen(p))
	}
	p = running()
	press(p, "/clear", tea.KeyEnter)
	if len(p.session.Turns()) != 1 {
		t.Error("a running answer was forgotten")
	}
}

func TestCopyAll(t *testing.T) {
	t.Parallel()
	p := pane(60, 12, asked())
	msgs := press(p, "/copy all", tea.KeyEnter)
	if len(msgs) != 1 {
		t.Fatalf("messages %v", msgs)
	}
	text := msgs[0].(CopyRequested).Text
	for _, want := range []string{"You: What are the top", "Model: 1. **JavaScript**", "You: Once more,\nplease\n\nModel: It is"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestTheLastCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, want string
		ok       bool
	}{
		{"text", "", false},
		{"a\n```go\nx\n```\nb\n~~~\ny\n\n```\n~~~\nc", "y\n\n```\n", true},
		{"```\nopen\n", "open\n", true},
	} {
		if got, ok := lastCode(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("lastCode(%q) = %q, %t", tt.in, got, ok)
		}
	}
}
