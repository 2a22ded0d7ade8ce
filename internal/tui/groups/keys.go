package groups

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

type keyMap struct {
	up, down, left, right, toggle, pageUp, pageDown, first, last key.Binding
}

func defaultKeys() keyMap {
	bind := func(help, desc string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
	}
	return keyMap{
		up:       bind("↑ k", "up", "up", "k"),
		down:     bind("↓ j", "down", "down", "j"),
		toggle:   bind("enter", "expand or collapse", "enter", "space"),
		left:     bind("←", "collapse, or to the parent; in the grid the host to the left", "left"),
		right:    bind("→", "expand; in the grid the host to the right", "right"),
		pageUp:   bind("pgup", "page up", "pgup"),
		pageDown: bind("pgdown", "page down", "pgdown"),
		first:    bind("g", "first row", "g", "home"),
		last:     bind("G", "last row", "G", "end"),
	}
}

// Bindings returns the keys of the pane, the most used first.
func (p *Pane) Bindings() []key.Binding {
	k := p.keys
	return []key.Binding{k.up, k.down, k.toggle, k.left, k.right, k.pageUp, k.pageDown, k.first, k.last}
}

// HandleKey takes a key and reports whether the pane has a use for it.
func (p *Pane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, p.keys.up):
		p.move(-1)
	case key.Matches(k, p.keys.down):
		p.move(1)
	case key.Matches(k, p.keys.pageUp):
		p.move(-max(p.body(), 1))
	case key.Matches(k, p.keys.pageDown):
		p.move(max(p.body(), 1))
	case key.Matches(k, p.keys.first):
		p.move(-len(p.rows))
	case key.Matches(k, p.keys.last):
		p.move(len(p.rows))
	case key.Matches(k, p.keys.toggle):
		p.chosen = true
		return nil, p.toggle()
	case key.Matches(k, p.keys.left):
		p.collapse()
	case key.Matches(k, p.keys.right):
		p.expand()
	default:
		return nil, false
	}
	return nil, true
}

// collapse is what left does: in the tree it closes what is open, then goes to
// the parent.
func (p *Pane) collapse() {
	if p.sideways(-1) || len(p.rows) == 0 {
		return
	}
	p.chosen = true
	r := p.rows[p.cursor]
	if (r.kind == groupRow || r.kind == podRow) && p.expanded(r.group, p.place(r)) {
		p.set(r, false)
		return
	}
	p.parent()
}

// expand is what right does: it opens what is closed, then goes inside.
func (p *Pane) expand() {
	if p.sideways(1) || len(p.rows) == 0 {
		return
	}
	r := p.rows[p.cursor]
	switch {
	case r.kind == containerRow:
	case p.expanded(r.group, p.place(r)):
		p.move(1)
	default:
		p.chosen = true
		p.set(r, true)
	}
}
