package pyjson

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// escapes are the one-letter escapes of a JSON string.
var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// str reads a string whose opening quote is consumed. A surrogate without its partner
// becomes U+FFFD, since Go's strings cannot hold it.
func (d *decoder) str() (string, error) {
	begin := d.i - 1
	var b strings.Builder
	for {
		if d.i >= len(d.s) {
			return "", d.fail("Unterminated string starting at", begin)
		}
		c := d.s[d.i]
		switch {
		case c == '"':
			d.i++
			return b.String(), nil
		case c < ' ':
			return "", d.fail("Invalid control character at", d.i)
		case c != '\\':
			b.WriteByte(c)
			d.i++
			continue
		}
		d.i++
		if d.i >= len(d.s) {
			return "", d.fail("Unterminated string starting at", begin)
		}
		if d.s[d.i] == 'u' {
			r, err := d.unicodeEscape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			continue
		}
		plain, ok := escapes[d.s[d.i]]
		if !ok {
			// Python's scanner in C reports the backslash.
			return "", d.fail("Invalid \\escape", d.i-1)
		}
		b.WriteByte(plain)
		d.i++
	}
}

// unicodeEscape reads an escape whose backslash is consumed.
func (d *decoder) unicodeEscape() (rune, error) {
	r, ok := d.unit(d.i + 1)
	if !ok {
		return 0, d.fail("Invalid \\uXXXX escape", d.i)
	}
	d.i += 5
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if strings.HasPrefix(d.s[d.i:], `\u`) {
		if low, ok := d.unit(d.i + 2); ok {
			if whole := utf16.DecodeRune(r, low); whole != utf8.RuneError {
				d.i += 6
				return whole, nil
			}
		}
	}
	return utf8.RuneError, nil
}

// unit reads the four hexadecimal digits at a byte offset.
func (d *decoder) unit(at int) (rune, bool) {
	if at+4 > len(d.s) {
		return 0, false
	}
	digits := d.s[at : at+4]
	for _, c := range []byte(digits) {
		if strings.IndexByte("0123456789abcdefABCDEF", c) < 0 {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(digits, 16, 16)
	return rune(n), err == nil
}
