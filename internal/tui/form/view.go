package form

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// maxLabel bounds the column of the labels.
const maxLabel = 20

// column is where values begin. It is the same for all profiles, so that
// nothing moves when another one is selected.
func (p *Pane) column() int {
	widest := 0
	for _, profile := range p.o.Profiles {
		for _, f := range profile.Fields {
			widest = max(widest, ansi.StringWidth(f.label()))
		}
	}
	return min(min(widest, maxLabel)+3, max(p.layout().width/2, 0))
}

// entry is a part of the rows that stays together.
type entry struct {
	stop   stop
	fixed  bool // not for the focus
	height int
	lines  func() []string
}

// entries are all rows, from top to bottom.
func (p *Pane) entries() []entry {
	entries := []entry{{stop: stop{kind: stopProfile}, height: 1 + len(p.o.Profiles), lines: p.profileLines}}
	fields := func(all []Field) {
		for _, f := range all {
			entries = append(entries, entry{stop: stop{stopField, f.Name}, height: 2, lines: func() []string { return p.fieldLines(f) }})
		}
	}
	fields(p.needed())
	entries = append(entries, entry{stop: stop{kind: stopMore}, height: 1, lines: p.moreLines})
	if p.open {
		further := p.further()
		fields(further[:1])
		entries = append(entries, entry{fixed: true, height: 1, lines: p.namespaceLines})
		fields(further[1:])
	}
	return entries
}

// View draws the form.
func (p *Pane) View() string {
	if p.w == 0 || p.h == 0 {
		return ""
	}
	l := p.layout()
	var lines []string
	if l.header > 0 {
		lines = append(lines, p.cut(" "+p.s.Strong.Render("Deploy a model to namespace "+safetext.Line(p.o.Namespace)), l.width))
	}
	lines = append(lines, p.rowLines(l)...)
	lines = append(lines, p.detailLines(l)...)
	if l.button > 0 {
		lines = append(lines, p.cut(p.button(), l.width))
	}
	if l.preview.shown() {
		lines = p.withPreview(lines, l)
	}
	return strings.Join(lines, "\n")
}

// withPreview puts the preview beside or below the form, or in its place.
func (p *Pane) withPreview(lines []string, l layout) []string {
	preview := strings.Split(p.preview.View(), "\n")
	switch {
	case l.preview.y > 0:
		rule := p.s.Rule.Render(strings.Repeat(p.s.Glyphs.Horizontal, p.w))
		return append(append(lines, rule), preview...)
	case l.preview.x == 0:
		return preview
	}
	line := p.s.Rule.Render(" " + p.s.Glyphs.Vertical + " ")
	both := make([]string, p.h)
	for i := range both {
		left, right := "", ""
		if i < len(lines) {
			left = lines[i]
		}
		if i < len(preview) {
			right = preview[i]
		}
		both[i] = pad(left, l.width) + line + right
	}
	return both
}

// rowLines are the visible lines of the rows, filled up to their height.
func (p *Pane) rowLines(l layout) []string {
	visible := make([]string, 0, l.rows)
	at := 0
	for _, e := range p.entries() {
		if at+e.height > p.top && at < p.top+l.rows {
			for i, line := range e.lines() {
				if at+i >= p.top && at+i < p.top+l.rows {
					visible = append(visible, p.cut(line, l.width))
				}
			}
		}
		at += e.height
	}
	for len(visible) < l.rows {
		visible = append(visible, "")
	}
	return visible
}

// mark is in front of every row: it shows where the focus is.
func (p *Pane) mark(focused bool) string {
	if focused && !p.reading {
		return p.s.Glyphs.Cursor
	}
	return " "
}

