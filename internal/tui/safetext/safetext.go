// Package safetext makes untrusted text fit for a terminal.
//
// Logs of containers and answers of models may hold anything, also bytes that
// move the cursor, set the clipboard, change the title or turn the direction
// of writing. Line and Text return only printable text: escape sequences and
// control characters are gone, invalid UTF-8 is U+FFFD. What they return never
// holds a control character but, from Text, newline and tab, and applying them
// twice changes nothing.
//
// Both judge a whole string. Text that arrives in pieces may have a sequence
// split over two of them: the introducing control character is removed all the
// same, so what remains of the sequence is harmless, if visible.
package safetext

import (
	"strings"
	"unicode/utf8"
)

// Line makes s one printable line. Newlines and tabs become spaces.
func Line(s string) string { return clean(s, false) }

// Text makes s printable and keeps its newlines and tabs. A carriage return
// with its newline becomes the newline; one that stands alone is dropped.
func Text(s string) string { return clean(s, true) }

const (
	esc = 0x1b
	bel = 0x07
	st  = 0x9c // C1 string terminator
)

func clean(s string, lines bool) string {
	if plain(s, lines) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == esc:
			i += escape(s[i:])
			continue
		case r >= 0x80 && r <= 0x9f:
			i += size + control(s[i+size:], r)
			continue
		case r == utf8.RuneError:
			b.WriteRune(utf8.RuneError)
		case r == '\n' || r == '\t':
			if lines {
				b.WriteRune(r)
			} else {
				b.WriteByte(' ')
			}
		case r < 0x20 || r == 0x7f || invisible(r):
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// plain reports whether s may stay as it is.
func plain(s string, lines bool) bool {
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t':
			if !lines {
				return false
			}
		case r < 0x20 || (r >= 0x7f && r <= 0x9f) || invisible(r):
			return false
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			return false
		}
	}
	return true
}

// invisible reports whether r changes how other text is shown without being
// shown itself: bidirectional controls, line separators that terminals and
// programs disagree on, the tag characters.
func invisible(r rune) bool {
	switch {
	case r == 0x061c, r == 0x200e, r == 0x200f, // direction marks
		r >= 0x202a && r <= 0x202e, // embeddings and overrides
		r >= 0x2066 && r <= 0x2069, // isolates
		r == 0x2028, r == 0x2029,   // separators
		r == 0xfeff,                  // byte order mark
		r >= 0xe0000 && r <= 0xe007f, // tags
		r >= 0xfff9 && r <= 0xfffb:   // interlinear annotations
		return true
	}
	return false
}

// escape returns the length of the escape sequence that s begins with.
func escape(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch c := s[1]; {
	case c == '[':
		return 2 + control(s[2:], 0x9b)
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		return 2 + control(s[2:], rune(c)+0x40)
	case c >= 0x20 && c <= 0x2f:
		// Intermediate bytes and one final byte.
		i := 1
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2f {
			i++
		}
		if i < len(s) && s[i] >= 0x30 && s[i] <= 0x7e {
			i++
		}
		return i
	case c >= 0x30 && c <= 0x7e:
		return 2
	}
	return 1
}

// control returns the length of what belongs to the C1 control r, after it.
func control(s string, r rune) int {
	switch r {
	case 0x9b: // CSI: parameters, intermediates, one final byte
		i := 0
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x3f {
			i++
		}
		if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7e {
			i++
		}
		return i
	case 0x90, 0x98, 0x9d, 0x9e, 0x9f: // strings, up to their terminator
		return terminated(s)
	}
	return 0
}

// terminated returns the length of a control string with its terminator. One
// that is not terminated on its line ends there, so that a stray introducer
// cannot swallow the rest of a log.
func terminated(s string) int {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch r {
		case bel, st:
			return i + size
		case esc:
			if i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
			return i
		case '\n':
			return i
		}
		i += size
	}
	return len(s)
}
