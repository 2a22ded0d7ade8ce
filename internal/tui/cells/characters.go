package cells

import (
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