func (p *Pane) profileLines() []string {
	widest := len("profile")
	for _, profile := range p.o.Profiles {
		widest = max(widest, ansi.StringWidth(safetext.Line(profile.Name)))
	}
	row := func(name, chips, slices, title string) string {
		return fmt.Sprintf("%s  %5s  %6s  %s", pad(name, widest), chips, slices, title)
	}
	lines := []string{"   " + p.s.Muted.Render(row("profile", "chips", "slices", "title"))}
	for i, profile := range p.o.Profiles {
		text := row(safetext.Line(profile.Name), fmt.Sprint(profile.Chips), fmt.Sprint(profile.Slices), safetext.Line(profile.Title))
		focused := p.focus.kind == stopProfile && i == p.profile
		chosen, style := p.s.Muted.Render(p.s.Glyphs.Pending), p.s.Text
		if i == p.profile {
			chosen, style = p.s.Good.Render(p.s.Glyphs.Done), p.s.Strong
		}
		if focused && !p.reading {
			style = p.s.Selected
		}
		lines = append(lines, p.mark(focused)+chosen+" "+style.Render(text))
	}
	return lines
}

func (p *Pane) fieldLines(f Field) []string {
	focused := p.focus == stop{stopField, f.Name}
	label := p.s.Text
	if focused && !p.reading {
		label = p.s.Focus
	}
	column := p.column()
	indent := strings.Repeat(" ", column)
	name := pad(p.mark(focused)+label.Render(ansi.Truncate(f.label(), max(column-2, 0), p.s.Glyphs.Ellipsis)), column)
	note := p.s.Muted.Render(safetext.Line(f.Help))
	if problem, wrong := p.problem(f); wrong {
		note = p.s.Bad.Render(p.s.Glyphs.Failed + " " + short(problem))
	}
	return []string{name + p.valueView(f), indent + note}
}

// valueView is the input of a field, or its choices.
func (p *Pane) valueView(f Field) string {
	options := f.options()
	if len(options) == 0 {
		in := p.inputs[f.Name]
		switch {
		case f.Required:
			in.SetPlaceholder("required")
		case f.Default == "":
			in.SetPlaceholder("none")
		default:
			in.SetPlaceholder(f.Default + " (default)")
		}
		return in.View()
	}
	var parts []string
	for _, option := range options {
		text := safetext.Line(option)
		if option == f.Default {
			text += " (default)"
		}
		if option == p.chosen(f) {
			parts = append(parts, p.s.Good.Render(p.s.Glyphs.Done)+" "+p.s.Strong.Render(text))
		} else {
			parts = append(parts, p.s.Muted.Render(p.s.Glyphs.Pending+" "+text))
		}
	}
	return strings.Join(parts, "  ")
}

func (p *Pane) moreLines() []string {
	further := p.further()
	set := 0
	var names []string
	for _, f := range further {
		names = append(names, f.label())
		if p.value(f.Name) != "" {
			set++
		}
	}
	glyph, text := p.s.Glyphs.Collapsed, fmt.Sprintf("more: %d values", len(further))
	if set > 0 {
		text += fmt.Sprintf(", %d given", set)
	}
	hint := "  " + strings.Join(names, ", ")
	if p.open {
		glyph, hint = p.s.Glyphs.Expanded, ""
	}
	focused := p.focus.kind == stopMore
	style := p.s.Text
	if focused && !p.reading {
		style = p.s.Selected
	}
	return []string{p.mark(focused) + glyph + " " + style.Render(text) + p.s.Muted.Render(hint)}
}

func (p *Pane) namespaceLines() []string {
	return []string{pad(" namespace", p.column()) + p.s.Text.Render(safetext.Line(p.o.Namespace)) + p.s.Muted.Render("  chosen by -n")}
}

// detailLines say all about what has the focus, below a line.
func (p *Pane) detailLines(l layout) []string {
	if l.detail == 0 {
		return nil
	}
	lines := []string{p.rule(l)}
	text, style := p.detail(), p.s.Text
	if f, ok := p.field(p.focus.field); ok && p.focus.kind == stopField {
		if _, wrong := p.problem(f); wrong {
			style = p.s.Bad
		}
	}
	rows := strings.Split(ansi.Wrap(text, max(l.width-1, 1), ""), "\n")
	for i := range l.detail - 1 {
		row := ""
		if i < len(rows) {
			row = rows[i]
		}
		if i == l.detail-2 && len(rows) > i+1 {
			row += p.s.Glyphs.Ellipsis
		}
		if row != "" {
			row = " " + style.Render(row)
		}
		lines = append(lines, p.cut(row, l.width))
	}
	return lines
}

