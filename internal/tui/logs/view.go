package logs

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// View returns what is on the screen: at most as many lines as the pane is
// high, none wider than it.
func (p *Pane) View() string {
	if p.w <= 0 || p.h <= 0 {
		return ""
	}
	if p.picker != nil {
		return p.pickerView()
	}
	below := p.below()
	out := p.out[:0]
	rows := p.h - len(below)
	if g := p.shownPager(); g.shown.len() == 0 {
		out, rows = p.appendAbsence(out, rows)
	} else {
		out, rows = p.appendLog(out, g, rows)
	}
	if len(below) > 0 {
		// They stay at the bottom of the pane.
		for range max(rows, 0) {
			out = append(out, '\n')
		}
		out = append(out, strings.Join(below, "\n")...)
	} else if n := len(out); n > 0 {
		out = out[:n-1]
	}
	p.out = out
	return string(out)
}

// below are the lines below the log: the notice, and what is being typed.
func (p *Pane) below() []string {
	var lines []string
	if p.notice != "" {
		lines = append(lines, string(p.paints.warn.append(nil, p.clip(" "+p.notice))))
	}
	if p.input != nil {
		lines = append(lines, p.inputView())
	}
	return lines[max(0, len(lines)-p.h):]
}

// inputView shows the end of what is typed, with a cursor after it.
func (p *Pane) inputView() string {
	text := p.input.text
	if over := ansi.StringWidth(text) + 2 - p.w; over > 0 {
		text = ansi.TruncateLeft(text, over, "")
	}
	count := ""
	if p.input.kind == "/" && p.input.text != "" {
		count = "  " + p.found()
	}
	out := p.paints.prompt.append(nil, p.input.kind)
	out = append(out, text...)
	out = p.paints.selected.append(out, " ")
	out = p.paints.muted.append(out, count)
	return ansi.Truncate(string(out), p.w, "")
}

// found says how much the search has found.
func (p *Pane) found() string {
	g := p.shownPager()
	switch n, at := g.hits.len(), g.hit(); {
	case n == 0:
		return "no match"
	case at == 0:
		return fmt.Sprintf("%d found", n)
	default:
		return fmt.Sprintf("%d/%d", at, n)
	}
}

// appendAbsence says why there is no line to show. Each row ends in a newline.
func (p *Pane) appendAbsence(out []byte, rows int) ([]byte, int) {
	width := max(p.w-2, 1)
	for text := range strings.SplitSeq(ansi.Wrap(p.absence(), width, ""), "\n") {
		if rows == 0 {
			break
		}
		out = p.paints.muted.append(out, p.clip(" "+text))
		out = append(out, '\n')
		rows--
	}
	return out, rows
}

func (p *Pane) absence() string {
	hiding := p.shownPager().lines.len()
	switch {
	case hiding > 0:
		return fmt.Sprintf("None of %d lines passes the filter &%s. Esc clears it.", hiding, p.filter)
	case p.earlier == loading:
		return "Looking for the log of the previous incarnation."
	case p.earlier == loaded && p.note != "":
		return p.note
	case p.earlier == loaded:
		return "No log of an earlier incarnation is kept."
	}
	if reason := sanitize(p.reason(p.stream)); reason != "" {
		return reason
	}
	if p.all() {
		return "Nothing has been logged yet."
	}
	return p.name(p.stream) + " has not logged anything yet."
}

// appendLog appends the rows of the log, each with a newline.
func (p *Pane) appendLog(out []byte, g *pager, rows int) ([]byte, int) {
	at := g.first()
	for pos := at.pos; pos < g.shown.end && rows > 0; pos++ {
		r := row{pane: p, line: g.line(pos), search: g.search}
		r.current = g.hasCurrent && *g.shown.at(pos) == g.current
		switch {
		case r.line.notice:
			out = r.appendNotice(out)
			rows--
		case g.wrap == 0:
			out = r.append(out, true, p.x)
			rows--
		default:
			folds(r.line, g.wrap, func(n int, s span) bool {
				if n >= at.row {
					out = r.appendFold(out, n == 0, s)
					rows--
				}
				return rows > 0
			})
		}
		at.row = 0
	}
	return out, rows
}
