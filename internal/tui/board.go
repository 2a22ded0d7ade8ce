package tui

import (
	"cmp"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/viewer"
)

// onKey gives a key to whoever takes it: what lies on top first, then an input
// that takes text, then the pane with the focus, then the program.
func (m *Model) onKey(k tea.KeyPressMsg) tea.Cmd {
	if m.under == "" {
		m.note = ""
	}
	if key.Matches(k, m.keys.Suspend) {
		return tea.Suspend
	}
	if key.Matches(k, m.keys.Interrupt) {
		return m.interrupt(k)
	}
	if key.Matches(k, m.keys.Redraw) {
		return tea.ClearScreen
	}
	switch {
	case m.asked != nil:
		cmd, _ := m.asked.pane.HandleKey(k)
		return m.atOnce(cmd)
	case m.viewer != nil:
		cmd, _ := m.viewer.HandleKey(k)
		return m.atOnce(cmd)
	case m.stage == stageForm && m.form != nil:
		cmd, _ := m.form.HandleKey(k)
		return cmd
	case m.focus == PaneLogs && m.logs.Capturing():
		cmd, _ := m.logs.HandleKey(k)
		return cmd
	case m.chatting():
		cmd, used := m.talk.pane.HandleKey(k)
		if !used && key.Matches(k, m.keys.Next, m.keys.Previous, m.keys.Zoom) {
			return first(m.programKey(k))
		}
		return m.atOnce(cmd)
	}
	if m.trouble != "" && k.String() == "esc" {
		m.trouble = ""
		return nil
	}
	if cmd, used := m.paneKey(k); used {
		return cmd
	}
	if cmd, used := m.programKey(k); used {
		return cmd
	}
	// The keys of the log act from everywhere, since it is what most people
	// look at; those that move mean the pane with the focus.
	if m.focus != PaneLogs && strings.Contains(logKeys, k.Text) && k.Text != "" {
		if cmd, used := m.logs.HandleKey(k); used {
			m.setFocus(PaneLogs)
			return cmd
		}
	}
	return nil
}

func first(cmd tea.Cmd, _ bool) tea.Cmd { return cmd }

// logKeys are the keys of the log that act from every pane.
const logKeys = "fptw/&nNo[]"

// atOnce routes what a dialog or a text has to say without the way through the
// program, so that a key typed right behind the answer finds what follows from
// it. Their commands do nothing but return a message.
func (m *Model) atOnce(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return m.route(cmd())
}

// programKey handles the keys that act from every pane.
func (m *Model) programKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch keys := m.keys; {
	case key.Matches(k, keys.Quit):
		return m.quit(), true
	case key.Matches(k, keys.Help):
		m.openText("Help", m.helpText())
	case key.Matches(k, keys.Next):
		m.setFocus((m.focus + 1) % paneCount)
	case key.Matches(k, keys.Previous):
		m.setFocus((m.focus + paneCount - 1) % paneCount)
	case key.Matches(k, keys.Number):
		m.setFocus(Pane(k.Code - '1'))
	case key.Matches(k, keys.Zoom):
		m.zoomed = !m.zoomed
	case key.Matches(k, keys.Logs):
		m.showSelectedLog()
	case key.Matches(k, keys.Events):
		m.setFocus(PaneEvents)
	case key.Matches(k, keys.YAML):
		return m.yaml(), true
	case key.Matches(k, keys.Detail):
		m.openText(m.detail())
	case key.Matches(k, keys.Copy):
		return m.copySomething(), true
	case key.Matches(k, keys.Act) && !m.cfg.ReadOnly:
		m.openActions()
	case key.Matches(k, keys.Mouse):
		m.mouse = !m.mouse
		note := "mouse off: the terminal selects text"
		if m.mouse {
			note = "mouse on: the wheel scrolls, a click focuses"
		}
		m.tell(note)
	default:
		return nil, false
	}
	return nil, true
}

// paneKey gives a key to the pane with the focus.
func (m *Model) paneKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch m.focus {
	case PaneGroups:
		if k.String() == "enter" && m.groups.Selected().Container != "" {
			m.showSelectedLog()
			return nil, true
		}
		cmd, used := m.groups.HandleKey(k)
		m.picked = m.picked || used
		return cmd, used
	case PaneMilestones:
		return m.timeline.HandleKey(k)
	case PaneLogs:
		return m.logs.HandleKey(k)
	case PaneEvents:
		return m.events.HandleKey(k)
	case PaneChat:
		cmd, used := m.talk.pane.HandleKey(k)
		return m.atOnce(cmd), used
	default:
		return nil, false
	}
}

