package picture

import (
	"cmp"
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// paint is how cells look. The zero value is that of blanks that show nothing.
type paint struct {
	front, back               string // back is empty for that of the screen
	bold, italic              bool
	underlined, struckThrough bool
}

// none reports whether a blank of this paint shows nothing.
func (p paint) none() bool { return p == paint{} }

// decorated reports whether blanks show something too.
func (p paint) decorated() bool { return p.underlined || p.struckThrough }

// paintOf is how a cell looks.
func paintOf(c *uv.Cell) paint {
	if c == nil {
		return paint{}
	}
	p := paint{front: hex(c.Style.Fg, foreground), back: hex(c.Style.Bg, "")}
	if c.Style.Attrs&uv.AttrReverse != 0 {
		p.front, p.back = cmp.Or(p.back, background), p.front
	}
	p.bold = c.Style.Attrs&uv.AttrBold != 0
	p.italic = c.Style.Attrs&uv.AttrItalic != 0
	p.underlined = c.Style.Underline != ansi.UnderlineNone
	p.struckThrough = c.Style.Attrs&uv.AttrStrikethrough != 0
	if content(c) == " " && p.back == "" && !p.decorated() {
		return paint{}
	}
	return p
}

// content is what a cell shows.
func content(c *uv.Cell) string {
	if c == nil {
		return " "
	}
	return cmp.Or(c.Content, " ")
}

// cells is how many cells the character of a cell takes.
func cells(c *uv.Cell) int {
	if c == nil {
		return 1
	}
	return max(c.Width, 1)
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

// looks are the paints of texts by their classes, numbered as they are met. The zero
// value is empty.
type looks struct {
	paints  []paint
	classes map[paint]string
}

// class is the class of texts of a paint.
func (l *looks) class(p paint) string {
	p.back = "" // is drawn by itself
	if class, ok := l.classes[p]; ok {
		return class
	}
	if l.classes == nil {
		l.classes = map[paint]string{}
	}
	class := fmt.Sprintf("t%d", len(l.paints))
	l.paints, l.classes[p] = append(l.paints, p), class
	return class
}

// css is the style sheet of the classes.
func (l *looks) css() string {
	var b strings.Builder
	// Blocks beside each other have no seam between them.
	b.WriteString("path{fill:none}\n.b{shape-rendering:crispEdges}\n")
	for i, p := range l.paints {
		fmt.Fprintf(&b, ".t%d{fill:%s", i, p.front)
		if p.bold {
			b.WriteString(";font-weight:bold")
		}
		if p.italic {
			b.WriteString(";font-style:italic")
		}
		if p.underlined {
			b.WriteString(";text-decoration:underline")
		} else if p.struckThrough {
			b.WriteString(";text-decoration:line-through")
		}
		b.WriteString("}\n")
	}
	return b.String()
}
