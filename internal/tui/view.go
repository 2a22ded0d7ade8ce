package tui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/events"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// layout is where everything is at present.
func (m *Model) layout() Layout {
	return NewLayout(m.w, m.h, View{Focus: m.focus, Bottom: m.bottom, Zoomed: m.zoomed, Cause: len(m.causeLines())})
}

// causeLines are what must be seen: what is wrong with the deployment, and below
// it what this program could not do.
func (m *Model) causeLines() []string {
	var out []string
	if m.seen {
		out = events.CauseLines(m.snap, m.w, m.st)
	}
	if m.lost != "" {
		text := m.lost
		if m.retry != nil {
			text += "\nIt is tried again."
		}
		out = append(out, m.troubleLines(text)...)
	}
	if m.trouble != "" {
		out = append(out, m.troubleLines(m.trouble+"\nesc takes this away")...)
	}
	return out
}

// maxTrouble is how many lines what did not work may take on a screen of a usual
// height: a cause and a remedy, each with a path or a command in it.
const maxTrouble = 6

// troubleLines say what did not work and, below it, what helps.
func (m *Model) troubleLines(text string) []string {
	var out []string
	mark := m.st.Glyphs.Failed + " "
	style := m.st.Loud
	for line := range strings.SplitSeq(text, "\n") {
		for _, row := range cells.Wrap(safetext.Line(line), m.w-4) {
			out = append(out, " "+style.Render(mark+row))
			mark = "  "
		}
		style = m.st.Strong
	}
	if most := max(min(maxTrouble, m.h/3), 1); len(out) > most {
		out = append(out[:most-1:most-1], " "+style.Render("  "+m.st.Glyphs.Ellipsis))
	}
	return out
}

// place gives every pane its size and what it shows. View does no more than
// draw.
func (m *Model) place() {
	l := m.layout()
	size := func(p Pane, set func(w, h int)) {
		if r := l.Panes[p]; !r.Empty() {
			set(r.W, r.H)
		}
	}
	size(PaneGroups, m.groups.SetSize)
	size(PaneMilestones, m.timeline.SetSize)
	size(PaneLogs, m.logs.SetSize)
	size(PaneEvents, m.events.SetSize)
	size(PaneChat, m.talk.pane.SetSize)
	if m.viewer != nil {
		m.viewer.SetSize(m.w, max(m.h-1, 0))
	}
	if m.asked != nil {
		m.asked.pane.SetSize(m.w, max(m.h-3, 0))
	}
	if m.form != nil {
		m.form.SetSize(m.w, max(m.h-2, 0))
	}
	m.groups.SetNow(m.now)
	m.events.SetNow(m.now)
	m.talk.pane.SetModel(m.answering())
	g, ok := m.shownGroup()
	m.timeline.SetForecast(m.outlookOf(g, ok))
	m.timeline.SetPrevious(m.last)
	label := ""
	if len(m.snap.Groups) > 1 {
		label = fmt.Sprintf("group %d", g.Index)
	}
	m.timeline.SetGroup(label)
}

// View implements tea.Model.
func (m *Model) View() tea.View {
	v := tea.View{AltScreen: true, WindowTitle: m.windowTitle()}
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if m.w <= 0 || m.h <= 0 {
		return v
	}
	v.Content, v.Cursor = m.draw()
	if m.cfg.ASCII {
		v.Content = asASCII.Replace(v.Content)
	}
	return v
}

// asASCII replaces the signs of times and numbers, which the packages that write
// them share with other output. Each takes one cell as before.
var asASCII = strings.NewReplacer("–", "-", "≈", "~", "×", "x", "…", "~", "·", "-")

// windowTitle is what a terminal shows in its tab.
func (m *Model) windowTitle() string {
	if !m.seen {
		return m.cfg.Program
	}
	return safetext.Line(strings.ToUpper(m.snap.Headline()) + " " + m.name)
}

// draw returns the screen, and where the cursor is.
func (m *Model) draw() (string, *tea.Cursor) {
	c := newCanvas(m.w, m.h)
	switch {
	case m.asked != nil:
		return m.drawDialog(c)
	case m.viewer != nil:
		c.put(Rect{0, 0, m.w, m.h - 1}, m.viewer.View())
		c.line(0, m.h-1, m.w, m.footer(m.viewer.Bindings()))
		return c.String(), m.viewer.Cursor()
	case m.stage == stageForm && m.form != nil:
		m.drawHeader(c, Rect{0, 0, m.w, 1})
		c.put(Rect{0, 1, m.w, m.h - 2}, m.form.View())
		c.line(0, m.h-1, m.w, m.footer(m.form.Bindings()))
		return c.String(), below(m.form.Cursor(), 1)
	default:
		m.drawBoard(c, m.h)
		return c.String(), m.chatCursor()
	}
}

// chatCursor is where the next letter of a prompt goes.
func (m *Model) chatCursor() *tea.Cursor {
	r := m.layout().Panes[PaneChat]
	if m.stage != stageBoard || !m.chatting() || r.Empty() {
		return nil
	}
	cursor := m.talk.pane.Cursor()
	if cursor != nil {
		cursor.X += r.X
		cursor.Y += r.Y
	}
	return cursor
}

// drawDialog draws the dialog at the bottom, over the lower part of the board,
// so that what it is about stays in sight.
func (m *Model) drawDialog(c *canvas) (string, *tea.Cursor) {
	pane := m.asked.pane
	rows := min(pane.Height(), max(m.h-2, 0))
	top := m.h - 1 - rows
	m.drawBoard(c, top-1)
	if top > 0 {
		c.line(0, top-1, m.w, rule(m.st, m.w, "", false))
	}
	c.put(Rect{0, top, m.w, rows}, pane.View())
	c.line(0, m.h-1, m.w, m.footer(pane.Bindings()))
	return c.String(), below(pane.Cursor(), top)
}

