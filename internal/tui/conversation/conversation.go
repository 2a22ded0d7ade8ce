// Package conversation shows a conversation with the model, and takes what is
// said next.
//
// The transcript is above, the input below it, and between them what must be
// known before something is sent: that the model cannot answer yet and when it
// can, that a prompt is held, what a command did. A prompt is sent by enter
// alone, and only while the model answers; what is typed before that is held
// and asked about.
//
// A frame costs as much as its visible rows, however long the conversation is.
// A transcript that is scrolled up stays where it is while text comes in; at
// its end it follows. Of an answer without end the beginning is shown, and it
// is said so.
package conversation

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/editor"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Model is what is known of the model that is asked.
type Model struct {
	// Open is true while it answers: prompts can be sent.
	Open bool
	// Gone is true when it will not answer again by waiting.
	Gone bool
	// Lines say why it does not answer, and when it will.
	Lines []string
	// Tunnel is the state of the way to it: connected, connecting, or an error
	// in words; empty when that is not known.
	Tunnel string
}

// connected is the state of a tunnel that need not be shown.
const connected = "connected"

// Submitted asks for a prompt to be sent.
type Submitted struct{ Text string }

// AgainRequested asks for the last prompt to be sent again, in place of its answer.
type AgainRequested struct{}

// StopRequested asks for the running answer to be stopped and kept.
type StopRequested struct{}

// EditRequested asks for a text to be edited in the person's own editor.
type EditRequested struct{ Text string }

// CopyRequested asks for a text to be put on the clipboard; What says what it
// is.
type CopyRequested struct{ Text, What string }

// SaveRequested asks for the conversation to be kept in a file; without a path
// in the usual place.
type SaveRequested struct{ Path string }

// TemplateRequested asks for a chat template by its name or the path of a file.
type TemplateRequested struct{ Name string }

// ShowRequested asks for a text to be shown to read.
type ShowRequested struct{ Title, Text string }

// LeaveRequested says that the person wants to leave.
type LeaveRequested struct{}

// Pane shows a conversation.
type Pane struct {
	s       *styles.Styles
	keys    keyMap
	w, h    int
	now     time.Time
	session *chat.Session
	model   Model
	input   *editor.Editor

	focus bool
	away  bool // the person left the input
	held  bool // the text in the input is to be sent once the model answers
	full  bool // stats are shown under every answer, all of them
	note  note
	raw   *chat.Template // what /raw goes back to

	turns  []*turn
	top    position // the first row that is shown, unless the end is followed
	follow bool

	count count
}

// note is what the last command did, or why it did not.
type note struct {
	text string
	bad  bool
}

// New returns a pane on an empty conversation.
func New(s *styles.Styles) *Pane {
	p := &Pane{s: s, keys: keys(), session: chat.New(chat.Settings{}), input: editor.New(s), follow: true}
	p.place()
	return p
}

// SetStyles sets the styles.
func (p *Pane) SetStyles(s *styles.Styles) {
	p.s = s
	p.input.SetStyles(s)
	for _, t := range p.turns {
		t.user.SetStyles(s)
		t.answer.SetStyles(s)
	}
}

// SetSize sets the room.
func (p *Pane) SetSize(w, h int) {
	p.w, p.h = max(w, 0), max(h, 0)
	for _, t := range p.turns {
		t.setWidth(p.textWidth())
	}
	p.place()
}

// SetNow sets the time.
func (p *Pane) SetNow(now time.Time) { p.now = now }

// SetSession sets the conversation. It is the caller's, who tells of changes
// by Changed; the pane changes its settings, and takes turns away for /clear.
func (p *Pane) SetSession(s *chat.Session) {
	p.session, p.turns, p.follow, p.held, p.raw = s, nil, true, false, nil
	p.Changed()
	for _, t := range p.turns {
		p.input.Remember(t.of.User)
	}
}

// SetModel sets what is known of the model.
func (p *Pane) SetModel(m Model) {
	p.model = m
	p.place()
}

// Changed takes over what happened to the session: turns, text, settings; or that
// nothing did for a while, where an answer is on its way.
func (p *Pane) Changed() {
	said := p.session.Turns()
	p.turns = p.turns[:min(len(p.turns), len(said))]
	for i, of := range said {
		if i < len(p.turns) && p.turns[i].is(of) {
			p.turns[i].take(of, p.now)
			continue
		}
		t := newTurn(p.s, of, p.now)
		t.setWidth(p.textWidth())
		if i < len(p.turns) {
			p.turns[i] = t
		} else {
			p.turns = append(p.turns, t)
		}
	}
	p.count.stale = true
}

// Refuse says why a submitted text was not sent, and gives it back.
func (p *Pane) Refuse(err error, text string) {
	p.note = note{refusal(err), true}
	if strings.HasPrefix(text, "/") { // as a draft it would be a command
		text = "/" + text
	}
	p.input.Remember(text)
	if p.input.Empty() {
		p.SetDraft(text)
	}
}

// Tell shows what became of a request.
func (p *Pane) Tell(text string) { p.note = note{text: text} }

// Warn shows why a request came to nothing.
func (p *Pane) Warn(err error) { p.note = note{refusal(err), true} }

// Focus says whether keys come here.
func (p *Pane) Focus(on bool) {
	if on && !p.focus {
		p.away = false
	}
	p.focus = on
	p.place()
}

// Capturing reports whether letters go to the input.
func (p *Pane) Capturing() bool { return p.focus && !p.away }

// Draft is the text in the input.
func (p *Pane) Draft() string { return p.input.Value() }

// SetDraft replaces the text in the input.
func (p *Pane) SetDraft(text string) {
	p.held = false
	p.cut(p.input.SetValue(text))
	p.edited()
}

// Copy is the last answer, as the model wrote it.
func (p *Pane) Copy() string {
	for i := len(p.turns) - 1; i >= 0; i-- {
		if answer := p.turns[i].of.Answer; answer != "" {
			return answer
		}
	}
	return ""
}

// Update takes the mouse wheel and pasted text.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			p.scroll(-wheelRows)
		case tea.MouseWheelDown:
			p.scroll(wheelRows)
		default:
		}
	case tea.PasteMsg:
		if p.Capturing() {
			p.held = false
			p.note = note{}
			p.cut(p.input.Paste(msg.Content))
			p.edited()
		}
	}
	return nil
}

// Bindings returns the keys in the order of their importance.
func (p *Pane) Bindings() []key.Binding { return p.keys.bindings(p.Capturing(), p.session.Running()) }

// edited takes over a change of the draft.
func (p *Pane) edited() {
	p.count.stale = true
	p.place()
}

func (p *Pane) running() bool { return p.session.Running() }
