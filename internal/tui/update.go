package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/conversation"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/dialog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/logs"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/viewer"
)

// Update implements tea.Model: it routes each message to the method for it.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.now = m.cfg.Now()
	m.talk.pane.SetNow(m.now)
	cmd := m.route(msg)
	m.place()
	return m, cmd
}

func (m *Model) route(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.restyle(m.cfg.Theme.dark(msg.IsDark()))
	case tea.KeyPressMsg:
		return m.onKey(msg)
	case tea.PasteMsg:
		return m.onPaste(msg)
	case tea.MouseWheelMsg:
		return m.onWheel(msg)
	case tea.MouseClickMsg:
		return m.onClick(msg)
	case tickMsg:
		return m.onTick()
	case deploymentsMsg:
		return m.onDeployments(msg)
	case deployStartedMsg:
		m.apply.events = msg.events
		return waitDeploy(m.run, msg.gen, msg.events)
	case deployMsg:
		return m.onDeploy(msg)
	case observingMsg:
		return m.onObserving(msg)
	case snapshotMsg:
		return m.onSnapshot(msg)
	case linesMsg:
		return m.onLines(msg)
	case expectMsg:
		if msg.gen == m.gen {
			m.expect, m.last = msg.expect, msg.last
		}
	case textMsg:
		return m.onText(msg)
	case earlierMsg:
		m.onEarlier(msg)
	case actedMsg:
		return m.onActed(msg)
	case answerStartedMsg:
		return m.onAnswerStarted(msg)
	case answerMsg:
		return m.onAnswer(msg)
	case savedMsg:
		m.onSaved(msg)
	case templateMsg:
		m.onTemplate(msg)
	case editedMsg:
		m.onEdited(msg)
		return tea.ClearScreen // whatever the editor has left there
	case conversation.Submitted:
		return m.ask(msg.Text)
	case conversation.AgainRequested:
		return m.askAgain()
	case conversation.StopRequested:
		m.stopAnswer()
	case conversation.EditRequested:
		return m.edit(msg.Text)
	case conversation.CopyRequested:
		return m.copy(msg.Text, msg.What)
	case conversation.SaveRequested:
		return m.saveChat(msg.Path)
	case conversation.TemplateRequested:
		return m.loadTemplate(msg.Name)
	case conversation.ShowRequested:
		m.openText(msg.Title, msg.Text)
	case conversation.LeaveRequested:
		return m.quit()
	case logs.PreviousRequested:
		return loadEarlier(m.run, m.cfg.Backend, m.name, msg.Stream)
	case viewer.Closed:
		m.viewer = nil
	case viewer.Copied:
		return m.copy(msg.Text, msg.Title)
	case dialog.Answered:
		return m.onAnswered(msg)
	case dialog.Entered:
		return m.onEntered(msg)
	case dialog.Chosen:
		return m.onChosen(msg)
	case dialog.Dismissed:
		return m.onDismissed(msg)
	case form.Submitted:
		return m.onSubmitted(msg)
	case form.Cancelled:
		return m.quit()
	default:
		return m.toInputs(msg)
	}
	return nil
}

// restyle follows the terminal's background.
func (m *Model) restyle(dark bool) {
	if dark == m.dark {
		return
	}
	m.dark = dark
	m.st = styles.New(styles.Options{Dark: dark, ASCII: m.cfg.ASCII})
	m.groups.SetStyles(m.st)
	m.timeline.SetStyles(m.st)
	m.logs.SetStyles(m.st)
	m.events.SetStyles(m.st)
	m.talk.pane.SetStyles(m.st)
	if m.viewer != nil {
		m.viewer.SetStyles(m.st)
	}
	if m.asked != nil {
		m.asked.pane.SetStyles(m.st)
	}
	if m.form != nil {
		m.form.SetStyles(m.st)
	}
}

// toInputs passes on what only widgets understand, such as the blinking of
// their cursors.
func (m *Model) toInputs(msg tea.Msg) tea.Cmd {
	if m.form != nil && m.stage == stageForm {
		return m.form.Update(msg)
	}
	return nil
}

// onTick lets time pass: notes go, what failed is tried again, and a deadline
// ends the program.
func (m *Model) onTick() tea.Cmd {
	if m.note != "" && !m.now.Before(m.noteEnds) {
		m.note = ""
	}
	if m.talk.session.Running() {
		m.talk.pane.Changed() // where no text comes, its rate falls
	}
	cmds := []tea.Cmd{tick()}
	if m.retry != nil && !m.now.Before(m.retryAt) {
		retry := m.retry
		m.retry = nil
		cmds = append(cmds, retry())
	}
	if d := m.cfg.Deadline; !d.IsZero() && !m.everReady && !m.now.Before(d) {
		m.out.TimedOut = true
		cmds = append(cmds, tea.Quit)
	}
	return tea.Batch(cmds...)
}

// quit ends the program. An action that is under way would be cut off by it, so
// the first wish to leave waits for its end and the second does not.
func (m *Model) quit() tea.Cmd {
	if m.under != "" && !m.leaving {
		m.leaving = true
		m.tell(m.under + " is under way; leaving when it is done. Again leaves at once")
		m.noteEnds = m.now.Add(time.Hour)
		return nil
	}
	return tea.Quit
}

// fail shows what did not work, until esc.
func (m *Model) fail(err error) {
	if err != nil {
		m.trouble = err.Error()
		m.note = ""
	}
}

// retryAfter is the pause before what failed is tried again.
const retryAfter = 5 * time.Second

// lose says that there is nothing to look at, and has it tried again: servers
// come back, and permissions are granted.
func (m *Model) lose(err error, retry func() tea.Cmd) {
	m.out.Err = err
	m.lost, m.retry, m.retryAt = err.Error(), retry, m.now.Add(retryAfter)
}

// regain says that there is something to look at.
func (m *Model) regain() {
	m.out.Err = nil
	m.lost, m.retry = "", nil
}
