package cells

import (
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Character returns the size in bytes of the first character of s as a person
// sees it, with the marks that join it, and its width in cells. s is not empty.
func Character(s string) (size, width int) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) && s[0] != '\r' {
		return 1, 1
	}
	char, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return len(char), width
}

// Characters splits s into characters, at most n of them.
func Characters(s string, n int) []string {
	var chars []string
	for s != "" && len(chars) < n {
		size, _ := Character(s)
		chars = append(chars, s[:size])
		s = s[size:]
	}
	return chars
}

// Joins reports whether a character has nothing to stand on: it begins with a
// sign that changes the one in front of it. Behind text that it does not belong
// to, as an indentation, it would change that, and its width.
func Joins(char string) bool {
	r, _ := utf8.DecodeRuneInString(char)
	const joiner = '\u200d'
	return r == joiner || unicode.In(r, unicode.Mn, unicode.Me)
}