func (m *Model) onPaste(msg tea.PasteMsg) tea.Cmd {
	switch {
	case m.asked != nil:
		return m.asked.pane.Update(msg)
	case m.viewer != nil:
		return m.viewer.Update(msg)
	case m.stage == stageForm && m.form != nil:
		return m.form.Update(msg)
	case m.focus == PaneLogs && m.logs.Capturing():
		return m.logs.Update(msg)
	case m.chatting():
		return m.atOnce(m.talk.pane.Update(msg))
	}
	return nil
}

// onWheel scrolls what the pointer is over.
func (m *Model) onWheel(msg tea.MouseWheelMsg) tea.Cmd {
	if m.viewer != nil {
		return m.viewer.Update(msg)
	}
	pane, ok := m.layout().At(msg.X, msg.Y)
	if !ok || m.stage != stageBoard || m.asked != nil {
		return nil
	}
	switch pane {
	case PaneGroups:
		return m.groups.Update(msg)
	case PaneMilestones:
		return m.timeline.Update(msg)
	case PaneLogs:
		return m.logs.Update(msg)
	case PaneEvents:
		return m.events.Update(msg)
	case PaneChat:
		return m.talk.pane.Update(msg)
	default:
		return nil
	}
}

// onClick moves the focus.
func (m *Model) onClick(msg tea.MouseClickMsg) tea.Cmd {
	if pane, ok := m.layout().At(msg.X, msg.Y); ok && m.viewer == nil && m.asked == nil && m.stage == stageBoard {
		m.setFocus(pane)
	}
	return nil
}

// setFocus moves the focus; a pane of the bottom becomes the one shown there.
func (m *Model) setFocus(p Pane) {
	m.focus = p
	m.talk.pane.Focus(p == PaneChat)
	if p >= PaneLogs {
		m.bottom = p
	}
}

// showSelectedLog shows the log of what is selected among the groups.
func (m *Model) showSelectedLog() {
	sel := m.groups.Selected()
	name := sel.Pod
	if sel.OK && name == "" && sel.Worker < 0 {
		name = fmt.Sprintf("%s-%d", m.name, sel.Group) // a group is represented by its leader
	}
	if name != "" {
		container := cmp.Or(sel.Container, serverContainer)
		if pod, ok := m.pod(name); ok && sel.Container == "" {
			container = mainContainer(pod.Containers)
		}
		m.logs.Show(logtail.Stream{Pod: name, Container: container})
	}
	m.setFocus(PaneLogs)
}

// openText shows a text in full.
func (m *Model) openText(title, text string) {
	m.viewer = viewer.New(m.st)
	m.viewer.Open(title, text)
}

// onText shows a text that was asked for.
func (m *Model) onText(msg textMsg) tea.Cmd {
	if msg.gen != m.gen || m.asked != nil || m.logs.Capturing() || m.chatting() {
		return nil // somebody is busy with something else by now
	}
	m.note = ""
	if msg.err != nil {
		m.fail(msg.err)
		return nil
	}
	m.openText(msg.title, msg.text)
	return nil
}

// yaml asks for the YAML of what is selected.
func (m *Model) yaml() tea.Cmd {
	if m.name == "" {
		return nil
	}
	pod := m.groups.Selected().Pod
	m.tell("reading " + cmp.Or(pod, m.name))
	return loadYAML(m.run, m.cfg.Backend, m.gen, m.name, pod)
}

func (m *Model) copy(text, what string) tea.Cmd {
	if text == "" {
		m.tell("nothing to copy")
		return nil
	}
	m.tell("copied " + what)
	return tea.SetClipboard(text)
}

// copySomething copies what the focus is on.
func (m *Model) copySomething() tea.Cmd {
	switch m.focus {
	case PaneLogs:
		return m.copy(m.logs.Copy(), "a line of the log")
	case PaneChat:
		return m.copy(m.talk.pane.Copy(), "the last answer")
	case PaneEvents, PaneMilestones:
		if f := firstFinding(m.snap); f != nil {
			return m.copy(findingText(*f), "what is wrong")
		}
	case PaneGroups:
		name := cmp.Or(m.groups.Selected().Pod, m.name)
		return m.copy(name, name)
	default:
	}
	return m.copy("", "")
}
