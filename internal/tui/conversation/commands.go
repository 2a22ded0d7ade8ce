package conversation

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// command is something to do, by its name behind a slash.
type command struct {
	name, args, help string
	run              func(p *Pane, arg string) (tea.Cmd, error)
}

func commands() []command {
	return []command{
		{"system", "[TEXT | -]", "show the system prompt, set it, or take it away", (*Pane).runSystem},
		{"clear", "", "forget the conversation", (*Pane).runClear},
		{"retry", "", "ask the last question again", func(p *Pane, _ string) (tea.Cmd, error) { return p.retry(), nil }},
		{"copy", "[all | code]", "copy the last answer, the conversation, or the last code in it", (*Pane).runCopy},
		{"save", "[PATH]", "keep the conversation in a file", func(_ *Pane, path string) (tea.Cmd, error) { return send(SaveRequested{path}), nil }},
		{"template", "[NAME | PATH]", "show the chat template, or choose another one", (*Pane).runTemplate},
		{"raw", "", "send what is typed as it is, without a template; again goes back", (*Pane).runRaw},
		{"max-tokens", "[N | auto]", "show or set how long an answer may be", (*Pane).runMaxTokens},
		{"trim", "[on | off]", "show or set whether a text that is too long loses its beginning", (*Pane).runTrim},
		{"stats", "", "show all measures under every answer, or only the usual ones", (*Pane).runStats},
		{"help", "", "list the commands and keys", (*Pane).runHelp},
		{"quit", "", "leave", func(*Pane, string) (tea.Cmd, error) { return send(LeaveRequested{}), nil }},
	}
}

// isCommand reports whether a draft is a command. Two slashes begin a text.
func isCommand(draft string) bool {
	return strings.HasPrefix(draft, "/") && !strings.HasPrefix(draft, "//")
}

// command carries out a draft. One that is wrong stays to be corrected.
func (p *Pane) command(draft string) tea.Cmd {
	name, arg, _ := strings.Cut(strings.TrimSpace(draft[1:]), " ")
	arg = strings.TrimSpace(arg)
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		if c.args == "" && arg != "" {
			p.Warn(fmt.Errorf("/%s takes no more words; to send this as text, begin it with //", name))
			return nil
		}
		p.input.Remember(draft)
		p.SetDraft("")
		cmd, err := c.run(p, arg)
		if err != nil {
			p.SetDraft(draft)
			p.Warn(err)
		}
		return cmd
	}
	p.Warn(fmt.Errorf("there is no command /%s; /help lists them, and // sends a text that begins with a slash", name))
	return nil
}

// complete completes the name of a command, as far as it is clear.
func (p *Pane) complete() bool {
	draft := p.Draft()
	if !isCommand(draft) {
		return false
	}
	if strings.ContainsAny(draft, " \n") {
		return true
	}
	names := completions(draft[1:])
	if len(names) == 0 {
		return true
	}
	common := names[0]
	for _, name := range names {
		for !strings.HasPrefix(name, common) {
			common = common[:len(common)-1]
		}
	}
	if len(names) == 1 {
		common += " "
	}
	p.SetDraft("/" + common)
	return true
}

func completions(prefix string) []string {
	var names []string
	for _, c := range commands() {
		if strings.HasPrefix(c.name, prefix) {
			names = append(names, c.name)
		}
	}
	return names
}

// hint says what the command that is being typed does, or which ones it may
// become.
func (p *Pane) hint() string {
	draft := p.Draft()
	if !isCommand(draft) {
		return ""
	}
	name, _, _ := strings.Cut(draft[1:], " ")
	for _, c := range commands() {
		if c.name == name {
			return strings.TrimRight("/"+c.name+" "+c.args, " ") + ": " + c.help
		}
	}
	if names := completions(name); len(names) > 0 {
		return "/" + strings.Join(names, " /")
	}
	return "no such command; // sends a text that begins with a slash"
}

func (p *Pane) runSystem(text string) (tea.Cmd, error) {
	settings := p.session.Settings()
	switch text {
	case "":
		if settings.System == "" {
			p.Tell("there is no system prompt; /system TEXT sets one")
		} else {
			p.Tell("system prompt: " + settings.System)
		}
		return nil, nil
	case "-":
		settings.System = ""
		p.Tell("the system prompt is gone from the next question on")
	default:
		settings.System = text
		p.Tell("the system prompt is set from the next question on")
		if settings.Template.Alone() && !p.undecided() {
			p.Tell("the system prompt is set, but the raw template does not send it")
		}
	}
	p.configure(settings)
	return nil, nil
}

func (p *Pane) configure(settings chat.Settings) {
	p.session.Configure(settings)
	p.Changed()
}

func (p *Pane) runClear(string) (tea.Cmd, error) {
	if p.running() {
		return nil, fmt.Errorf("the model is still answering; esc stops it, then /clear forgets the conversation")
	}
	n := len(p.turns)
	p.session.Clear()
	p.Changed()
	p.follow = true
	p.Tell(fmt.Sprintf("%d turns forgotten", n))
	if n == 1 {
		p.Tell("1 turn forgotten")
	}
	return nil, nil
}

