package events

import "charm.land/bubbles/v2/key"

type keyMap struct {
	evidence, up, down, pageUp, pageDown, first, last key.Binding
}

func defaultKeys() keyMap {
	bind := func(help, desc string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
	}
	return keyMap{
		evidence: bind("enter", "the lines that show what is wrong", "enter", "space"),
		up:       bind("↑ k", "up", "up", "k"),
		down:     bind("↓ j", "down", "down", "j"),
		pageUp:   bind("pgup", "page up", "pgup"),
		pageDown: bind("pgdown", "page down", "pgdown"),
		first:    bind("g", "first line", "g", "home"),
		last:     bind("G", "last line", "G", "end"),
	}
}
