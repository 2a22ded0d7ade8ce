package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// canvas composes a screen from rectangles. It has exactly h lines of w cells;
// what does not fit is cut.
type canvas struct {
	w, h  int
	limit int // rows from here on are not written to
	lines [][]span
}

// span is a piece of a line at a column.
type span struct {
	x, w int
	text string
}

func newCanvas(w, h int) *canvas {
	return &canvas{w: w, h: h, limit: h, lines: make([][]span, h)}
}

// put writes a block into a rectangle, line by line. Rectangles do not overlap.
func (c *canvas) put(r Rect, block string) {
	for i := 0; i < r.H && block != ""; i++ {
		line, rest, _ := strings.Cut(block, "\n")
		block = rest
		c.line(r.X, r.Y+i, r.W, line)
	}
}

// line writes one line, cut to w cells.
func (c *canvas) line(x, y, w int, text string) {
	if y < 0 || y >= min(c.h, c.limit) || w <= 0 || text == "" {
		return
	}
	width := ansi.StringWidth(text)
	if width > w {
		text = ansi.Truncate(text, w, "")
		width = ansi.StringWidth(text)
	}
	c.lines[y] = append(c.lines[y], span{x, width, text})
}

// String is the screen: its lines, without trailing blanks.
func (c *canvas) String() string {
	var b strings.Builder
	b.Grow(c.w * c.h * 2)
	for y, spans := range c.lines {
		if y > 0 {
			b.WriteByte('\n')
		}
		slices.SortStableFunc(spans, func(a, b span) int { return a.x - b.x })
		column := 0
		for _, s := range spans {
			if s.x > column {
				blanks(&b, s.x-column)
			}
			b.WriteString(s.text)
			column = max(s.x, column) + s.w
		}
	}
	return b.String()
}

const blank = "                                                                "

func blanks(b *strings.Builder, n int) {
	for n > len(blank) {
		b.WriteString(blank)
		n -= len(blank)
	}
	b.WriteString(blank[:n])
}

// rule is a line with a title in it, w cells wide. The pane with the focus
// shows it by brackets as well as by style.
func rule(st *styles.Styles, w int, title string, focus bool) string {
	line := st.Glyphs.Horizontal
	if w <= 0 {
		return ""
	}
	if title == "" {
		return st.Rule.Render(strings.Repeat(line, w))
	}
	style, text := st.Title, " "+title+" "
	if focus {
		style, text = st.Focus, "["+title+"]"
	}
	text = ansi.Truncate(text, max(w-2, 0), st.Glyphs.Ellipsis)
	used := 1 + ansi.StringWidth(text)
	return st.Rule.Render(line) + style.Render(text) + st.Rule.Render(strings.Repeat(line, max(w-used, 0)))
}

// ends sets two texts at the ends of a line of w cells. The right one is the
// more important and stays whole as long as there is room for it.
func ends(left, right string, w int, ellipsis string) string {
	rw := ansi.StringWidth(right)
	if rw >= w {
		return ansi.Truncate(right, w, ellipsis)
	}
	room := w - rw - 2
	if room <= 0 {
		return strings.Repeat(" ", w-rw) + right
	}
	left = ansi.Truncate(left, room, ellipsis)
	return left + strings.Repeat(" ", w-rw-ansi.StringWidth(left)) + right
}
