package timeline

import "charm.land/bubbles/v2/key"

type keyMap struct {
	up, down, pageUp, pageDown, first, last key.Binding
}

func defaultKeys() keyMap {
	bind := func(help, desc string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
	}
	return keyMap{
		up:       bind("↑ k", "up", "up", "k"),
		down:     bind("↓ j", "down", "down", "j"),
		pageUp:   bind("pgup", "page up", "pgup"),
		pageDown: bind("pgdown", "page down", "pgdown"),
		first:    bind("g", "first milestone", "g", "home"),
		last:     bind("G", "last milestone", "G", "end"),
	}
}

// Bindings returns the keys of the pane, the most used first.
func (p *Pane) Bindings() []key.Binding {
	k := p.keys
	return []key.Binding{k.up, k.down, k.pageUp, k.pageDown, k.first, k.last}
}
