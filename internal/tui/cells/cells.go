// Package cells fits plain text into the columns of a terminal.
//
// Widths are those that a terminal shows, not bytes or runes. The functions
// are total: a width of zero or less gives nothing. They take text without
// escape sequences; what they return is styled afterwards, so that padding
// never stands outside of a style.
package cells

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Cut shortens s to at most w cells; the ellipsis stands for what is missing
// at the end.
func Cut(s string, w int, ellipsis string) string {
	if w <= 0 {
		return ""
	}
	return ansi.Truncate(s, w, ellipsis)
}

// Tail shortens s to at most w cells and keeps its end, which is where names
// of nodes and pods differ.
func Tail(s string, w int, ellipsis string) string {
	have := ansi.StringWidth(s)
	if w <= 0 {
		return ""
	}
	if have <= w {
		return s
	}
	keep := w - ansi.StringWidth(ellipsis)
	if keep <= 0 {
		return Cut(ellipsis, w, "")
	}
	return ellipsis + ansi.TruncateLeft(s, have-keep, "")
}

// Left puts s at the left of exactly w cells.
func Left(s string, w int, ellipsis string) string {
	s = Cut(s, w, ellipsis)
	return s + Blank(w-ansi.StringWidth(s))
}

// Right puts s at the right of exactly w cells.
func Right(s string, w int, ellipsis string) string {
	s = Cut(s, w, ellipsis)
	return Blank(w-ansi.StringWidth(s)) + s
}

// Blank is n spaces.
func Blank(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Wrap breaks s between words into lines of at most w cells. Only a word that
// is wider than a line is broken itself, so that paths and commands stay in
// one piece where they can.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	var lines []string
	line, width := "", 0
	for _, word := range strings.Fields(s) {
		n := ansi.StringWidth(word)
		if width > 0 && width+1+n <= w {
			line, width = line+" "+word, width+1+n
			continue
		}
		if width > 0 {
			lines = append(lines, line)
		}
		for n > w {
			head := ansi.Truncate(word, w, "")
			if head == "" { // a character wider than the line
				return lines
			}
			lines = append(lines, head)
			word = word[len(head):]
			n = ansi.StringWidth(word)
		}
		line, width = word, n
	}
	if width > 0 {
		lines = append(lines, line)
	}
	return lines
}

// WrapAtMost wraps s into at most n lines. What does not fit is left out of
// the last one, with the ellipsis in its place.
func WrapAtMost(s string, w, n int, ellipsis string) []string {
	lines := Wrap(s, w)
	if len(lines) <= max(n, 0) {
		return lines
	}
	if n <= 0 {
		return nil
	}
	lines[n-1] = Cut(lines[n-1]+" "+lines[n], w, ellipsis)
	if !strings.HasSuffix(lines[n-1], ellipsis) {
		lines[n-1] = Cut(lines[n-1], w-ansi.StringWidth(ellipsis), "") + ellipsis
	}
	return lines[:n]
}
