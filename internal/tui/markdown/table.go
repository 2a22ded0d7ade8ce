package markdown

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
	table "github.com/yuin/goldmark/extension/ast"
)

const (
	columnGap = 3 // cells between two columns
	minColumn = 4 // cells that a column needs at least
)

// table lays out a table. Columns that do not fit share the room, and their
// cells are wrapped; where even that leaves too little, each row is shown as
// the names of the columns with their values.
func (b *blocks) table(n *table.Table, w int) []string {
	var grid [][][]run
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		a := attr(0)
		if row.Kind() == table.KindTableHeader {
			a = attrStrong
		}
		var line [][]run
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			line = append(line, b.inline(nil, cell, a))
		}
		grid = append(grid, line)
	}
	count := len(n.Alignments)
	room := w - columnGap*(count-1)
	if room < count*minColumn {
		return b.records(grid, w)
	}
	widths := b.columns(grid, count, room)
	bar := " " + b.paint(attrMuted, b.s.Glyphs.Vertical) + " "
	var rows []string
	wrapped := false
	var lines [][]string
	for _, line := range grid {
		row := b.gridRow(line, widths, n.Alignments, bar)
		wrapped = wrapped || len(row) > 1
		lines = append(lines, row)
	}
	for i, line := range lines {
		if i == 1 || i > 1 && wrapped {
			rows = append(rows, b.tableRule(widths))
		}
		rows = append(rows, line...)
	}
	return rows
}

// columns gives each column the cells that it needs, or a fair share of the
// room to those that need more.
func (b *blocks) columns(grid [][][]run, count, room int) []int {
	widths := make([]int, count)
	for _, line := range grid {
		for i, cell := range line[:min(len(line), count)] {
			need := 1
			for _, r := range cell {
				need += ansi.StringWidth(r.text)
			}
			widths[i] = max(widths[i], need-1, 1)
		}
	}
	left, open := room, count
	given := make([]bool, count)
	for settled := true; settled && open > 0; {
		settled = false
		for i, need := range widths {
			if !given[i] && need <= left/open {
				given[i], settled = true, true
				left -= need
				open--
				if open == 0 {
					break
				}
			}
		}
	}
	for i := range widths {
		if !given[i] {
			widths[i] = left / open
			left -= widths[i]
			open--
		}
	}
	return widths
}

// gridRow are the rows of one row of a table.
func (b *blocks) gridRow(line [][]run, widths []int, aligned []table.Alignment, bar string) []string {
	columns := make([][]string, len(widths))
	height := 1
	for i, w := range widths {
		if i < len(line) {
			columns[i] = b.wrap(line[i], w, false)
			height = max(height, len(columns[i]))
		}
	}
	var rows []string
	for y := range height {
		var row strings.Builder
		for i, w := range widths {
			cell := ""
			if y < len(columns[i]) {
				cell = columns[i][y]
			}
			blank := max(w-ansi.StringWidth(cell), 0)
			left := 0
			switch aligned[i] {
			case table.AlignRight:
				left = blank
			case table.AlignCenter:
				left = blank / 2
			default:
			}
			row.WriteString(strings.Repeat(" ", left) + cell)
			if i < len(widths)-1 {
				row.WriteString(strings.Repeat(" ", blank-left) + bar)
			}
		}
		rows = append(rows, row.String())
	}
	return rows
}

func (b *blocks) tableRule(widths []int) string {
	line := b.s.Glyphs.Horizontal
	var parts []string
	for _, w := range widths {
		parts = append(parts, strings.Repeat(line, w))
	}
	return b.paint(attrMuted, strings.Join(parts, line+b.s.Glyphs.Cross+line))
}

// records shows each row of a table by itself.
func (b *blocks) records(grid [][][]run, w int) []string {
	if len(grid) == 1 {
		grid = append(grid, nil)
	}
	var rows []string
	for i, line := range grid[1:] {
		if i > 0 {
			rows = append(rows, b.paint(attrMuted, strings.Repeat(b.s.Glyphs.Horizontal, min(w, 3))))
		}
		for column, name := range grid[0] {
			runs := append([]run{}, name...)
			runs = append(runs, run{attrStrong, ": "})
			if column < len(line) {
				runs = append(runs, line[column]...)
			}
			rows = append(rows, b.wrap(runs, w, false)...)
		}
	}
	return rows
}
