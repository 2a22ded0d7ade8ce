package python

import (
	"fmt"
	"strings"
)

// Frame is one call of a traceback, outermost first.
type Frame struct {
	Source
	Code string
}

// At makes a Frame.
func At(file string, line int, function, code string) Frame {
	return Frame{Source: Source{File: file, Line: line, Function: function}, Code: code}
}

// Exception is a raised exception: what a traceback ends with.
type Exception struct {
	// Type is the exception's name with its module, unless that is builtins.
	Type    string
	Message string
	Frames  []Frame
	// Cause is the exception during whose handling this one was raised, if any.
	Cause *Exception
}

// Error is the last line of the traceback.
func (e *Exception) Error() string {
	if e.Message == "" {
		return e.Type
	}
	return e.Type + ": " + e.Message
}

// Traceback is what traceback.print_exc() prints, with the final newline.
func (e *Exception) Traceback() string {
	var b strings.Builder
	if e.Cause != nil {
		b.WriteString(e.Cause.Traceback())
		b.WriteString("\nDuring handling of the above exception, another exception occurred:\n\n")
	}
	b.WriteString("Traceback (most recent call last):\n")
	for _, f := range e.Frames {
		fmt.Fprintf(&b, "  File %q, line %d, in %s\n    %s\n", f.File, f.Line, f.Function, f.Code)
	}
	b.WriteString(e.Error())
	b.WriteByte('\n')
	return b.String()
}

// Within returns the exception as seen from further out: outer calls come first.
func (e *Exception) Within(outer ...Frame) *Exception {
	inner := *e
	inner.Frames = append(append([]Frame(nil), outer...), e.Frames...)
	return &inner
}

// Repr is repr() of a string: single quotes unless the string has them and no
// double ones, escapes for backslashes and control characters.
func Repr(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteByte(quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(quote)
	return b.String()
}

// ReprList is repr() of a list of strings.
func ReprList(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = Repr(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
