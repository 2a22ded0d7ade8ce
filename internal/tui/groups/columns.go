package groups

import (
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
)

// Widths of the columns, without the gap of one cell in front of each. They
// depend on the size of the pane alone, never on what is in it.
const (
	nameWidth     = 20 // with the indentation of a container
	readyWidth    = 5  // 64/65
	statusWidth   = 16 // CrashLoopBackOff
	restartsWidth = 8
	ageWidth      = 5 // 7h59m
	nodeWidth     = 10
	// What the columns take of the room that is left over, in this order.
	roomyStatus   = 21 // Init:ImagePullBackOff
	roomyRestarts = 11 // 12 (5m ago)
	roomyName     = 28
	roomyNode     = 24
)

// columns are the widths of a row; 0 leaves a column out. The first cell is
// the cursor's.
type columns struct{ name, ready, status, restarts, age, node int }

// columnsFor divides w cells. Columns that do not fit are given up in this
// order: NODE, AGE, RESTARTS.
func columnsFor(w int) columns {
	c := columns{nameWidth, readyWidth, statusWidth, restartsWidth, ageWidth, nodeWidth}
	if c.width() > w {
		c.node = 0
	}
	if c.width() > w {
		c.age = 0
	}
	if c.width() > w {
		c.restarts = 0
	}
	if over := c.width() - w; over > 0 {
		give := min(over, statusWidth/2)
		c.status -= give
		c.name = max(c.name-(over-give), 0)
	}
	spare := max(w-c.width(), 0)
	take := func(column *int, most int) {
		if *column == 0 {
			return
		}
		n := max(min(spare, most-*column), 0)
		*column += n
		spare -= n
	}
	take(&c.node, roomyNode)
	take(&c.status, roomyStatus)
	take(&c.name, roomyName)
	take(&c.restarts, roomyRestarts)
	if c.node > 0 {
		c.node += spare
	} else {
		c.name += spare
	}
	return c
}

// width is that of a whole row.
func (c columns) width() int {
	w := 1 + c.name
	for _, column := range []int{c.ready, c.status, c.restarts, c.age, c.node} {
		if column > 0 {
			w += 1 + column
		}
	}
	return w
}

// rest is the width behind the status, with the gap.
func (c columns) rest() int {
	return c.width() - (columns{name: c.name, ready: c.ready, status: c.status}).width()
}

func (c columns) header() string {
	line := " " + cells.Left("NAME", c.name, "") + c.right("READY", c.ready, "") + c.left("STATUS", c.status, "") +
		c.right("RESTARTS", c.restarts, "") + c.right("AGE", c.age, "") + c.left("NODE", c.node, "")
	return strings.TrimRight(line, " ")
}

// left and right put text into a column with the gap in front of it.
func (c columns) left(s string, w int, ellipsis string) string {
	if w <= 0 {
		return ""
	}
	return " " + cells.Left(s, w, ellipsis)
}

func (c columns) right(s string, w int, ellipsis string) string {
	if w <= 0 {
		return ""
	}
	return " " + cells.Right(s, w, ellipsis)
}