// below moves a cursor down to where its pane begins.
func below(cursor *tea.Cursor, rows int) *tea.Cursor {
	if cursor != nil {
		cursor.Y += rows
	}
	return cursor
}

func (m *Model) drawHeader(c *canvas, r Rect) {
	h := header{
		st: m.st, context: m.cfg.Context, namespace: m.cfg.Namespace, name: m.name,
		snapshot: m.snap, seen: m.seen, outlook: m.outlook(), now: m.now, doing: m.doing(),
	}
	for i, line := range h.lines(r.W, r.H) {
		c.line(r.X, r.Y+i, r.W, line)
	}
}

// doing says what the program does before there is anything to see.
func (m *Model) doing() string {
	switch {
	case m.stage == stageForm:
		return "nothing is deployed here yet"
	case m.stage == stageChoose:
		return "several deployments"
	case m.apply.running:
		if step, ok := m.outlook().Current(); ok {
			return "APPLYING " + step.Title + " " + forecast.Clock(step.Elapsed)
		}
		return "APPLYING"
	case m.apply.failed:
		return "NOT APPLIED"
	case m.lost != "":
		return "CANNOT LOOK"
	default:
		return "asking the cluster"
	}
}

// drawBoard draws the board down to a row; a dialog may cover the rest.
func (m *Model) drawBoard(c *canvas, rows int) {
	l := m.layout()
	c.limit = rows
	defer func() { c.limit = c.h }()
	m.drawHeader(c, l.Header)
	for i, line := range m.causeLines() {
		if i < l.Cause.H {
			c.line(0, l.Cause.Y+i, l.W, line)
		}
	}
	if !l.Step.Empty() {
		c.line(0, l.Step.Y, l.W, " "+m.timeline.Line(l.W-2))
	}
	m.drawRules(c, l)
	for p, r := range l.Panes {
		if !r.Empty() {
			c.put(r, m.paneView(Pane(p), r))
		}
	}
	var keys []key.Binding
	if m.chatting() {
		keys = m.talk.pane.Bindings()
	}
	c.line(0, l.Footer.Y, l.W, m.footer(keys))
}

// drawRules draws titles and the line between the columns.
func (m *Model) drawRules(c *canvas, l Layout) {
	st := m.st
	line := st.Glyphs.Horizontal
	for p, r := range l.Panes {
		if r.Y == 0 {
			continue // not shown: a pane has its title above it
		}
		title := cells.Cut(m.title(Pane(p)), max(r.W-4, 0), st.Glyphs.Ellipsis)
		c.line(r.X, r.Y-1, r.W, rule(st, r.W, title, Pane(p) == m.focus))
		if r.X > 0 {
			tee := st.Glyphs.TeeDown
			if Pane(p) == PaneChat {
				tee = st.Glyphs.Cross
			}
			c.line(r.X-gutter, r.Y-1, gutter, st.Rule.Render(line+tee+line))
		}
	}
	if l.Split == 0 {
		return
	}
	bar := st.Rule.Render(st.Glyphs.Vertical)
	for _, p := range []Pane{PaneMilestones, PaneChat} {
		r := l.Panes[p]
		for y := r.Y; y < r.Y+r.H && r.X > 0; y++ {
			c.line(l.Split, y, 1, bar)
		}
	}
}

// title is what stands above a pane: its name, and what it shows.
func (m *Model) title(p Pane) string {
	switch p {
	case PaneGroups:
		if !m.seen && !m.apply.begun.IsZero() {
			return "Applying"
		}
		if n := len(m.snap.Groups); n > 1 {
			return fmt.Sprintf("Groups %s %d", m.st.Glyphs.Dot, n)
		}
		return "Groups"
	case PaneMilestones:
		return m.timeline.Title()
	case PaneLogs:
		return m.logs.Title()
	case PaneEvents:
		return "Events"
	default:
		return m.talk.pane.Title()
	}
}

func (m *Model) paneView(p Pane, r Rect) string {
	switch p {
	case PaneGroups:
		if !m.seen {
			return m.applyView(r)
		}
		return m.groups.View()
	case PaneMilestones:
		return m.timeline.View()
	case PaneLogs:
		return m.logs.View()
	case PaneEvents:
		return m.events.View()
	default:
		return m.talk.pane.View()
	}
}

// applyView shows what has happened while applying, the latest last.
func (m *Model) applyView(r Rect) string {
	lines := m.apply.lines[max(0, len(m.apply.lines)-r.H):]
	var out []string
	for _, e := range lines {
		text := e.Time.Local().Format("15:04:05") + "  "
		if e.Object != "" {
			text += e.Object + "  "
		}
		out = append(out, " "+cells.Cut(safetext.Line(text+e.Message), r.W-2, m.st.Glyphs.Ellipsis))
	}
	return strings.Join(out, "\n")
}

func firstFinding(s status.Snapshot) *status.Finding {
	if f := s.Fatal(); f != nil {
		return f
	}
	if len(s.Findings) > 0 {
		return &s.Findings[0]
	}
	return nil
}

func findingText(f status.Finding) string {
	text := f.Summary
	for _, more := range append([]string{f.Cause, f.Remedy}, f.Evidence...) {
		if more != "" {
			text += "\n" + more
		}
	}
	return text
}
