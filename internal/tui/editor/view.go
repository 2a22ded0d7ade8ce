package editor

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
)

// row is a part of a line that is shown in one row.
type row struct {
	line, from, to int
	last           bool // of its line
}

// tabWidth is how a tab is shown. It stays a tab in the text.
const tabWidth = 4

func width(char string) int {
	if char == "\t" {
		return tabWidth
	}
	_, w := cells.Character(char)
	return w
}

// room is the width of a row: the cursor behind it needs a cell too.
func (e *Editor) room() int { return max(e.w-1, 1) }

// wrapped returns the rows of the text.
func (e *Editor) wrapped() []row {
	if e.rows != nil {
		return e.rows
	}
	for n, line := range e.lines {
		e.rows = append(e.rows, rowsOf(n, line, e.room())...)
	}
	return e.rows
}

// rowsOf breaks a line behind a space where it can, else anywhere. No character
// is left out, so that the cursor can stand at each.
func rowsOf(n int, line []string, room int) []row {
	var rows []row
	start, used, may := 0, 0, 0
	for i := 0; i < len(line); {
		if used+width(line[i]) > room && i > start {
			end := i
			if may > start {
				end = may
			}
			rows = append(rows, row{line: n, from: start, to: end})
			start, used, may, i = end, 0, end, end
			continue
		}
		used += width(line[i])
		i++
		if line[i-1] == " " || line[i-1] == "\t" {
			may = i
		}
	}
	return append(rows, row{line: n, from: start, to: len(line), last: true})
}

// cursorRow is the row that the cursor is in.
func (e *Editor) cursorRow() int {
	rows := e.wrapped()
	for i, r := range rows {
		if r.line == e.line && (e.col < r.to || r.last) {
			return i
		}
	}
	return len(rows) - 1
}

// moveRow moves the cursor by a row, and reports whether there is one.
func (e *Editor) moveRow(by int) bool {
	rows := e.wrapped()
	now := e.cursorRow()
	if now+by < 0 || now+by >= len(rows) {
		return false
	}
	if e.goal == none {
		e.goal = e.cells(e.line, rows[now].from, e.col)
	}
	to := rows[now+by]
	end := to.to
	if !to.last { // behind its last character the next row begins
		end--
	}
	col, x := to.from, 0
	for col < end && x+width(e.lines[to.line][col]) <= e.goal {
		x += width(e.lines[to.line][col])
		col++
	}
	e.line, e.col = to.line, col
	return true
}

func (e *Editor) cells(line, from, to int) int {
	n := 0
	for _, char := range e.lines[line][from:to] {
		n += width(char)
	}
	return n
}

// Height is how many rows are shown.
func (e *Editor) Height() int { return min(len(e.wrapped()), e.most) }

// scroll keeps the cursor among the rows that are shown.
func (e *Editor) scroll() {
	at, height := e.cursorRow(), e.Height()
	e.top = min(e.top, at, len(e.rows)-height)
	e.top = max(e.top, at-height+1, 0)
}

// View are the rows that are shown, none wider than the width.
func (e *Editor) View() []string {
	if e.w <= 0 {
		return nil
	}
	if e.Empty() {
		return []string{e.s.Muted.Render(ansi.Truncate(e.placeholder, e.w, e.s.Glyphs.Ellipsis))}
	}
	e.scroll()
	var out []string
	for _, r := range e.rows[e.top : e.top+e.Height()] {
		var b strings.Builder
		loose := true // nothing is in front that a sign could join
		for _, char := range e.lines[r.line][r.from:r.to] {
			switch {
			case char == "\t":
				b.WriteString("    "[:min(tabWidth, e.w)])
			case width(char) > e.w:
				b.WriteString(ansi.Truncate(e.s.Glyphs.Ellipsis, e.w, ""))
			case !loose || !cells.Joins(char):
				b.WriteString(char)
			}
			loose = char == "\t"
		}
		out = append(out, e.s.Text.Render(b.String()))
	}
	return out
}

// Cursor is where the terminal's cursor belongs, from the left and from the top
// of View.
func (e *Editor) Cursor() (x, y int) {
	e.scroll()
	at := e.cursorRow()
	x = e.cells(e.line, e.rows[at].from, e.col)
	return min(x, max(e.w-1, 0)), at - e.top
}

// More reports how many rows are above and below those that are shown.
func (e *Editor) More() (above, below int) {
	e.scroll()
	return e.top, len(e.rows) - e.top - e.Height()
}
