package markdown

import (
	"strconv"
	"strings"
)

// indentation is the number of spaces that a line begins with.
func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// unindent takes up to n spaces off the beginning of a line.
func unindent(line string, n int) string { return line[min(indentation(line), n):] }

// itemMark is what an item of a list begins with.
type itemMark struct {
	kind   byte // the bullet, or what stands behind the number
	number int
	width  int  // up to the item's text
	empty  bool // nothing stands behind it
}

// maxDigits is what CommonMark allows a number of an item.
const maxDigits = 9

// itemAt returns the mark that text begins with.
func itemAt(text string) (itemMark, bool) {
	m := itemMark{}
	size := 1
	switch c := text[0]; {
	case c == '-' || c == '*' || c == '+':
		m.kind = c
	case c >= '0' && c <= '9':
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		if digits > maxDigits || digits == len(text) || (text[digits] != '.' && text[digits] != ')') {
			return m, false
		}
		m.kind = text[digits]
		m.number, _ = strconv.Atoi(text[:digits])
		size = digits + 1
	default:
		return m, false
	}
	rest := text[size:]
	spaces := indentation(rest)
	m.empty = spaces == len(rest)
	switch {
	case m.empty, spaces > 4: // behind five spaces, four belong to code
		m.width = size + 1
	case spaces == 0:
		return m, false
	default:
		m.width = size + spaces
	}
	return m, true
}

func (m itemMark) ordered() bool { return m.kind == '.' || m.kind == ')' }

// isBreak reports whether text is a line across the page.
func isBreak(text string) bool {
	c := text[0]
	if c != '-' && c != '*' && c != '_' {
		return false
	}
	return strings.Count(text, string(c)) >= 3 && strings.Trim(text, string(c)+" ") == ""
}

// isHeading reports whether text begins with the marks of a heading.
func isHeading(text string) bool {
	rest := strings.TrimLeft(text, "#")
	level := len(text) - len(rest)
	return level >= 1 && level <= 6 && (rest == "" || rest[0] == ' ')
}

// fence is what lines of code stand between.
type fence struct {
	char   byte
	size   int
	indent int // columns that its lines of code are indented by, too
}

// fenceAt returns the fence that text opens, and what it says of the code.
func fenceAt(text string) (fence, string, bool) {
	c := text[0]
	if c != '`' && c != '~' {
		return fence{}, "", false
	}
	info := strings.TrimLeft(text, string(c))
	size := len(text) - len(info)
	if size < 3 || c == '`' && strings.Contains(info, "`") {
		return fence{}, "", false
	}
	return fence{char: c, size: size}, strings.TrimSpace(info), true
}

// closedBy reports whether line closes the fence. How far it is indented does
// not matter: models indent the two ends differently.
func (f fence) closedBy(line string) bool {
	text := strings.TrimSpace(line)
	return len(text) >= f.size && strings.Trim(text, string(f.char)) == ""
}

// tableHead returns the first two lines of a table.
func tableHead(text string) (string, bool) {
	first, rest, _ := strings.Cut(text, "\n")
	second, _, more := strings.Cut(rest, "\n")
	ok := more && strings.Contains(first, "|") && strings.Contains(second, "-") && strings.Trim(second, " |:-") == ""
	return first + "\n" + second + "\n", ok
}
