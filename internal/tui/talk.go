package tui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/conversation"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// talk is the conversation with the model, and the answer that is on its way.
type talk struct {
	pane    *conversation.Pane
	session *chat.Session
	// limits and template are those that the session was told last. A person may
	// have taken another template since, which is chosen where even the name does
	// not tell: what the deployment says does not replace it.
	limits   chat.Limits
	template string
	told     bool
	chosen   bool
	answers  int // numbers them; what comes of an earlier one is dropped
	stream   *chat.Stream
	cancel   context.CancelFunc // ends the answer; nil until it has begun
	stopped  bool               // a person stopped it, perhaps before it began
}

// newSession is a conversation with a deployment that is not known yet. What does not
// depend on it holds from the beginning, so that a person can change it.
func newSession(cfg ChatConfig) *chat.Session {
	var settings chat.Settings
	if cfg.Settings != nil {
		settings = cfg.Settings(status.Snapshot{})
		settings.Template, settings.Limits = chat.Template{}, chat.Limits{}
	}
	session := chat.New(settings)
	session.Resume(cfg.Turns)
	return session
}

// errNothingToAsk is why a prompt cannot be sent yet.
var errNothingToAsk = errors.New("there is nothing to ask yet: no deployment is observed")

// tellLimits tells the session what the deployment takes, whenever that has
// changed.
func (m *Model) tellLimits() {
	t := &m.talk
	limits := chat.Limits{MaxPrefill: m.snap.MaxPrefill, MaxTarget: m.snap.MaxTarget}
	if t.told && limits == t.limits || m.cfg.Chat.Settings == nil || m.snap.Phase == status.NotFound {
		return
	}
	is, of := t.session.Settings(), m.cfg.Chat.Settings(m.snap)
	if !t.chosen && is.Template.Name == t.template {
		is.Template, t.template = of.Template, of.Template.Name
	}
	is.Limits = of.Limits
	t.session.Configure(is)
	t.told, t.limits = true, limits
	t.pane.Changed()
}

// ask sends a prompt.
func (m *Model) ask(text string) tea.Cmd {
	t := &m.talk
	if m.obs == nil || m.obs.Chat == nil {
		t.pane.Refuse(errNothingToAsk, text)
		return nil
	}
	request, err := t.session.Begin(text, m.now)
	if err != nil {
		t.pane.Refuse(err, text)
		return nil
	}
	return m.send(request)
}

// askAgain sends the last prompt again.
func (m *Model) askAgain() tea.Cmd {
	t := &m.talk
	if m.obs == nil || m.obs.Chat == nil {
		t.pane.Warn(errNothingToAsk)
		return nil
	}
	request, err := t.session.Again(m.now)
	if err != nil {
		t.pane.Warn(err)
		return nil
	}
	return m.send(request)
}

// send sends what the session has begun.
func (m *Model) send(request chat.Request) tea.Cmd {
	t := &m.talk
	t.answers++
	t.stopped = false
	t.pane.Changed()
	return startAnswer(m.run, t.answers, m.obs.Chat, request)
}

// answerStartedMsg says that an answer has been asked for.
type answerStartedMsg struct {
	number int
	stream *chat.Stream
	cancel context.CancelFunc
}

// answerMsg says that something of an answer has come.
type answerMsg struct{ number int }

func startAnswer(run async, number int, from chat.Answerer, r chat.Request) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithCancel(ctx)
		return answerStartedMsg{number: number, stream: chat.Start(ctx, from, r), cancel: cancel}
	})
}

func waitAnswer(run async, number int, stream *chat.Stream) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		select {
		case <-stream.Changed():
			return answerMsg{number: number}
		case <-ctx.Done():
			return nil
		}
	})
}

func (m *Model) onAnswerStarted(msg answerStartedMsg) tea.Cmd {
	t := &m.talk
	t.stream, t.cancel = msg.stream, msg.cancel
	if t.stopped {
		t.cancel()
	}
	return waitAnswer(m.run, msg.number, msg.stream)
}

