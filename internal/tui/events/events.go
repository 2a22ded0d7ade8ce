// Package events is the pane of what is wrong and of what happened: findings
// with their causes and remedies, then the deployment's Kubernetes events, then
// what could not be observed.
//
// Text is wrapped, never cut: it is what a person acts on. Lines are laid out
// when the snapshot or the width changes; View costs the visible rows.
package events

import (
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Pane shows findings and events. Its methods are called from one goroutine.
type Pane struct {
	st   *styles.Styles
	keys keyMap
	w, h int
	now  time.Time
	s    status.Snapshot

	evidence bool // the lines that show a finding are shown
	lines    []line
	top      int
	atEnd    bool // the newest event stays in sight
}

// line is a row with its style. An event's row begins with its age, which
// changes by itself.
type line struct {
	style lipgloss.Style
	text  string
	aged  time.Time
}

// New returns an empty pane.
func New(st *styles.Styles) *Pane { return &Pane{st: st, keys: defaultKeys(), atEnd: true} }

// SetStyles replaces the styles.
func (p *Pane) SetStyles(st *styles.Styles) {
	p.st = st
	p.lay()
}

// SetSize sets the size of the pane in cells.
func (p *Pane) SetSize(w, h int) {
	changed := w != p.w
	p.w, p.h = w, h
	if changed {
		p.lay()
	}
	p.clamp()
}

// SetNow sets the time that ages are counted to.
func (p *Pane) SetNow(now time.Time) { p.now = now }

// SetSnapshot replaces what is shown.
func (p *Pane) SetSnapshot(s status.Snapshot) {
	p.s = s
	p.lay()
}

// lay lays the lines out.
func (p *Pane) lay() {
	p.lines = p.lines[:0]
	for _, f := range p.s.Findings {
		p.finding(f)
	}
	if len(p.s.Findings) > 0 && len(p.s.Events) > 0 {
		p.add(p.st.Text, "")
	}
	c := columnsFor(p.w)
	for i, e := range p.s.Events {
		if i == 0 {
			p.add(p.st.Muted, c.header())
		}
		p.event(e, c)
	}
	for i, n := range p.s.Notes {
		if i == 0 && len(p.lines) > 0 {
			p.add(p.st.Text, "")
		}
		p.wrap(p.st.Warn, " Not seen: ", "           ", n.Message)
	}
	p.clamp()
}

func (p *Pane) add(style lipgloss.Style, text string) {
	p.lines = append(p.lines, line{style: style, text: text})
}

// wrap adds a text behind a first indentation; later lines get another one,
// which is as wide.
func (p *Pane) wrap(style lipgloss.Style, first, later, text string) {
	for i, row := range cells.Wrap(safetext.Line(text), p.w-1-ansi.StringWidth(first)) {
		indent := first
		if i > 0 {
			indent = later
		}
		p.add(style, indent+row)
	}
}

// finding adds what is wrong, why, and what helps.
func (p *Pane) finding(f status.Finding) {
	style, glyph, summary := p.st.Warn, p.st.Glyphs.Stalled, f.Summary
	switch {
	case f.Fatal:
		style, glyph = p.st.Loud, p.st.Glyphs.Failed
	case f.Provisional:
		style, glyph = p.st.Muted, p.st.Glyphs.Pending
		summary += " (it may follow from something else)"
	}
	where := f.Pod
	if f.Container != "" {
		where += "/" + f.Container
	}
	p.wrap(style, " "+glyph+" ", "   ", summary)
	part := func(style lipgloss.Style, title, text string) {
		first := "   " + cells.Left(title, len("remedy  "), "")
		p.wrap(style, first, cells.Blank(len(first)), text)
	}
	part(p.st.Muted, "where", strings.TrimPrefix(where, "/"))
	part(p.st.Text, "cause", f.Cause)
	part(p.st.Strong, "remedy", f.Remedy)
	switch n := len(f.Evidence); {
	case n == 0:
	case p.evidence:
		for _, text := range f.Evidence {
			bar := "   " + p.st.Glyphs.Vertical + " "
			p.wrap(p.st.Muted, bar, bar, text)
		}
	case n == 1:
		p.add(p.st.Muted, "   enter shows the line that says so")
	default:
		p.add(p.st.Muted, fmt.Sprintf("   enter shows the %d lines that say so", n))
	}
}

// View draws the visible rows.
func (p *Pane) View() string {
	if p.w <= 0 || p.h <= 0 {
		return ""
	}
	if len(p.lines) == 0 {
		return p.st.Muted.Render(cells.Cut(" Nothing is wrong, and no event was seen.", p.w, p.st.Glyphs.Ellipsis))
	}
	var rows []string
	for _, l := range p.lines[p.top:min(p.top+p.h, len(p.lines))] {
		text := l.text
		if !l.aged.IsZero() {
			text = cells.Left(duration.HumanDuration(p.now.Sub(l.aged)), ageWidth, "") + text
		}
		rows = append(rows, l.style.Render(cells.Cut(text, p.w, p.st.Glyphs.Ellipsis)))
	}
	return strings.Join(rows, "\n")
}

// HandleKey takes a key and reports whether the pane has a use for it.
func (p *Pane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, p.keys.up):
		p.scroll(-1)
	case key.Matches(k, p.keys.down):
		p.scroll(1)
	case key.Matches(k, p.keys.pageUp):
		p.scroll(-max(p.h-1, 1))
	case key.Matches(k, p.keys.pageDown):
		p.scroll(max(p.h-1, 1))
	case key.Matches(k, p.keys.first):
		p.scroll(-len(p.lines))
	case key.Matches(k, p.keys.last):
		p.scroll(len(p.lines))
	case key.Matches(k, p.keys.evidence):
		p.evidence = !p.evidence
		p.lay()
	default:
		return nil, false
	}
	return nil, true
}

// Update takes keys and the mouse wheel.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.MouseWheelMsg:
		const rows = 3
		switch msg.Button {
		case tea.MouseWheelUp:
			p.scroll(-rows)
		case tea.MouseWheelDown:
			p.scroll(rows)
		default:
		}
	}
	return nil
}

func (p *Pane) scroll(rows int) {
	p.atEnd = false
	p.top += rows
	p.clamp()
	p.atEnd = p.top >= len(p.lines)-p.h
}

// clamp keeps the visible rows within the lines. What is wrong stands at the top,
// so with findings the pane begins there.
func (p *Pane) clamp() {
	if p.atEnd && len(p.s.Findings) == 0 {
		p.top = len(p.lines)
	}
	p.top = max(min(p.top, len(p.lines)-max(p.h, 0)), 0)
}

// Bindings returns the keys of the pane, the most used first.
func (p *Pane) Bindings() []key.Binding {
	k := p.keys
	return []key.Binding{k.evidence, k.up, k.down, k.pageUp, k.pageDown, k.first, k.last}
}
