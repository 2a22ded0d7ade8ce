package conversation

import "github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"

// position is a row of the transcript.
type position struct{ turn, unit, row int }

const (
	// labelWidth is the column of who speaks; below narrow there is no room for
	// it and the speaker has a row.
	labelWidth = 7
	narrow     = 24
	wheelRows  = 3
)

func (p *Pane) textWidth() int {
	if p.w < narrow {
		return p.w
	}
	return p.w - labelWidth
}

// rows are the rows of a unit. In a narrow pane those who speak have a row of
// their own.
func (p *Pane) rows(at position) []string {
	t := p.turns[at.turn]
	var rows []string
	what, n := t.part(at.unit)
	switch what {
	case partUser:
		rows = t.user.Rows(n)
	case partNotices:
		return p.notices(t)
	case partAnswer:
		rows = t.answer.Rows(n)
	default:
		return p.status(at.turn)
	}
	if p.w < narrow && n == 0 {
		return append([]string{p.label(what)}, rows...)
	}
	return rows
}

func (p *Pane) label(what part) string {
	name := "Model"
	if what == partUser {
		name = "You"
	}
	return p.s.Strong.Render(cells.Cut(name, p.w, ""))
}

// row is one row as it is drawn.
func (p *Pane) row(at position) string {
	row := p.rows(at)[at.row]
	if p.w < narrow {
		return row
	}
	what, n := p.turns[at.turn].part(at.unit)
	if at.row == 0 && n == 0 && (what == partUser || what == partAnswer) {
		label := "Model"
		if what == partUser {
			label = "You"
		}
		return p.s.Strong.Render(label) + cells.Blank(labelWidth-len(label)) + row
	}
	if row == "" {
		return ""
	}
	return cells.Blank(labelWidth) + row
}

// next is the row below.
func (p *Pane) next(at position) (position, bool) {
	if at.row+1 < len(p.rows(at)) {
		at.row++
		return at, true
	}
	for at.row = 0; ; {
		at.unit++
		if at.unit >= p.turns[at.turn].units() {
			at.turn, at.unit = at.turn+1, 0
		}
		if at.turn >= len(p.turns) {
			return at, false
		}
		if len(p.rows(at)) > 0 {
			return at, true
		}
	}
}

// previous is the row above.
func (p *Pane) previous(at position) (position, bool) {
	if at.row > 0 {
		at.row--
		return at, true
	}
	for {
		at.unit--
		if at.unit < 0 {
			at.turn--
			if at.turn < 0 {
				return position{}, false
			}
			at.unit = p.turns[at.turn].units() - 1
		}
		if n := len(p.rows(at)); n > 0 {
			at.row = n - 1
			return at, true
		}
	}
}

// moved is the position n rows below, or above if n is negative, within the
// transcript.
func (p *Pane) moved(at position, n int) position {
	for ; n > 0; n-- {
		to, ok := p.next(at)
		if !ok {
			break
		}
		at = to
	}
	for ; n < 0; n++ {
		to, ok := p.previous(at)
		if !ok {
			break
		}
		at = to
	}
	return at
}

// atEnd is the position from which the end of the transcript is at the bottom.
func (p *Pane) atEnd() position {
	at, ok := p.previous(position{turn: len(p.turns) - 1, unit: p.turns[len(p.turns)-1].units()})
	if !ok {
		return position{}
	}
	return p.moved(at, 1-max(p.layout().body, 1))
}

// first is the first row to draw. A position in what was laid out anew since is
// taken back to where there are rows.
func (p *Pane) first() position {
	if p.follow || p.top.turn >= len(p.turns) {
		return p.atEnd()
	}
	at := p.top
	at.unit = min(at.unit, p.turns[at.turn].units()-1)
	n := len(p.rows(at))
	if n == 0 {
		at.row = 0
		at, _ = p.next(at)
		if at.turn >= len(p.turns) {
			return p.atEnd()
		}
		return at
	}
	at.row = min(at.row, n-1)
	return at
}

// scroll moves by rows. At the end the transcript follows.
func (p *Pane) scroll(n int) {
	if len(p.turns) > 0 {
		p.show(p.moved(p.first(), n))
	}
}

// show makes a row the first one, as far as there are rows below it.
func (p *Pane) show(at position) {
	end := p.atEnd()
	p.follow = !at.before(end)
	p.top = at
}

func (a position) before(b position) bool {
	switch {
	case a.turn != b.turn:
		return a.turn < b.turn
	case a.unit != b.unit:
		return a.unit < b.unit
	}
	return a.row < b.row
}

// page is how far a page goes; a row stays in sight.
func (p *Pane) page() int { return max(p.layout().body-1, 1) }
