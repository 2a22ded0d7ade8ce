package picture

import (
	"fmt"
	"strings"
)

// Motion draws a film as an SVG that moves by CSS alone, so that it does within an <img>
// too. Each row of the screen is a window on a strip of all that it ever shows, which is
// moved in steps. A row is drawn once, however often and wherever it is shown.
func Motion(f Film) []byte {
	if len(f.Frames) == 0 {
		return nil
	}
	first := f.Frames[0].Screen
	m := motion{film: f, drawings: map[string]int{}}
	var windows strings.Builder
	for y := range first.height {
		m.row(&windows, y, first.width)
	}
	var b strings.Builder
	begin(&b, first.width, first.height, f.Title)
	fmt.Fprintf(&b, "<style>\n%sg{animation:%ss step-end infinite}\n%s", m.looks.css(), decimal(f.Duration.Seconds(), 3), &m.steps)
	b.WriteString("@media (prefers-reduced-motion:reduce){g{animation:none!important}}\n</style>\n<defs>\n")
	b.WriteString(m.definitions.String())
	b.WriteString("</defs>\n")
	b.WriteString(windows.String())
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// The height of a window, and how far the rows on a strip are from each other: so far
// that a window whose edges are between two pixels shows nothing of the next row.
const (
	windowHeight = cellHeight + 2*bleed
	pitch        = windowHeight + 3
)

// motion is a film that is being drawn.
type motion struct {
	film        Film
	looks       looks
	drawings    map[string]int  // of rows, to their numbers
	definitions strings.Builder // of those rows
	steps       strings.Builder // the key frames of the strips
}

// row draws the window of a row and its strip.
func (m *motion) row(b *strings.Builder, y, width int) {
	places := map[string]int{} // of a drawing on the strip
	var strip, steps strings.Builder
	shown, poster := -1, -1
	for i, frame := range m.film.Frames {
		drawing := drawRow(frame.Screen, y, bleed, &m.looks)
		place, known := places[drawing]
		if !known {
			place = len(places)
			places[drawing] = place
			m.use(&strip, drawing, place)
		}
		if poster < 0 && (frame.At >= m.film.Poster || i == len(m.film.Frames)-1) {
			poster = place
		}
		if place != shown {
			at := 0.0 // the first is there from the beginning
			if shown >= 0 {
				at = min(100, 100*frame.At.Seconds()/m.film.Duration.Seconds())
			}
			fmt.Fprintf(&steps, "%s%%{transform:translateY(%spx)}", decimal(at, 3), number(-float64(place)*pitch))
			shown = place
		}
	}
	if strip.Len() == 0 {
		return
	}
	fmt.Fprintf(b, `<svg y="%s" width="%s" height="%s"><g`, number(margin+float64(y)*cellHeight-bleed),
		number(float64(width)*cellWidth+2*margin), number(windowHeight))
	if len(places) > 1 {
		fmt.Fprintf(&m.steps, "@keyframes r%d{%s}\n", y, &steps)
		fmt.Fprintf(b, ` style="animation-name:r%d" transform="translate(0,%s)"`, y, number(-float64(poster)*pitch))
	}
	fmt.Fprintf(b, ">\n%s</g></svg>\n", &strip)
}

// use puts a drawing on a strip. A blank one needs nothing.
func (m *motion) use(strip *strings.Builder, drawing string, place int) {
	if drawing == "" {
		return
	}
	id, known := m.drawings[drawing]
	if !known {
		id = len(m.drawings)
		m.drawings[drawing] = id
		fmt.Fprintf(&m.definitions, "<g id=\"d%d\">\n%s</g>\n", id, drawing)
	}
	fmt.Fprintf(strip, `<use href="#d%d"`, id)
	if place > 0 {
		fmt.Fprintf(strip, ` y="%s"`, number(float64(place)*pitch))
	}
	strip.WriteString("/>\n")
}
