package viewer

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form/input"
)

// none is the match of a query that was not found.
const none = -1

// search is what is searched and where it was found.
type search struct {
	input  *input.Input
	typing bool
	query  string
	match  int // where the current match begins, or none
	note   string

	before struct { // what held when typing began
		query string
		match int
		top   position
		x     int
	}
}

func (p *Pane) forget() {
	p.typing, p.query, p.match, p.note = false, "", none, ""
}

func (p *Pane) begin() {
	p.typing, p.note = true, ""
	p.before.query, p.before.match, p.before.top, p.before.x = p.query, p.match, p.top, p.x
	p.input.SetValue("")
}

// typeKey takes a key while a query is typed. Each letter shows the first
// match from where the search began.
func (p *Pane) typeKey(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "enter":
		p.typing = false
		if p.input.Value() == "" {
			p.forget()
		}
	case "esc":
		p.typing, p.note = false, ""
		p.query, p.match, p.top, p.x = p.before.query, p.before.match, p.before.top, p.before.x
		p.clamp()
	default:
		if !p.input.HandleKey(k) {
			return false
		}
		p.seek()
	}
	return true
}

// seek looks for the query from where the search began.
func (p *Pane) seek() {
	p.query, p.match, p.note = p.input.Value(), none, ""
	p.top, p.x = p.before.top, p.before.x
	p.clamp()
	if p.query != "" {
		p.find(p.offset(p.top), true)
	}
}

// again goes to the next match, or to the one before.
func (p *Pane) again(forward bool) {
	switch {
	case p.query == "":
		p.note = "no search yet: press /"
	case p.match == none:
		p.find(p.offset(p.top), forward)
	case forward:
		p.find(p.match+1, true)
	default:
		p.find(p.match, false)
	}
}

// find goes to the first match at or behind an offset, or to the last one in
// front of it, and goes on at the other end of the text.
func (p *Pane) find(offset int, forward bool) {
	hay := p.doc.haystack(p.query)
	offset = min(offset, len(hay))
	p.match, p.note = none, ""
	if forward {
		if i := strings.Index(hay[offset:], p.query); i >= 0 {
			p.match = offset + i
		} else if i := strings.Index(hay, p.query); i >= 0 {
			p.match, p.note = i, "on from the top"
		}
	} else {
		// A match may reach past the offset as long as it begins before it.
		end := min(max(offset+len(p.query)-1, 0), len(hay))
		if p.match = strings.LastIndex(hay[:end], p.query); p.match == none {
			if p.match = strings.LastIndex(hay, p.query); p.match != none {
				p.note = "on from the end"
			}
		}
	}
	if p.match == none {
		p.note = "not found"
		return
	}
	p.reveal(p.match)
}

// reveal scrolls only if an offset is out of sight.
func (p *Pane) reveal(offset int) {
	at := p.positionOf(offset)
	bottom := p.moved(p.top, max(p.body()-1, 0))
	if at.before(p.top) || bottom.before(at) {
		p.top = p.moved(at, -p.body()/3)
		p.clamp()
	}
	if p.wrap {
		return
	}
	from, to := p.doc.span(at.line)
	left, right, _ := columns(p.doc.text[from:to], p.x, p.w)
	if offset < from+left || min(offset+len(p.query), to) > from+right {
		p.x = max(width(p.doc.text[from:offset])-p.w/3, 0)
	}
}

// positionOf is the row that shows an offset.
func (p *Pane) positionOf(offset int) position {
	at := position{line: p.doc.lineAt(offset)}
	from, _ := p.doc.span(at.line)
	for _, end := range p.rowsOf(at.line) {
		if offset < from+end {
			break
		}
		at.row++
	}
	at.row = min(at.row, len(p.rowsOf(at.line))-1)
	return at
}

// offset is where the row at a position begins.
func (p *Pane) offset(at position) int {
	from, _ := p.doc.span(at.line)
	if at.row == 0 {
		return from
	}
	return from + p.rowsOf(at.line)[at.row-1]
}
