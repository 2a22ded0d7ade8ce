package form

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// stop is a place where the focus can be.
type stop struct {
	kind  stopKind
	field string
}

type stopKind int

const (
	stopProfile stopKind = iota
	stopField
	stopMore
	stopDeploy
)

// stops are all places for the focus, in the order of the screen.
func (p *Pane) stops() []stop {
	stops := []stop{{kind: stopProfile}}
	for _, f := range p.needed() {
		stops = append(stops, stop{stopField, f.Name})
	}
	stops = append(stops, stop{kind: stopMore})
	if p.open {
		for _, f := range p.further() {
			stops = append(stops, stop{stopField, f.Name})
		}
	}
	return append(stops, stop{kind: stopDeploy})
}

// move moves the focus. It may go around the ends or not.
func (p *Pane) move(by int, around bool) {
	if p.focus.kind == stopField {
		p.touched[p.focus.field] = true
	}
	stops := p.stops()
	at := slices.Index(stops, p.focus) + by
	if around {
		at = (at + len(stops)) % len(stops)
	}
	p.focus = stops[min(max(at, 0), len(stops)-1)]
	p.fit()
}

// HandleKey takes a key and reports whether it had a meaning here.
func (p *Pane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.String() {
	case "ctrl+s":
		return p.submit(), true
	case "ctrl+o":
		p.reading = !p.reading
		p.fit()
		return nil, true
	}
	if p.reading {
		return p.readKey(k)
	}
	switch k.String() {
	case "esc":
		return func() tea.Msg { return Cancelled{} }, true
	case "tab":
		p.move(1, true)
		return nil, true
	case "shift+tab":
		p.move(-1, true)
		return nil, true
	case "pgup", "pgdown":
		if !p.layout().preview.shown() {
			return nil, false
		}
		return p.preview.HandleKey(k)
	}
	if p.focus.kind == stopProfile {
		if by := step(k); by != 0 && p.profile+by >= 0 && p.profile+by < len(p.o.Profiles) {
			p.profile += by
			p.fit()
			return p.changed(), true
		}
	}
	if by := step(k); by != 0 {
		p.move(by, false)
		return nil, true
	}
	return p.stopKey(k)
}

// step is the direction of a key that moves up or down.
func step(k tea.KeyPressMsg) int {
	switch k.String() {
	case "up":
		return -1
	case "down":
		return 1
	}
	return 0
}

// stopKey takes a key for what has the focus.
func (p *Pane) stopKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	in := p.input()
	switch name := k.String(); {
	case p.focus.kind == stopDeploy && (name == "enter" || name == "space"):
		return p.submit(), true
	case p.focus.kind == stopMore && (name == "enter" || name == "space" || name == "left" || name == "right"):
		p.open = !p.open
		p.fit()
		return nil, true
	case name == "enter":
		p.move(1, false)
		return nil, true
	case in != nil:
		before := in.Value()
		if !in.HandleKey(k) {
			return nil, false
		}
		if in.Value() == before {
			return nil, true
		}
		return p.changed(), true
	case p.focus.kind == stopField:
		return p.choose(k)
	}
	return nil, false
}

// choose goes through the values of a choice. The default is chosen by
// choosing nothing.
func (p *Pane) choose(k tea.KeyPressMsg) (tea.Cmd, bool) {
	var by int
	switch k.String() {
	case "left":
		by = -1
	case "right", "space":
		by = 1
	default:
		return nil, false
	}
	f, _ := p.field(p.focus.field)
	options := f.options()
	at := slices.Index(options, p.chosen(f))
	next := options[(max(at, 0)+by+len(options))%len(options)]
	if at < 0 {
		next = options[0]
	}
	if next == f.Default {
		next = ""
	}
	p.choices[f.Name] = next
	return p.changed(), true
}

// chosen is the value of a choice, or its default.
func (p *Pane) chosen(f Field) string {
	if value := p.choices[f.Name]; value != "" {
		return value
	}
	return f.Default
}

// readKey takes a key while the preview has the focus.
func (p *Pane) readKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if name := k.String(); !p.preview.Typing() && (name == "esc" || name == "q") {
		p.reading = false
		p.fit()
		return nil, true
	}
	return p.preview.HandleKey(k)
}

// Bindings returns the keys in the order of their importance.
func (p *Pane) Bindings() []key.Binding {
	bind := func(help, desc string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
	}
	deploy := bind("ctrl+s", "deploy", "ctrl+s")
	if p.reading {
		return append([]key.Binding{bind("esc", "back to the form", "esc", "ctrl+o"), deploy}, p.preview.Bindings()[1:]...)
	}
	return []key.Binding{
		bind("tab", "next field", "tab", "down"), deploy, bind("ctrl+o", "objects", "ctrl+o"), bind("esc", "back", "esc"),
		bind("shift+tab", "previous field", "shift+tab", "up"), bind("enter", "next field, or press the button", "enter"),
		bind("left/right", "another choice", "left", "right"), bind("pgdown", "scroll the objects", "pgdown", "pgup"),
	}
}
