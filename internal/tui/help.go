package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
)

// Section is a group of keys with what they act on.
type Section struct {
	Title string
	Keys  []key.Binding
}

// sections are all keys of the dashboard. Help and the table in README come
// from them.
func (m *Model) sections() []Section {
	return []Section{
		{"Everywhere", m.keys.Bindings(m.cfg.ReadOnly)},
		{"Groups", m.groups.Bindings()},
		{"Milestones", m.timeline.Bindings()},
		{"Logs", m.logs.Bindings()},
		{"Events", m.events.Bindings()},
		{"Chat", m.talk.pane.Bindings()},
	}
}

// Keys returns the keys of the dashboard for documents.
func Keys() []Section {
	m := newModel(Config{Now: zeroTime}, nil)
	m.talk.pane.Focus(true) // or the keys of its input would be missing
	return m.sections()
}

// helpText lists the keys, those of the pane with the focus first.
func (m *Model) helpText() string {
	all := m.sections()
	here := Section{}
	if i := int(m.focus) + 1; i < len(all) {
		here = all[i]
		all = append(append([]Section{}, all[:i]...), all[i+1:]...)
	}
	if here.Title != "" {
		all = append([]Section{here}, all...)
	}
	var b strings.Builder
	for i, s := range all {
		if len(s.Keys) == 0 {
			continue
		}
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.Title + "\n")
		for _, k := range s.Keys {
			b.WriteString("  " + cells.Left(k.Help().Key, 14, "") + " " + k.Help().Desc + "\n")
		}
	}
	return b.String()
}

// footer is the line of keys at the bottom: those that are told first, as many
// as fit, or the answer to the last key.
func (m *Model) footer(keys []key.Binding) string {
	if m.note != "" {
		return " " + m.st.Busy.Render(cells.Cut(m.note, m.w-2, m.st.Glyphs.Ellipsis))
	}
	if keys == nil {
		k := m.keys
		keys = []key.Binding{k.Help, k.Quit, k.Next, k.Logs, k.Events, k.YAML, k.Detail, k.Copy}
		if !m.cfg.ReadOnly {
			keys = append(keys, k.Act)
		}
		keys = append(keys, k.Zoom, k.Mouse)
	}
	line, width := "", 0
	for _, b := range keys {
		if !b.Enabled() {
			continue
		}
		short := b.Help().Desc
		for _, end := range []string{";", ",", ":", " (", " of ", " and "} {
			short, _, _ = strings.Cut(short, end)
		}
		item := "  " + m.st.Key.Render(b.Help().Key) + " " + m.st.Muted.Render(short)
		n := ansi.StringWidth(item)
		if width+n > m.w-1 {
			break
		}
		line, width = line+item, width+n
	}
	return strings.TrimPrefix(line, " ")
}
