package viewer

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

type keyMap struct {
	up, down, pageUp, pageDown, halfUp, halfDown key.Binding
	top, bottom, left, right                     key.Binding
	search, next, previous                       key.Binding
	wrap, copy, close                            key.Binding
}

func keys() keyMap {
	bind := func(help, desc string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
	}
	return keyMap{
		up:       bind("up", "a line up", "up", "k"),
		down:     bind("down", "a line down", "down", "j", "enter"),
		pageUp:   bind("pgup", "a page up", "pgup", "ctrl+b", "b"),
		pageDown: bind("pgdown", "a page down", "pgdown", "ctrl+f", "space"),
		halfUp:   bind("ctrl+u", "half a page up", "ctrl+u"),
		halfDown: bind("ctrl+d", "half a page down", "ctrl+d"),
		top:      bind("g", "to the beginning", "g", "home"),
		bottom:   bind("G", "to the end", "G", "end"),
		left:     bind("left", "to the left", "left", "h"),
		right:    bind("right", "to the right", "right", "l"),
		search:   bind("/", "search", "/"),
		next:     bind("n", "next match", "n"),
		previous: bind("N", "previous match", "N"),
		wrap:     bind("w", "wrap lines or not", "w"),
		copy:     bind("c", "copy all of it", "c"),
		close:    bind("q", "close", "q", "esc"),
	}
}

// Bindings returns the keys in the order of their importance.
func (p *Pane) Bindings() []key.Binding {
	k := p.keys
	return []key.Binding{
		k.close, k.search, k.next, k.previous, k.wrap, k.copy, k.pageDown, k.pageUp,
		k.top, k.bottom, k.down, k.up, k.halfDown, k.halfUp, k.left, k.right,
	}
}

// HandleKey takes a key and reports whether it had a meaning here.
func (p *Pane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.typing {
		return nil, p.typeKey(k)
	}
	page := max(p.body()-1, 1)
	switch {
	case key.Matches(k, p.keys.close):
		return func() tea.Msg { return Closed{} }, true
	case key.Matches(k, p.keys.copy):
		copied := Copied{Title: p.title, Text: p.doc.text}
		return func() tea.Msg { return copied }, true
	case key.Matches(k, p.keys.up):
		p.scroll(-1)
	case key.Matches(k, p.keys.down):
		p.scroll(1)
	case key.Matches(k, p.keys.pageUp):
		p.scroll(-page)
	case key.Matches(k, p.keys.pageDown):
		p.scroll(page)
	case key.Matches(k, p.keys.halfUp):
		p.scroll(-max(page/2, 1))
	case key.Matches(k, p.keys.halfDown):
		p.scroll(max(page/2, 1))
	case key.Matches(k, p.keys.top):
		p.top, p.x = position{}, 0
	case key.Matches(k, p.keys.bottom):
		p.top = p.last()
	case key.Matches(k, p.keys.left):
		p.x = max(p.x-sideways, 0)
	case key.Matches(k, p.keys.right):
		p.right()
	case key.Matches(k, p.keys.wrap):
		p.SetWrap(!p.wrap)
	case key.Matches(k, p.keys.search):
		p.begin()
	case key.Matches(k, p.keys.next):
		p.again(true)
	case key.Matches(k, p.keys.previous):
		p.again(false)
	default:
		return nil, false
	}
	return nil, true
}

// right moves to the right as long as a visible line goes on there.
func (p *Pane) right() {
	if p.wrap {
		return
	}
	for i := range p.body() {
		line := p.top.line + i
		if line >= p.doc.lines() {
			return
		}
		from, to := p.doc.span(line)
		if _, end, _ := columns(p.doc.text[from:to], p.x, p.w); from+end < to {
			p.x += sideways
			return
		}
	}
}
