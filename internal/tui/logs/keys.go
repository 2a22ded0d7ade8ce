package logs

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

const (
	// sideways is how many cells one step to the side is, wheelRows how many
	// rows one notch of the mouse wheel.
	sideways  = 8
	wheelRows = 3
)

type keyMap struct {
	Follow, Search, Next, Prev, Filter, Clear    key.Binding
	Pick, NextStream, PrevStream, Previous       key.Binding
	Wrap, Stamps                                 key.Binding
	Up, Down, PageUp, PageDown, HalfUp, HalfDown key.Binding
	Start, End, Left, Right                      key.Binding
}

func newKeyMap() keyMap {
	bind := func(help, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does))
	}
	return keyMap{
		Follow:     bind("f", "follow", "f"),
		Search:     bind("/", "search", "/"),
		Next:       bind("n", "next match", "n"),
		Prev:       bind("N", "match before", "N"),
		Filter:     bind("&", "show matching lines only, &! the others", "&"),
		Clear:      bind("esc", "clear search, then filter", "esc"),
		Pick:       bind("o", "choose container", "o"),
		PrevStream: bind("[", "container before", "["),
		NextStream: bind("]", "next container", "]"),
		Previous:   bind("p", "previous incarnation", "p"),
		Wrap:       bind("w", "wrap", "w"),
		Stamps:     bind("t", "timestamps", "t"),
		Up:         bind("k/↑", "up", "k", "up"),
		Down:       bind("j/↓", "down", "j", "down"),
		PageUp:     bind("pgup", "page up", "pgup"),
		PageDown:   bind("pgdown", "page down", "pgdown"),
		HalfUp:     bind("ctrl+u", "half a page up", "ctrl+u"),
		HalfDown:   bind("ctrl+d", "half a page down", "ctrl+d"),
		Start:      bind("g/home", "start", "g", "home"),
		End:        bind("G/end", "end, and follow", "G", "end"),
		Left:       bind("←", "left", "left"),
		Right:      bind("→", "right", "right"),
	}
}

// Bindings returns the keys, the most important first.
func (p *Pane) Bindings() []key.Binding {
	m := p.keys
	return []key.Binding{
		m.Follow, m.Search, m.Next, m.Prev, m.Filter, m.Clear, m.Pick, m.PrevStream, m.NextStream,
		m.Previous, m.Wrap, m.Stamps, m.Up, m.Down, m.PageUp, m.PageDown, m.HalfUp, m.HalfDown,
		m.Start, m.End, m.Left, m.Right,
	}
}

// HandleKey takes a key and reports whether it meant something here.
func (p *Pane) HandleKey(k tea.KeyPressMsg) (cmd tea.Cmd, used bool) {
	switch {
	case p.input != nil:
		return nil, p.inputKey(k)
	case p.picker != nil:
		return nil, p.pickerKey(k)
	case key.Matches(k, p.keys.Previous):
		return p.togglePrevious(), true
	case key.Matches(k, p.keys.Clear):
		return nil, p.clear()
	}
	return nil, p.scrollKey(k) || p.otherKey(k)
}

func (p *Pane) scrollKey(k tea.KeyPressMsg) bool {
	g, m := p.shownPager(), p.keys
	page := max(g.height-1, 1)
	switch {
	case key.Matches(k, m.Up):
		g.scroll(-1)
	case key.Matches(k, m.Down):
		g.scroll(1)
	case key.Matches(k, m.PageUp):
		g.scroll(-page)
	case key.Matches(k, m.PageDown):
		g.scroll(page)
	case key.Matches(k, m.HalfUp):
		g.scroll(-max(g.height/2, 1))
	case key.Matches(k, m.HalfDown):
		g.scroll(max(g.height/2, 1))
	case key.Matches(k, m.Start):
		g.toStart()
	case key.Matches(k, m.End):
		g.toEnd()
	case key.Matches(k, m.Left):
		p.shift(-sideways)
	case key.Matches(k, m.Right):
		p.shift(sideways)
	default:
		return false
	}
	return true
}

func (p *Pane) otherKey(k tea.KeyPressMsg) bool {
	g, m := p.shownPager(), p.keys
	switch {
	case key.Matches(k, m.Follow):
		if g.follow {
			g.pause()
		} else {
			g.toEnd()
		}
	case key.Matches(k, m.Search):
		p.open("/")
	case key.Matches(k, m.Filter):
		p.open("&")
	case key.Matches(k, m.Next):
		g.next()
		p.revealMatch()
	case key.Matches(k, m.Prev):
		g.prev()
		p.revealMatch()
	case key.Matches(k, m.Pick):
		p.openPicker()
	case key.Matches(k, m.PrevStream):
		p.step(-1)
	case key.Matches(k, m.NextStream):
		p.step(1)
	case key.Matches(k, m.Wrap):
		p.wrap = !p.wrap
		p.layout()
	case key.Matches(k, m.Stamps):
		p.stamps = (p.stamps + 1) % stampKinds
		p.layout()
	default:
		return false
	}
	return true
}

// clear ends the search, or the filter if there is none, or does nothing.
func (p *Pane) clear() bool {
	switch {
	case !p.search.empty():
		p.setSearch(pattern{})
	case !p.filter.empty():
		p.setFilter(pattern{})
	default:
		return false
	}
	return true
}

// shift moves sideways, to the right only as long as something comes into
// sight.
func (p *Pane) shift(d int) {
	if p.wrap {
		return
	}
	if d > 0 {
		d = min(d, max(0, p.widest()-p.columns.text-p.x))
	}
	p.x = max(0, p.x+d)
}

// widest returns the width of the widest line on the screen.
func (p *Pane) widest() int {
	g, width := p.shownPager(), 0
	at := g.first()
	for pos := at.pos; pos < g.shown.end && pos < at.pos+uint64(g.height); pos++ {
		l := g.line(pos)
		width = max(width, column(l, len(l.text)))
	}
	return width
}

func (p *Pane) wheel(msg tea.MouseWheelMsg) {
	g := p.shownPager()
	switch msg.Button {
	case tea.MouseWheelUp:
		g.scroll(-wheelRows)
	case tea.MouseWheelDown:
		g.scroll(wheelRows)
	case tea.MouseWheelLeft:
		p.shift(-sideways)
	case tea.MouseWheelRight:
		p.shift(sideways)
	default:
	}
}
