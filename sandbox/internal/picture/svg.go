package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"image/color"
	"maps"
	"slices"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The size of a cell and of what is around the screen, in pixels. Text is set so that
// it fills its cells whatever font there is.
const (
	cellWidth, cellHeight = 8.4, 18.0
	fontSize              = 14
	baseline              = 13.5 // of a cell, from its top
	margin                = 12.0
)

// screen is what a picture is made of.
type screen interface {
	Width() int
	Height() int
	CellAt(x, y int) *uv.Cell
}

// paint is how cells look.
type paint struct {
	front, back     string // back is empty for that of the screen
	bold, underline bool
}

// svg draws a screen. Equal screens make equal pictures.
func svg(s screen, title string) []byte {
	w := float64(s.Width())*cellWidth + 2*margin
	h := float64(s.Height())*cellHeight + 2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
	fmt.Fprintf(&b, `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace" font-size="%d" xml:space="preserve">`+"\n", fontSize)
	lines := map[string]*strings.Builder{}
	for y := range s.Height() {
		drawRow(&b, lines, s, y)
	}
	b.WriteString("</g>\n")
	for _, colour := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&b, `<path fill="none" stroke="%s" d="%s"/>`+"\n", colour, lines[colour])
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// drawRow writes the text of one row, and collects the lines in it by colour.
func drawRow(b *strings.Builder, lines map[string]*strings.Builder, s screen, y int) {
	for x := 0; x < s.Width(); {
		p := paintOf(s.CellAt(x, y))
		text, end := stretch(s, x, y, p)
		left, top := margin+float64(x)*cellWidth, margin+float64(y)*cellHeight
		width := float64(end-x) * cellWidth
		if p.back != "" {
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" fill="%s"/>`+"\n", left, top, width, cellHeight, p.back)
		}
		if strokes, isLine := drawn(text, left, top); isLine {
			if lines[p.front] == nil {
				lines[p.front] = &strings.Builder{}
			}
			lines[p.front].WriteString(strokes)
		} else if text == "▌" {
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" fill="%s"/>`+"\n", left, top, cellWidth/2, cellHeight, p.front)
		} else if strings.TrimSpace(text) != "" {
			writeText(b, text, left, top, p)
		}
		x = end
	}
}

// stretch returns the longest text from a cell on that can be written at once: of one
// paint, without a gap, and either all lines or none.
func stretch(s screen, x, y int, p paint) (text string, end int) {
	first := content(s.CellAt(x, y))
	alone := strings.Contains(strokesOf, first) || first == "▌"
	blanks := 0
	for end = x; end < s.Width(); {
		c := s.CellAt(end, y)
		t := content(c)
		if paintOf(c) != p || end > x && (alone || strings.Contains(strokesOf, t) || t == "▌") && (t != "─" || first != "─") {
			break
		}
		if t == " " {
			blanks++
		} else {
			if blanks > 1 && p.back == "" && strings.TrimSpace(text) != "" {
				// What follows a gap is placed by itself.
				return text[:len(text)-blanks], end - blanks
			}
			blanks = 0
		}
		text += t
		end += max(c.Width, 1)
	}
	return text, end
}

// content is what a cell shows.
func content(c *uv.Cell) string {
	if c == nil {
		return " "
	}
	return cmp.Or(c.Content, " ")
}

func writeText(b *strings.Builder, text string, left, top float64, p paint) {
	trimmed := strings.TrimLeft(text, " ")
	left += float64(len(text)-len(trimmed)) * cellWidth
	trimmed = strings.TrimRight(trimmed, " ")
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"`,
		left, top+baseline, float64(ansi.StringWidth(trimmed))*cellWidth, p.front)
	if p.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if p.underline {
		b.WriteString(` text-decoration="underline"`)
	}
	fmt.Fprintf(b, ">%s</text>\n", escaped(trimmed))
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// strokesOf are the characters that are drawn rather than written, so that they meet
// whatever font there is.
const strokesOf = "─│┬┴┼"

// drawn returns the strokes of a text of such characters.
func drawn(text string, left, top float64) (path string, isLine bool) {
	if text == "" || !strings.ContainsAny(text, strokesOf) || strings.Trim(text, strokesOf) != "" {
		return "", false
	}
	middle, half := top+cellHeight/2, left+cellWidth/2
	if text != "│" {
		path = fmt.Sprintf("M%.1f %.1fh%.1f", left, middle, float64(ansi.StringWidth(text))*cellWidth)
	}
	switch text {
	case "│", "┼":
		path += fmt.Sprintf("M%.1f %.1fv%.0f", half, top, cellHeight)
	case "┬":
		path += fmt.Sprintf("M%.1f %.1fv%.0f", half, middle, cellHeight/2)
	case "┴":
		path += fmt.Sprintf("M%.1f %.1fv%.0f", half, top, cellHeight/2)
	}
	return path, true
}

// paintOf is how a cell looks.
func paintOf(c *uv.Cell) paint {
	if c == nil {
		return paint{front: foreground}
	}
	p := paint{front: hex(c.Style.Fg, foreground), back: hex(c.Style.Bg, "")}
	if c.Style.Attrs&uv.AttrReverse != 0 {
		p.front, p.back = cmp.Or(p.back, background), p.front
	}
	p.bold = c.Style.Attrs&uv.AttrBold != 0
	p.underline = c.Style.Underline != ansi.UnderlineNone
	if content(c) == " " && p.back == "" && !p.underline {
		// Blanks take the paint of what they stand between.
		p.front, p.bold = foreground, false
	}
	return p
}

// hex is a colour of the terminal as SVG writes it.
func hex(c color.Color, none string) string {
	switch c := c.(type) {
	case nil:
		return none
	case ansi.BasicColor:
		return palette[c]
	case ansi.IndexedColor:
		if c < ansi.IndexedColor(len(palette)) {
			return palette[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
