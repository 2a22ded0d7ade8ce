// Package timeline is the pane of a start-up's milestones: what is done, what
// is in progress and for how long, what is still to come and how long that
// usually takes.
//
// Every milestone keeps its row from the beginning to the end. Only a
// milestone that stalls or ended short gets lines of its own below it, which
// say so in words. If there are more rows than the pane has, it follows the
// milestone in progress until somebody scrolls, and again from the next one.
package timeline

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Pane shows the milestones of one group. Its methods are called from one
// goroutine.
type Pane struct {
	styles *styles.Styles
	keys   keyMap
	w, h   int

	label    string
	forecast forecast.Forecast
	previous map[milestone.ID]time.Duration
	// expected is the widest that the column for what is expected has been: it
	// never gets narrower, so that the others stay where they are.
	expected int

	lines []line
	top   int
	// scrolled is true from the moment somebody scrolls until another
	// milestone is in progress than front, the one at that time.
	scrolled bool
	front    milestone.ID
}

// line is one line of the pane: a milestone, or a note about it.
type line struct {
	step int
	note string
}

// New returns an empty pane.
func New(s *styles.Styles) *Pane { return &Pane{styles: s, keys: defaultKeys()} }

// SetStyles replaces the styles.
func (p *Pane) SetStyles(s *styles.Styles) {
	p.styles = s
	p.arrange()
}

// SetSize sets the size of the pane in cells.
func (p *Pane) SetSize(w, h int) {
	if p.w == w && p.h == h {
		return
	}
	p.w, p.h = max(w, 0), max(h, 0)
	p.arrange()
}

// SetGroup names the group whose milestones are shown. An empty label is for
// deployments that have only one.
func (p *Pane) SetGroup(label string) { p.label = label }

// SetForecast replaces what is shown.
func (p *Pane) SetForecast(f forecast.Forecast) {
	p.forecast = f
	p.expected = max(p.expected, expectedWidth(f.Steps))
	p.arrange()
}

// SetPrevious sets how long the milestones took in the last complete start-up;
// nil where none is known.
func (p *Pane) SetPrevious(took map[milestone.ID]time.Duration) { p.previous = took }

// Update takes the mouse wheel.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			p.scroll(-3)
		case tea.MouseWheelDown:
			p.scroll(3)
		default:
		}
	}
	return nil
}

// HandleKey takes a key and reports whether the pane has a use for it.
func (p *Pane) HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, p.keys.up):
		p.scroll(-1)
	case key.Matches(k, p.keys.down):
		p.scroll(1)
	case key.Matches(k, p.keys.pageUp):
		p.scroll(-p.h)
	case key.Matches(k, p.keys.pageDown):
		p.scroll(p.h)
	case key.Matches(k, p.keys.first):
		p.scroll(-len(p.lines))
	case key.Matches(k, p.keys.last):
		p.scroll(len(p.lines))
	default:
		return nil, false
	}
	return nil, true
}

// Title is what stands above the pane.
func (p *Pane) Title() string {
	if p.label == "" {
		return "Milestones"
	}
	return "Milestones " + p.styles.Glyphs.Dot + " " + p.label
}

// View draws the pane.
func (p *Pane) View() string {
	if p.w == 0 || p.h == 0 {
		return ""
	}
	if len(p.lines) == 0 {
		return p.styles.Muted.Render(cells.Cut("no milestones yet", p.w, p.styles.Glyphs.Ellipsis))
	}
	out := make([]string, 0, p.h)
	c := columnsFor(p.w, p.expected)
	for _, l := range p.lines[p.top:min(p.top+p.h, len(p.lines))] {
		if l.note != "" {
			out = append(out, p.note(l))
			continue
		}
		out = append(out, p.row(p.forecast.Steps[l.step], c))
	}
	return strings.Join(out, "\n")
}

// arrange lists the lines anew and brings what is in progress into sight.
func (p *Pane) arrange() {
	p.lines = p.lines[:0]
	for i, s := range p.forecast.Steps {
		p.lines = append(p.lines, line{step: i})
		for _, text := range cells.WrapAtMost(remark(s), p.w-noteIndent, maxNotes, p.styles.Glyphs.Ellipsis) {
			p.lines = append(p.lines, line{step: i, note: text})
		}
	}
	front := frontOf(p.forecast.Steps)
	if front >= 0 && p.forecast.Steps[front].ID != p.front {
		p.front, p.scrolled = p.forecast.Steps[front].ID, false
	}
	if !p.scrolled {
		p.reveal(front)
	}
	p.top = max(min(p.top, len(p.lines)-p.h), 0)
}

// reveal scrolls as little as needed to show a milestone with its notes and,
// where there is room, its neighbours.
func (p *Pane) reveal(step int) {
	first, last := -1, -1
	for i, l := range p.lines {
		if l.step == step {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		return
	}
	if p.h > last-first+2 {
		first, last = max(first-1, 0), min(last+1, len(p.lines)-1)
	}
	p.top = max(p.top, last-p.h+1)
	p.top = min(p.top, first)
}

func (p *Pane) scroll(by int) {
	p.scrolled = true
	p.top = max(min(p.top+by, len(p.lines)-p.h), 0)
}