func (p *Pane) runCopy(what string) (tea.Cmd, error) {
	if p.Copy() == "" {
		return nil, fmt.Errorf("there is no answer to copy yet")
	}
	switch what {
	case "":
		return send(CopyRequested{Text: p.Copy(), What: "the last answer"}), nil
	case "all":
		var all strings.Builder
		for i, t := range p.turns {
			if i > 0 {
				all.WriteString("\n\n")
			}
			fmt.Fprintf(&all, "You: %s\n\nModel: %s", t.of.User, t.of.Answer)
		}
		return send(CopyRequested{Text: all.String(), What: "the conversation"}), nil
	case "code":
		code, ok := lastCode(p.Copy())
		if !ok {
			return nil, fmt.Errorf("there is no code in the last answer")
		}
		return send(CopyRequested{Text: code, What: "the last code"}), nil
	}
	return nil, fmt.Errorf("/copy copies the last answer, /copy all the conversation, /copy code the last code; not %q", what)
}

func (p *Pane) runTemplate(name string) (tea.Cmd, error) {
	if name != "" {
		return send(TemplateRequested{name}), nil
	}
	now := "template " + p.session.Settings().Template.Name
	if p.undecided() {
		now = "the template comes with the deployment"
	}
	p.Tell(now + "; there are " + strings.Join(chat.TemplateNames(), ", ") + ", or the path of a file")
	return nil, nil
}

func (p *Pane) runRaw(string) (tea.Cmd, error) {
	settings := p.session.Settings()
	switch {
	case p.undecided():
		return nil, fmt.Errorf("the template comes with the deployment; /template raw takes raw before")
	case p.raw != nil && settings.Template.Alone():
		settings.Template, p.raw = *p.raw, nil
		p.Tell("template " + settings.Template.Name + " again")
	case settings.Template.Alone():
		return nil, fmt.Errorf("the template is raw already; /template chooses another one")
	default:
		before := settings.Template
		p.raw = &before
		settings.Template, _ = chat.BuiltIn("raw")
		p.Tell("raw: each text is sent as it is, without template, system prompt and earlier turns; /raw goes back")
	}
	p.configure(settings)
	return nil, nil
}

func (p *Pane) runMaxTokens(arg string) (tea.Cmd, error) {
	settings := p.session.Settings()
	switch arg {
	case "":
		if settings.MaxTokens == 0 {
			p.Tell("an answer may be as long as the model allows; /max-tokens N sets a bound")
		} else {
			p.Tell(fmt.Sprintf("an answer may have %d tokens; /max-tokens auto allows what the model does", settings.MaxTokens))
		}
		return nil, nil
	case "auto":
		settings.MaxTokens = 0
		p.Tell("an answer may be as long as the model allows")
	default:
		n, err := strconv.Atoi(arg)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("/max-tokens takes a number above 0, or auto; not %q", arg)
		}
		if most := settings.Limits.MaxTarget; most > 0 && n >= most {
			return nil, fmt.Errorf("%d tokens leave no room for a prompt: the model takes %d, prompt and answer together", n, most)
		}
		settings.MaxTokens = n
		p.Tell(fmt.Sprintf("an answer may have %d tokens", n))
	}
	p.configure(settings)
	return nil, nil
}

func (p *Pane) runTrim(arg string) (tea.Cmd, error) {
	const cut, refused = "a text that is too long is sent without its beginning", "a text that is too long is refused"
	settings := p.session.Settings()
	switch {
	case arg == "" && settings.Trim:
		p.Tell(cut + "; /trim off refuses it")
		return nil, nil
	case arg == "":
		p.Tell(refused + "; /trim on sends it without its beginning")
		return nil, nil
	case arg == "on":
		settings.Trim = true
		p.Tell(cut)
	case arg == "off":
		settings.Trim = false
		p.Tell(refused)
	default:
		return nil, fmt.Errorf("/trim takes on or off; not %q", arg)
	}
	p.configure(settings)
	return nil, nil
}

func (p *Pane) runStats(string) (tea.Cmd, error) {
	p.full = !p.full
	if p.full {
		p.Tell("all measures are shown; tokens are counted as the pieces that came, since the server reports none")
	} else {
		p.Tell("the usual measures are shown, under the last answer")
	}
	return nil, nil
}

func (p *Pane) runHelp(string) (tea.Cmd, error) {
	var b strings.Builder
	b.WriteString("Commands, at the beginning of a text; tab completes them:\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-26s %s\n", strings.TrimRight("/"+c.name+" "+c.args, " "), c.help)
	}
	b.WriteString("\nA text that begins with two slashes is sent with one.\n\nKeys:\n\n")
	k := p.keys
	for _, binding := range append(k.bindings(true, true), k.leave, k.complete, k.enter) {
		fmt.Fprintf(&b, "  %-26s %s\n", binding.Help().Key, binding.Help().Desc)
	}
	b.WriteString("\nThe numbers of tokens in a prompt are estimates from above. The server reports no\nnumber of tokens in an answer: the pieces in which it comes stand for them.\n")
	return send(ShowRequested{Title: "Chat", Text: b.String()}), nil
}

// lastCode is what stands between the last fences of a text; the last may be
// missing.
func lastCode(text string) (string, bool) {
	var code strings.Builder
	fence, found := "", false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case fence == "" && (strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~")):
			fence, found = trimmed[:3], true
			code.Reset()
		case fence != "" && strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, fence[:1]) == "":
			fence = ""
		case fence != "":
			code.WriteString(line)
		}
	}
	return code.String(), found
}
