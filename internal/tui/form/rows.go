package form

import (
	"fmt"
	"strings"

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
		if p.focus != (stop{stopField, f.Name}) {
			return in.Idle()
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
