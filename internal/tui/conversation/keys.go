package conversation

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

type keyMap struct {
	send, newline, stop, edit, retry, interrupt, complete key.Binding
	leave, enter                                          key.Binding
	pageUp, pageDown, top, bottom, up, down, history      key.Binding
}

func keys() keyMap {
	bind := func(help, desc string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
	}
	return keyMap{
		send:      bind("enter", "send", "enter"),
		newline:   bind("alt+enter", "break the line (or ctrl+j, or \\ and enter)", "alt+enter", "ctrl+j", "shift+enter"),
		stop:      bind("esc", "stop the answer, keep it", "esc"),
		leave:     bind("esc", "leave the input", "esc"),
		enter:     bind("i", "type", "i", "enter"),
		edit:      bind("ctrl+g", "write in your editor", "ctrl+g"),
		retry:     bind("ctrl+r", "ask again", "ctrl+r"),
		interrupt: bind("ctrl+c", "stop the answer, then clear the input, then leave", "ctrl+c"),
		complete:  bind("tab", "complete a command", "tab"),
		history:   bind("up", "what was asked before", "up"),
		pageUp:    bind("pgup", "a page up", "pgup"),
		pageDown:  bind("pgdn", "a page down", "pgdown"),
		top:       bind("ctrl+home", "the beginning", "ctrl+home"),
		bottom:    bind("ctrl+end", "the end, and follow", "ctrl+end"),
		up:        bind("k", "a line up", "k", "up"),
		down:      bind("j", "a line down", "j", "down"),
	}
}

func (k keyMap) bindings(capturing, running bool) []key.Binding {
	var all []key.Binding
	if running {
		all = append(all, k.stop)
	}
	if capturing {
		all = append(all, k.send, k.newline)
		if !running {
			all = append(all, k.leave)
		}
		all = append(all, k.edit, k.retry, k.history, k.interrupt)
	} else {
		all = append(all, k.enter, k.retry, k.up, k.down, k.interrupt)
	}
	return append(all, k.pageUp, k.pageDown, k.top, k.bottom)
}

// HandleKey takes a key and reports whether it had a meaning here.
func (p *Pane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, p.keys.interrupt):
		p.note = note{}
		return p.interrupt(), true
	case key.Matches(k, p.keys.retry):
		p.note = note{}
		return p.retry(), true
	case key.Matches(k, p.keys.pageUp):
		p.scroll(-p.page())
	case key.Matches(k, p.keys.pageDown):
		p.scroll(p.page())
	case key.Matches(k, p.keys.top):
		if len(p.turns) > 0 {
			p.show(position{})
		}
	case key.Matches(k, p.keys.bottom):
		p.follow = true
	case key.Matches(k, p.keys.stop):
		return p.escape()
	case p.Capturing():
		return p.typed(k)
	default:
		return p.read(k)
	}
	return nil, true
}

// escape stops a running answer, gives a held prompt back, or leaves the input.
func (p *Pane) escape() (tea.Cmd, bool) {
	had := p.note.text != ""
	p.note = note{}
	switch {
	case p.held:
		p.held = false
	case p.running():
		return send(StopRequested{}), true
	case p.Capturing():
		p.away = true
		p.place()
	default:
		return nil, had
	}
	return nil, true
}

// interrupt stops a running answer, then clears the input, then leaves.
func (p *Pane) interrupt() tea.Cmd {
	switch {
	case p.running():
		return send(StopRequested{})
	case !p.input.Empty():
		p.input.Remember(p.Draft())
		p.SetDraft("")
		return nil
	default:
		return send(LeaveRequested{})
	}
}

// read takes keys while no text is typed.
func (p *Pane) read(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, p.keys.enter):
		p.away = false
		p.place()
	case key.Matches(k, p.keys.up):
		p.scroll(-1)
	case key.Matches(k, p.keys.down):
		p.scroll(1)
	default:
		return nil, false
	}
	return nil, true
}

// typed takes keys while text is typed.
func (p *Pane) typed(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, p.keys.edit):
		return send(EditRequested{Text: p.Draft()}), true
	case key.Matches(k, p.keys.complete):
		return nil, p.complete()
	case p.held && key.Matches(k, p.keys.send):
		if p.asking() {
			return p.submit(p.prompt()), true
		}
		return nil, true
	case p.input.HandleKey(k):
		p.held = false
		p.note = note{}
		p.edited()
		return nil, true
	case key.Matches(k, p.keys.send):
		p.note = note{}
		return p.enter(), true
	}
	return nil, false
}

// enter sends the draft, carries out the command in it, or holds it.
func (p *Pane) enter() tea.Cmd {
	draft := p.Draft()
	switch {
	case strings.TrimSpace(draft) == "":
		return nil
	case isCommand(draft):
		return p.command(draft)
	case p.running():
		p.note = note{"the model is still answering; esc stops it", true}
	case p.model.Open:
		return p.submit(p.prompt())
	case p.model.Gone:
		p.note = note{"not sent: the model will not answer by waiting", true}
	default:
		p.held = true
	}
	return nil
}

// asking reports whether a held prompt can be sent now.
func (p *Pane) asking() bool { return p.held && p.model.Open && !p.running() }

// prompt is the draft as it is sent: of two slashes that keep it from being a
// command, one.
func (p *Pane) prompt() string {
	draft := p.Draft()
	if strings.HasPrefix(draft, "//") {
		return draft[1:]
	}
	return draft
}

// submit sends a text and empties the input.
func (p *Pane) submit(text string) tea.Cmd {
	p.input.Remember(p.Draft())
	p.SetDraft("")
	p.follow = true
	return send(Submitted{Text: text})
}

// retry asks the last question again. The draft stays.
func (p *Pane) retry() tea.Cmd {
	switch {
	case p.running():
		p.note = note{"the model is still answering; esc stops it", true}
		return nil
	case len(p.turns) == 0:
		p.note = note{"there is nothing to ask again", true}
		return nil
	case !p.model.Open:
		p.note = note{"the model cannot answer now; ask again when it does", true}
		return nil
	}
	p.follow = true
	return send(AgainRequested{})
}

func send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }
