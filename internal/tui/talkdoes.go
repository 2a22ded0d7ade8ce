package tui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// savedMsg says where a conversation was written.
type savedMsg struct {
	path string
	err  error
}

// templateMsg is a template that was asked for.
type templateMsg struct {
	template chat.Template
	err      error
}

// editedMsg is what a person wrote in an editor of their own.
type editedMsg struct {
	text string
	err  error
}

// saveChat writes the conversation as it is now.
func (m *Model) saveChat(path string) tea.Cmd {
	name, backend := m.name, m.cfg.Backend
	turns := append([]chat.Turn(nil), m.talk.session.Turns()...)
	settings := m.talk.session.Settings()
	return m.run(func(ctx context.Context) tea.Msg {
		path, err := backend.SaveChat(ctx, name, path, settings, turns)
		return savedMsg{path: path, err: err}
	})
}

func (m *Model) onSaved(msg savedMsg) {
	if msg.err != nil {
		m.talk.pane.Warn(msg.err)
		return
	}
	m.talk.pane.Tell("the conversation is saved in " + msg.path)
}

// loadTemplate looks for a template by its name or by the path of a file.
func (m *Model) loadTemplate(name string) tea.Cmd {
	backend := m.cfg.Backend
	return m.run(func(ctx context.Context) tea.Msg {
		t, err := backend.ChatTemplate(ctx, name)
		return templateMsg{template: t, err: err}
	})
}

func (m *Model) onTemplate(msg templateMsg) {
	if msg.err != nil {
		m.talk.pane.Warn(msg.err)
		return
	}
	settings := m.talk.session.Settings()
	settings.Template = msg.template
	m.talk.session.Configure(settings)
	m.talk.chosen = true
	m.talk.pane.Changed()
	m.talk.pane.Tell("sent by the template " + msg.template.Name + " from now on")
}

// edit hands the terminal to the person's editor for a while.
func (m *Model) edit(text string) tea.Cmd {
	e, err := m.cfg.Backend.Editor(text)
	if err != nil {
		m.talk.pane.Warn(err)
		return nil
	}
	return tea.ExecProcess(e.Command, func(err error) tea.Msg {
		text, readErr := e.Written()
		if err != nil {
			return editedMsg{err: fmt.Errorf("the editor failed (%w); the prompt is as it was before", err)}
		}
		return editedMsg{text: text, err: readErr}
	})
}

func (m *Model) onEdited(msg editedMsg) {
	if msg.err != nil {
		m.talk.pane.Warn(msg.err)
		return
	}
	m.talk.pane.SetDraft(msg.text)
}
