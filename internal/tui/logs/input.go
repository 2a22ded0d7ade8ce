package logs

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// input is a line that is being typed for a search or a filter.
type input struct {
	kind string // "/" or "&"
	text string

	// What was there before, for the case that it is given up.
	search  pattern
	current uint64
	had     bool
	follow  bool
	top     place
	paused  uint64
	x       int
}

func (in *input) insert(text string) {
	in.text += sanitize(text)
}

// key takes an editing key and reports whether it was one.
func (in *input) key(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "backspace", "ctrl+h":
		_, n := utf8.DecodeLastRuneInString(in.text)
		in.text = in.text[:len(in.text)-n]
	case "ctrl+u":
		in.text = ""
	case "ctrl+w":
		words := strings.TrimRightFunc(in.text, unicode.IsSpace)
		in.text = words[:strings.LastIndexFunc(words, unicode.IsSpace)+1]
	default:
		if k.Text == "" {
			return false
		}
		in.insert(k.Text)
	}
	return true
}

func (p *Pane) open(kind string) {
	g := p.shownPager()
	p.input = &input{
		kind: kind, search: p.search, current: g.current, had: g.hasCurrent,
		follow: g.follow, top: g.top, paused: g.paused, x: p.x,
	}
	p.layout()
}

func (p *Pane) close() {
	p.input = nil
	p.layout()
}

// inputKey takes a key while text is typed. Only those that stop or suspend
// the program are left to others.
func (p *Pane) inputKey(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "ctrl+c", "ctrl+z":
		return false
	case "enter":
		p.accept()
	case "esc":
		p.giveUp()
	default:
		if k.String() == "backspace" && p.input.text == "" {
			p.giveUp()
		} else if p.input.key(k) {
			p.typed()
		}
	}
	return true
}

// typed shows what a search finds so far, from where it began.
func (p *Pane) typed() {
	if p.input.kind != "/" {
		return
	}
	p.restore()
	if p.input.text != "" {
		p.setSearch(newPattern(p.input.text))
		p.shownPager().nearest()
		p.revealMatch()
	}
}

// accept makes a filter of what was typed, and keeps what a search found. An
// empty search repeats the one before.
func (p *Pane) accept() {
	text, kind := p.input.text, p.input.kind
	p.close()
	switch {
	case kind == "&":
		p.setFilter(newFilter(text))
	case text == "":
		p.shownPager().next()
		p.revealMatch()
	}
}

func (p *Pane) giveUp() {
	p.restore()
	p.close()
}

// restore puts everything back as it was before the first key.
func (p *Pane) restore() {
	in := p.input
	if p.search != in.search {
		p.setSearch(in.search)
	}
	g := p.shownPager()
	g.current, g.hasCurrent = in.current, in.had
	g.follow, g.top, g.paused = in.follow, in.top, in.paused
	p.x = in.x
}

func (p *Pane) setSearch(s pattern) {
	p.search = s
	p.live.setSearch(s)
	p.previous.setSearch(s)
}

func (p *Pane) setFilter(f pattern) {
	p.filter = f
	p.live.setFilter(f)
	p.previous.setFilter(f)
}

// revealMatch moves the screen sideways if the current match is out of sight.
func (p *Pane) revealMatch() {
	g := p.shownPager()
	if p.wrap || g.hit() == 0 {
		return
	}
	l := g.lines.at(g.current)
	start, end := g.search.find(l.text)
	from, to := column(l, start), column(l, end)
	// The first and the last cell may be taken by ellipses.
	if from > p.x && to < p.x+p.columns.text || p.x == 0 && to < p.columns.text {
		return
	}
	p.x = max(0, from-p.columns.text/3)
	if to < p.columns.text {
		p.x = 0
	}
}
