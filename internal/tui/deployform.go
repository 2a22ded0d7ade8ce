package tui

import (
	"cmp"
	"maps"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form"
)

// openForm asks what to deploy.
func (m *Model) openForm() tea.Cmd {
	m.stage = stageForm
	m.form = form.New(m.st, m.cfg.Form)
	return m.form.Init()
}

// onSubmitted deploys what the form asks for. The form stays until that has
// worked, for somebody to correct what was refused.
func (m *Model) onSubmitted(msg form.Submitted) tea.Cmd {
	if m.stage != stageForm {
		return nil
	}
	m.out.Err = nil
	values := maps.Clone(msg.Values)
	name := cmp.Or(values[form.NameField], m.cfg.DefaultName)
	delete(values, form.NameField)
	return m.deploy(Request{Name: name, Profile: msg.Profile, Values: values})
}
