package chat

import (
	"strings"
	"unicode"
)

// guard passes an answer on up to its first stop marker. It holds back the end
// of the text as long as that may become one, so that no part of a marker is
// ever passed on.
type guard struct {
	stops []string
	// exact keeps the space before the answer.
	exact bool

	held     string
	begun    bool
	complete bool
}

func newGuard(t Template) guard {
	g := guard{stops: t.stops, exact: t.Alone()}
	if !g.exact {
		// A marker at the start of a line is one at the start of the answer too;
		// this line end is space before the answer and is not passed on.
		g.held = "\n"
	}
	return g
}

// add returns what of the answer is certain after one more piece.
func (g *guard) add(piece string) string {
	if g.complete {
		return ""
	}
	text := g.held + piece
	end := -1
	for _, stop := range g.stops {
		if i := strings.Index(text, stop); i >= 0 && (end < 0 || i < end) {
			end = i
		}
	}
	if end >= 0 {
		g.complete, g.held = true, ""
		return g.pass(text[:end])
	}
	certain := len(text) - g.possible(text)
	g.held = text[certain:]
	return g.pass(text[:certain])
}

// release returns what was held back when nothing more comes.
func (g *guard) release() string {
	text := g.held
	g.held = ""
	return g.pass(text)
}

// possible is the length of the longest end of text with which a marker
// begins.
func (g *guard) possible(text string) int {
	longest := 0
	for _, stop := range g.stops {
		for n := min(len(stop)-1, len(text)); n > longest; n-- {
			if strings.HasSuffix(text, stop[:n]) {
				longest = n
			}
		}
	}
	return longest
}

func (g *guard) pass(text string) string {
	if !g.begun && !g.exact {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	}
	g.begun = g.begun || text != ""
	return text
}
