// Package pyjson reads and writes JSON exactly as Python's json module does, for the
// simulated Python servers whose clients see every byte: indentation, escapes, the
// form of floats, and the wording and position of errors.
package pyjson

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Object is a JSON object that keeps the order of its members, as a dict does.
type Object []Member

// Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// Get returns the value of the last member with the name.
func (o Object) Get(name string) (any, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].Name == name {
			return o[i].Value, true
		}
	}
	return nil, false
}

// Indented is json.dumps(v, indent=4): nested lines, ASCII only.
func Indented(v any) string {
	e := encoder{indent: 4, ascii: true, item: ",", colon: ": "}
	e.encode(v, 0)
	return e.b.String()
}

// Compact is what FastAPI's JSONResponse renders: no spaces, characters beyond ASCII
// as they are.
func Compact(v any) string {
	e := encoder{item: ",", colon: ":"}
	e.encode(v, 0)
	return e.b.String()
}

// Line is json.dumps(v, ensure_ascii=False): one line with spaces after separators.
func Line(v any) string {
	e := encoder{item: ", ", colon: ": "}
	e.encode(v, 0)
	return e.b.String()
}

// encoder writes values of the types that Decode returns, and int.
type encoder struct {
	b           strings.Builder
	indent      int
	ascii       bool
	item, colon string
}

func (e *encoder) encode(v any, depth int) {
	switch v := v.(type) {
	case nil:
		e.b.WriteString("null")
	case bool:
		e.b.WriteString(strconv.FormatBool(v))
	case string:
		e.quote(v)
	case int:
		e.b.WriteString(strconv.Itoa(v))
	case Integer:
		e.b.WriteString(string(v))
	case float64:
		e.b.WriteString(Float(v))
	case []any:
		e.list('[', ']', len(v), depth, func(i int) { e.encode(v[i], depth+1) })
	case Object:
		e.list('{', '}', len(v), depth, func(i int) {
			e.quote(v[i].Name)
			e.b.WriteString(e.colon)
			e.encode(v[i].Value, depth+1)
		})
	default:
		// Only the types above are ever passed; writing null keeps the JSON valid.
		e.b.WriteString("null")
	}
}

func (e *encoder) list(open, shut byte, n, depth int, item func(i int)) {
	e.b.WriteByte(open)
	for i := range n {
		if i > 0 {
			e.b.WriteString(e.item)
		}
		e.newline(depth + 1)
		item(i)
	}
	if n > 0 {
		e.newline(depth)
	}
	e.b.WriteByte(shut)
}

func (e *encoder) newline(depth int) {
	if e.indent > 0 {
		e.b.WriteByte('\n')
		e.b.WriteString(strings.Repeat(" ", e.indent*depth))
	}
}

const hex = "0123456789abcdef"

func (e *encoder) quote(s string) {
	e.b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			e.b.WriteByte('\\')
			e.b.WriteRune(r)
		case r == '\n':
			e.b.WriteString(`\n`)
		case r == '\r':
			e.b.WriteString(`\r`)
		case r == '\t':
			e.b.WriteString(`\t`)
		case r == '\b':
			e.b.WriteString(`\b`)
		case r == '\f':
			e.b.WriteString(`\f`)
		case r < ' ' || e.ascii && r > '~':
			e.escape(r)
		default:
			e.b.WriteRune(r)
		}
	}
	e.b.WriteByte('"')
}

// escape writes \uXXXX, twice for characters beyond the basic plane.
func (e *encoder) escape(r rune) {
	if r >= 0x10000 {
		r -= 0x10000
		e.unit(0xd800 + r>>10)
		e.unit(0xdc00 + r&0x3ff)
		return
	}
	e.unit(r)
}

func (e *encoder) unit(r rune) {
	e.b.WriteString(`\u`)
	for shift := 12; shift >= 0; shift -= 4 {
		e.b.WriteByte(hex[r>>shift&0xf])
	}
}

// Float is repr() of a Python float: the shortest digits that read back as the same
// number, with an exponent below 1e-4 and from 1e16 on.
func Float(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64) // Go and Python both pad to two digits
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// Valid is s with everything that is not UTF-8 replaced, as Python's decoder with
// errors="replace" does it.
func Valid(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }
