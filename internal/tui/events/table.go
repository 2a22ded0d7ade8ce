package events

import (
	"fmt"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// Widths of the columns, without the gap of one cell in front of each but AGE.
const (
	ageWidth    = 6
	typeWidth   = 7  // Warning
	reasonWidth = 16 // FailedScheduling
	objectWidth = 26 // pod/jetstream-pathways-0-3
	// leastMessage is the room that a message needs beside the other columns;
	// with less it stands below them.
	leastMessage = 32
	// leastObject is what still tells the pods of a group apart.
	leastObject = 12
)

// columns are the widths of an event; 0 leaves a column out. A message of
// width 0 stands below the others.
type columns struct{ kind, reason, object, message int }

// columnsFor divides w cells, by the width alone: columns stay where they are
// whatever events there are.
func columnsFor(w int) columns {
	c := columns{kind: typeWidth, reason: reasonWidth, object: objectWidth}
	if room := w - c.before() - 1; room >= leastMessage {
		c.message = room
		return c
	}
	if over := c.before() - w; over > 0 {
		c.object = max(objectWidth-over, leastObject)
	}
	if c.before() > w {
		c.kind = 0
	}
	return c
}

// before is the width of what stands in front of the message.
func (c columns) before() int {
	w := ageWidth + 1 + c.reason + 1 + c.object
	if c.kind > 0 {
		w += 1 + c.kind
	}
	return w
}

// row puts texts into the columns behind the age.
func (c columns) row(kind, reason, object, ellipsis string) string {
	text := ""
	if c.kind > 0 {
		text = " " + cells.Left(kind, c.kind, ellipsis)
	}
	// Names of pods differ at their ends.
	object = cells.Tail(object, c.object, ellipsis)
	return text + " " + cells.Left(reason, c.reason, ellipsis) + " " + cells.Left(object, c.object, "")
}

func (c columns) header() string {
	text := cells.Left("AGE", ageWidth, "") + c.row("TYPE", "REASON", "OBJECT", "")
	if c.message > 0 {
		text += " MESSAGE"
	}
	return strings.TrimRight(text, " ")
}

// event adds one event.
func (p *Pane) event(e status.Event, c columns) {
	style := p.st.Text
	if e.Type != "Normal" {
		style = p.st.Warn
	}
	message := e.Message
	if e.Count > 1 {
		message += fmt.Sprintf(" ×%d", e.Count)
	}
	row := c.row(safetext.Line(e.Type), safetext.Line(e.Reason), safetext.Line(e.Object), p.st.Glyphs.Ellipsis)
	if c.message == 0 {
		p.lines = append(p.lines, line{style: style, text: strings.TrimRight(row, " "), aged: e.Time})
		below := cells.Blank(ageWidth + 1)
		p.wrap(style, below, below, message)
		return
	}
	parts := cells.Wrap(safetext.Line(message), c.message)
	if len(parts) == 0 {
		parts = []string{""}
	}
	p.lines = append(p.lines, line{style: style, text: strings.TrimRight(row+" "+parts[0], " "), aged: e.Time})
	for _, part := range parts[1:] {
		p.add(style, cells.Blank(c.before()+1)+part)
	}
}
