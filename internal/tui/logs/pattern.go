package logs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is plain text to look for. A capital letter in it makes it
// case-sensitive.
type pattern struct {
	text string
	// not makes a filter of what does not match.
	not bool
	// fold is the text in lower case if case does not matter, ascii whether it
	// can be compared byte by byte.
	fold  string
	ascii bool
}

func newPattern(text string) pattern {
	p := pattern{text: text, ascii: plain(text)}
	if strings.IndexFunc(text, unicode.IsUpper) < 0 {
		p.fold = strings.Map(unicode.ToLower, text)
	}
	return p
}

// newFilter returns the pattern of a filter, which an exclamation mark inverts.
func newFilter(text string) pattern {
	rest, not := strings.CutPrefix(text, "!")
	p := newPattern(rest)
	p.not = not && rest != ""
	return p
}

func (p pattern) empty() bool { return p.text == "" }

// String is how a filter is typed.
func (p pattern) String() string {
	if p.not {
		return "!" + p.text
	}
	return p.text
}

// passes reports whether a filter lets text through.
func (p pattern) passes(text string) bool {
	return p.empty() || p.matches(text) != p.not
}

// matches reports whether a pattern that is not empty is in text.
func (p pattern) matches(text string) bool {
	start, _ := p.find(text)
	return start >= 0
}

// find returns where the pattern is first in text, or a negative start.
func (p pattern) find(text string) (start, end int) {
	switch {
	case p.fold == "":
		start = strings.Index(text, p.text)
		return start, start + len(p.text)
	case p.ascii:
		start = indexFold(text, p.fold)
		return start, start + len(p.text)
	}
	first, _ := utf8.DecodeRuneInString(p.fold)
	for i, r := range text {
		if unicode.ToLower(r) != first {
			continue
		}
		if n := prefixFold(text[i:], p.fold); n > 0 {
			return i, i + n
		}
	}
	return -1, -1
}

// indexFold returns the index of an ASCII text in lower case, whatever the
// case it is found in.
func indexFold(text, low string) int {
	first := low[0]
	for i := 0; i+len(low) <= len(text); i++ {
		if lower(text[i]) != first {
			continue
		}
		j := 1
		for j < len(low) && lower(text[i+j]) == low[j] {
			j++
		}
		if j == len(low) {
			return i
		}
	}
	return -1
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

// prefixFold returns how many bytes at the beginning of text are low in any
// case, 0 if they are something else.
func prefixFold(text, low string) int {
	n := 0
	for _, want := range low {
		r, size := utf8.DecodeRuneInString(text[n:])
		if size == 0 || unicode.ToLower(r) != want {
			return 0
		}
		n += size
	}
	return n
}
