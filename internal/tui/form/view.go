package form

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

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