// rule is the line below the rows. It says where there are more of them.
func (p *Pane) rule(l layout) string {
	total := 0
	for _, e := range p.entries() {
		total += e.height
	}
	text := ""
	switch above, below := p.top > 0, p.top+l.rows < total; {
	case above && below:
		text = " more above and below "
	case above:
		text = " more above "
	case below:
		text = " more below "
	}
	text = ansi.Truncate(text, l.width, "")
	return p.s.Rule.Render(strings.Repeat(p.s.Glyphs.Horizontal, l.width-len(text)) + text)
}

// detail is the text below the rows.
func (p *Pane) detail() string {
	switch p.focus.kind {
	case stopProfile:
		profile := p.current()
		return safetext.Line(profile.Title + ". Model: " + profile.Model + ".")
	case stopMore:
		return "Values that have a default."
	case stopDeploy:
		var texts []string
		for _, problem := range p.problems {
			texts = append(texts, p.text(problem))
		}
		if len(texts) > 0 && p.attempted {
			return strings.Join(texts, " / ")
		}
		profile := p.current()
		return fmt.Sprintf("Applies the objects. Each group takes %s in %s, which cost money as long as their nodes exist.",
			count(profile.Chips, "chip"), count(profile.Slices, "slice"))
	case stopField:
	}
	f, _ := p.field(p.focus.field)
	if problem, wrong := p.problem(f); wrong {
		return p.text(problem)
	}
	return safetext.Line(f.flag() + ": " + f.Help)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// button is the last line: the button and whether it can be pressed.
func (p *Pane) button() string {
	focused := p.focus.kind == stopDeploy
	style := p.s.Strong
	if focused && !p.reading {
		style = p.s.Selected
	}
	return p.mark(focused) + style.Render("[ Deploy ]") + "  " + p.state()
}

// state says in words whether the values can be deployed.
func (p *Pane) state() string {
	var missing, wrong []string
	for _, f := range append(p.needed(), p.further()...) {
		if _, isWrong := p.problem(f); isWrong {
			wrong = append(wrong, f.label())
		} else if f.Required && p.value(f.Name) == "" {
			missing = append(missing, f.label())
		}
	}
	bad := func(text string) string { return p.s.Bad.Render(p.s.Glyphs.Failed + " " + text) }
	switch {
	case len(p.o.Profiles) == 0:
		return bad("there is no profile to deploy")
	case p.submitted:
		return p.s.Busy.Render(p.s.Glyphs.Active + " deploying")
	case p.refusal != "":
		return bad("refused: " + p.refusal)
	case p.answered == 0 || p.waiting:
		return p.s.Busy.Render(p.s.Glyphs.Active + " checking the values")
	case len(wrong) > 0:
		return bad("wrong: " + strings.Join(wrong, ", "))
	case len(missing) > 0:
		return p.s.Muted.Render("missing: " + strings.Join(missing, ", "))
	case len(p.problems) > 0:
		return bad(p.text(p.problems[0]))
	}
	return p.s.Good.Render(p.s.Glyphs.Done + " ready to deploy")
}

// Cursor is where the terminal's cursor belongs: in the input with the focus.
func (p *Pane) Cursor() *tea.Cursor {
	l := p.layout()
	if p.reading {
		c := p.preview.Cursor()
		if c != nil {
			c.X, c.Y = c.X+l.preview.x, c.Y+l.preview.y
		}
		return c
	}
	in := p.input()
	if in == nil {
		return nil
	}
	at := -p.top
	for _, e := range p.entries() {
		if e.stop == p.focus && !e.fixed {
			break
		}
		at += e.height
	}
	x := p.column() + in.CursorX()
	if at < 0 || at >= l.rows || x >= l.width {
		return nil
	}
	return tea.NewCursor(x, l.header+at)
}

func (p *Pane) cut(s string, w int) string { return ansi.Truncate(s, w, p.s.Glyphs.Ellipsis) }

// pad fills a text up to a width.
func pad(s string, w int) string {
	return s + strings.Repeat(" ", max(w-ansi.StringWidth(s), 0))
}
