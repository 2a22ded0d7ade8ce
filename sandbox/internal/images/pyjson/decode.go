package pyjson

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Integer is a JSON number without fraction and exponent, of any size.
type Integer string

// SyntaxError is Python's JSONDecodeError: its message without the position, and the
// position counted in characters.
type SyntaxError struct {
	Message string
	Pos     int
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s: char %d", e.Message, e.Pos) }

// maxDepth is how deeply values may nest. Python stops near its recursion limit of
// 1000 with an error of another kind, which no client provokes by accident.
const maxDepth = 900

// Decode is json.loads. Values are nil, bool, string, Integer, float64, []any and
// Object. The text must be valid UTF-8; the error is a *SyntaxError.
func Decode(text string) (any, error) {
	d := decoder{s: text}
	if strings.HasPrefix(text, "\ufeff") {
		return nil, d.fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
	}
	d.space()
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if d.space(); d.i < len(d.s) {
		return nil, d.fail("Extra data", d.i)
	}
	return v, nil
}

type decoder struct {
	s string
	i int
}

// fail reports an error at a byte offset, which it converts to characters.
func (d *decoder) fail(message string, at int) error {
	return &SyntaxError{Message: message, Pos: utf8.RuneCountInString(d.s[:at])}
}

func (d *decoder) space() {
	for d.i < len(d.s) && strings.IndexByte(" \t\n\r", d.s[d.i]) >= 0 {
		d.i++
	}
}

// words are the literals that Python accepts, three of which are not JSON.
var words = []struct {
	text  string
	value func() any
}{
	{"null", func() any { return nil }},
	{"true", func() any { return true }},
	{"false", func() any { return false }},
	{"NaN", func() any { return nan }},
	{"Infinity", func() any { return inf }},
	{"-Infinity", func() any { return -inf }},
}

func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, d.fail("Expecting value", d.i)
	}
	rest := d.s[d.i:]
	switch {
	case strings.HasPrefix(rest, `"`):
		d.i++
		return d.str()
	case strings.HasPrefix(rest, "{"):
		d.i++
		return d.object(depth)
	case strings.HasPrefix(rest, "["):
		d.i++
		return d.array(depth)
	}
	for _, w := range words {
		if strings.HasPrefix(rest, w.text) {
			d.i += len(w.text)
			return w.value(), nil
		}
	}
	return d.number()
}

func (d *decoder) object(depth int) (any, error) {
	object := Object{}
	d.space()
	if d.eat('}') {
		return object, nil
	}
	for {
		if !d.eat('"') {
			return nil, d.fail("Expecting property name enclosed in double quotes", d.i)
		}
		name, err := d.str()
		if err != nil {
			return nil, err
		}
		if d.space(); !d.eat(':') {
			return nil, d.fail("Expecting ':' delimiter", d.i)
		}
		d.space()
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		object = append(object, Member{name, v})
		d.space()
		if d.eat('}') {
			return object, nil
		}
		if !d.eat(',') {
			return nil, d.fail("Expecting ',' delimiter", d.i)
		}
		d.space()
	}
}

func (d *decoder) array(depth int) (any, error) {
	array := []any{}
	d.space()
	if d.eat(']') {
		return array, nil
	}
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
		d.space()
		if d.eat(']') {
			return array, nil
		}
		if !d.eat(',') {
			return nil, d.fail("Expecting ',' delimiter", d.i)
		}
		d.space()
	}
}

func (d *decoder) eat(c byte) bool {
	if d.i < len(d.s) && d.s[d.i] == c {
		d.i++
		return true
	}
	return false
}

func (d *decoder) number() (any, error) {
	start := d.i
	j := start
	if j < len(d.s) && d.s[j] == '-' {
		j++
	}
	digits := func() bool {
		from := j
		for j < len(d.s) && d.s[j] >= '0' && d.s[j] <= '9' {
			j++
		}
		return j > from
	}
	if j < len(d.s) && d.s[j] == '0' {
		j++
	} else if !digits() {
		return nil, d.fail("Expecting value", start)
	}
	end, isFloat := j, false
	if j < len(d.s) && d.s[j] == '.' {
		if j++; digits() {
			end, isFloat = j, true
		}
	}
	if j = end; j < len(d.s) && (d.s[j] == 'e' || d.s[j] == 'E') {
		if j++; j < len(d.s) && (d.s[j] == '+' || d.s[j] == '-') {
			j++
		}
		if digits() {
			end, isFloat = j, true
		}
	}
	d.i = end
	if !isFloat {
		return Integer(d.s[start:end]), nil
	}
	f, _ := strconv.ParseFloat(d.s[start:end], 64) // out of range is infinite, as in Python
	return f, nil
}
