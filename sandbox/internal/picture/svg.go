package picture

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The size of a cell and of what is around the screen, in pixels. Text is set so that
// it fills its cells whatever font there is.
const (
	cellWidth, cellHeight = 8.4, 18.0
	fontSize              = 14
	baseline              = 13.5 // of a cell, from its top
	margin                = 12.0
	// bleed is how far lines reach beyond their rows, so that they meet at any scale.
	bleed = 0.5
)

// Still draws a screen.
func Still(s Screen, title string) []byte {
	var looks looks
	rows := make([]string, s.height)
	for y := range rows {
		rows[y] = drawRow(s, y, margin+float64(y)*cellHeight, &looks)
	}
	var b strings.Builder
	begin(&b, s.width, s.height, title)
	fmt.Fprintf(&b, "<style>\n%s</style>\n", looks.css())
	for _, row := range rows {
		b.WriteString(row)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// begin writes what comes before the rows.
func begin(b *strings.Builder, columns, rows int, title string) {
	w := float64(columns)*cellWidth + 2*margin
	h := float64(rows)*cellHeight + 2*margin
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img"`, w, h, w, h)
	fmt.Fprintf(b, ` font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace" font-size="%d">`+"\n", fontSize)
	fmt.Fprintf(b, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
}

// drawRow draws one row of a screen with its upper edge at top.
func drawRow(s Screen, y int, top float64, looks *looks) string {
	var b strings.Builder
	strokes := map[string]string{} // by colour
	for x := 0; x < s.width; {
		p := paintOf(s.cells.CellAt(x, y))
		text, end := stretch(s, x, y, p)
		left := margin + float64(x)*cellWidth
		if p.back != "" {
			drawRect(&b, left, top, float64(end-x)*cellWidth, p.back)
		}
		if lines, ok := strokesOf(text, left, top); ok {
			strokes[p.front] += lines
		} else if text == halfBlock {
			drawRect(&b, left, top, cellWidth/2, p.front)
		} else if strings.TrimSpace(text) != "" {
			drawText(&b, text, left, top, looks.class(p))
		}
		x = end
	}
	for _, colour := range slices.Sorted(maps.Keys(strokes)) {
		fmt.Fprintf(&b, `<path stroke="%s" d="%s"/>`+"\n", colour, strokes[colour])
	}
	return b.String()
}

// stretch returns the longest text from a cell on that can be drawn at once: of one
// paint, and either all lines or none. Blanks that show nothing belong to any text.
func stretch(s Screen, x, y int, p paint) (text string, end int) {
	first := content(s.cells.CellAt(x, y))
	for end = x; end < s.width; {
		c := s.cells.CellAt(end, y)
		t, q := content(c), paintOf(c)
		if q != p && (!q.none() || p.back != "" || p.decorated()) {
			break
		}
		if end > x && (isDrawn(first) || isDrawn(t)) && (t != "─" || first != "─") {
			break
		}
		text += t
		end += cells(c)
	}
	return text, end
}

func drawRect(b *strings.Builder, left, top, width float64, colour string) {
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s" class="b" fill="%s"/>`+"\n",
		number(left), number(top), number(width), number(cellHeight), colour)
}

// drawText draws a text. What follows a gap is placed by itself, since SVG makes one
// blank of several.
func drawText(b *strings.Builder, text string, left, top float64, class string) {
	for {
		rest := strings.TrimLeft(text, " ")
		if rest == "" {
			return
		}
		left += float64(len(text)-len(rest)) * cellWidth
		part, _, _ := strings.Cut(rest, "  ")
		text, part = rest[len(part):], strings.TrimRight(part, " ")
		width := float64(ansi.StringWidth(part)) * cellWidth
		fmt.Fprintf(b, `<text x="%s" y="%s" textLength="%s" class="%s">%s</text>`+"\n",
			number(left), number(top+baseline), number(width), class, escaped(part))
		left += float64(ansi.StringWidth(rest[:len(rest)-len(text)])) * cellWidth
	}
}

// halfBlock marks what has the focus. It and lines are drawn rather than written, so
// that they meet whatever font there is.
const halfBlock = "▌"

func isDrawn(character string) bool { return strings.Contains("─│┬┴┼"+halfBlock, character) }

// strokesOf returns the strokes of a text of lines.
func strokesOf(text string, left, top float64) (path string, ok bool) {
	middle, half := number(top+cellHeight/2), number(left+cellWidth/2)
	across := fmt.Sprintf("M%s %sh%s", number(left), middle, number(float64(ansi.StringWidth(text))*cellWidth))
	through := fmt.Sprintf("M%s %sv%s", half, number(top-bleed), number(cellHeight+2*bleed))
	switch {
	case text == "│":
		return through, true
	case text == "┼":
		return across + through, true
	case text == "┬":
		return across + fmt.Sprintf("M%s %sv%s", half, middle, number(cellHeight/2+bleed)), true
	case text == "┴":
		return across + fmt.Sprintf("M%s %sv%s", half, number(top-bleed), number(cellHeight/2+bleed)), true
	case text != "" && strings.Trim(text, "─") == "":
		return across, true
	}
	return "", false
}

// number writes a length, to a tenth of a pixel.
func number(length float64) string {
	return decimal(length, 1)
}

// decimal writes a number with so many decimals, or fewer if they are zeros.
func decimal(value float64, decimals int) string {
	text := strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.*f", decimals, value), "0"), ".")
	if text == "-0" || text == "-" {
		return "0"
	}
	return text
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder never fails
	return b.String()
}