// onAnswer takes what has come. An answer that a marker ended is over before
// its stream is: the server would go on with an invented conversation.
func (m *Model) onAnswer(msg answerMsg) tea.Cmd {
	t := &m.talk
	if msg.number != t.answers || t.stream == nil {
		return nil
	}
	text, end := t.stream.Take()
	t.session.Count(t.stream.Pieces())
	if text != "" && t.session.Add(text) {
		t.cancel()
	}
	if end != nil {
		t.cancel()
		t.session.End(end.Stats, end.Err)
		t.stream, t.cancel = nil, nil
	}
	t.pane.Changed()
	if end != nil {
		return nil
	}
	if !t.session.Running() {
		t.cancel() // the conversation was cleared meanwhile
	}
	return waitAnswer(m.run, msg.number, t.stream)
}

// stopAnswer ends the answer that is on its way, at the server too, and keeps
// what has come of it.
func (m *Model) stopAnswer() {
	t := &m.talk
	t.stopped = true
	if t.cancel != nil {
		t.cancel()
	}
}

// interrupt is what Ctrl-C does: it stops an answer, else takes away what is
// being written, else leaves.
func (m *Model) interrupt(k tea.KeyPressMsg) tea.Cmd {
	t := &m.talk
	board := m.asked == nil && m.viewer == nil && m.stage == stageBoard
	switch {
	case t.session.Running() && !t.stopped:
		m.stopAnswer()
		return nil
	case board && m.chatting() && t.pane.Draft() != "":
		return m.atOnce(first(t.pane.HandleKey(k)))
	}
	m.out.Interrupted = true
	return m.quit()
}

// chatting says whether letters go to the input of the chat.
func (m *Model) chatting() bool { return m.focus == PaneChat && m.talk.pane.Capturing() }

// answering says what the chat pane has to know of the model.
func (m *Model) answering() conversation.Model {
	var lines []string
	switch p := m.snap.Phase; {
	case !m.seen && m.apply.running:
		lines = []string{"The deployment is being applied."}
	case !m.seen:
		lines = []string{"There is nothing to ask yet."}
	case m.lost != "":
		// The last snapshot is of the past, and the way to the model went with it.
		lines = []string{"The model cannot be asked: nothing is known of " + safetext.Line(m.name) + " at present."}
	case p == status.Serving, p == status.Ready, p == status.Degraded:
		if m.obs != nil && m.obs.Chat != nil {
			return conversation.Model{Open: true, Tunnel: m.disconnected()}
		}
		lines = []string{"The model answers, but there is no way to it from here."}
	case p == status.Failed:
		return conversation.Model{Gone: m.snap.Fatal() != nil, Lines: []string{"The model cannot answer: the start-up failed."}}
	case p == status.NotFound, p == status.Stopped, p == status.Terminating:
		return conversation.Model{Gone: true, Lines: []string{safetext.Line("The model cannot answer: " + m.name + " is " + stateWords(p) + ".")}}
	default:
		lines = []string{safetext.Line(waiting(m.outlook(), m.snap.Cause))}
		if at := m.outlook().ReadyText(m.now); at != "" {
			lines = append(lines, "It can answer at about "+at+".")
		}
	}
	return conversation.Model{Lines: lines}
}

func stateWords(p status.Phase) string {
	switch p {
	case status.NotFound:
		return "not deployed"
	case status.Stopped:
		return "scaled to 0 groups"
	default:
		return "being deleted"
	}
}

// waiting says in a sentence what the model is doing, for how long, and how long
// that takes.
func waiting(outlook forecast.Forecast, cause string) string {
	if step, ok := outlook.Current(); ok {
		text := "The model cannot answer yet. In progress: " + step.Title + ", " + forecast.Clock(step.Elapsed)
		if step.Expected.Known() {
			text += " of an expected " + step.Expected.String()
		}
		return text + "."
	}
	if cause != "" {
		return "The model cannot answer yet: " + cause + "."
	}
	return "The model cannot answer yet."
}
