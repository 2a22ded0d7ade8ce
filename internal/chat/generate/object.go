package generate

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// object is the union of all that a server is known to send.
type object struct {
	ID       *string         `json:"id"`
	Text     *string         `json:"text"`
	Response *string         `json:"response"`
	Detail   json.RawMessage `json:"detail"`
}

var errNoText = errors.New("an object has neither text nor response")

// text returns what an object has of the answer, which may be nothing, and the
// framing by which it came.
func (o object) text() (string, chat.Framing, error) {
	switch {
	case o.Detail != nil:
		e := &ServerError{Status: 200}
		e.setDetail(o.Detail)
		return "", "", e
	case o.Text != nil:
		return *o.Text, chat.Streamed, nil
	case o.Response != nil:
		return *o.Response, chat.Single, nil
	case o.ID != nil:
		return "", chat.Streamed, nil
	}
	return "", "", errNoText
}

// parse reads one object. The shapes that servers send for every token are
// read here, at a fraction of what reflection costs; whatever is written in
// another way is left to encoding/json, so that it is taken or refused as
// there.
func parse(raw []byte) (text string, framing chat.Framing, err error) {
	if text, framing, ok := parseUsual(raw); ok {
		return text, framing, nil
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", "", err
	}
	return o.text()
}

// parseUsual reads {"id": string, "time_created": number, "text": string} and
// {"response": string}, each field at most once and in any order.
func parseUsual(raw []byte) (text string, framing chat.Framing, ok bool) {
	c := cursor{rest: raw[1:]} // without the brace
	var value []byte
	var hasID, hasTime bool
	for {
		name, ok := c.literal()
		if !ok || !c.take(':') {
			return "", "", false
		}
		switch string(name) {
		case "id":
			if _, ok = c.literal(); !ok || hasID {
				return "", "", false
			}
			hasID = true
		case "time_created":
			if !c.number() || hasTime {
				return "", "", false
			}
			hasTime = true
		case "text", "response":
			if value != nil {
				return "", "", false
			}
			if framing = chat.Streamed; name[0] == 'r' {
				framing = chat.Single
			}
			if value, ok = c.quoted(); !ok {
				return "", "", false
			}
		default:
			return "", "", false
		}
		if c.take(',') {
			continue
		}
		if !c.take('}') || len(c.rest) > 0 || value == nil {
			return "", "", false
		}
		text, ok = unquote(value)
		return text, framing, ok
	}
}

// unquote returns the text of a JSON string with its quotes.
func unquote(quoted []byte) (string, bool) {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	var text string
	err := json.Unmarshal(quoted, &text)
	return text, err == nil
}

// cursor reads the parts of an object.
type cursor struct{ rest []byte }

func (c *cursor) space() {
	i := 0
	for i < len(c.rest) && isSpace(c.rest[i]) {
		i++
	}
	c.rest = c.rest[i:]
}

// take reads one sign and the space around it.
func (c *cursor) take(sign byte) bool {
	c.space()
	if len(c.rest) == 0 || c.rest[0] != sign {
		return false
	}
	c.rest = c.rest[1:]
	c.space()
	return true
}

// quoted reads a string and returns it with its quotes; a control character in
// it is not allowed.
func (c *cursor) quoted() ([]byte, bool) {
	c.space()
	if len(c.rest) == 0 || c.rest[0] != '"' {
		return nil, false
	}
	for i := 1; i < len(c.rest); i++ {
		switch b := c.rest[i]; {
		case b == '"':
			s := c.rest[:i+1]
			c.rest = c.rest[i+1:]
			return s, true
		case b == '\\':
			i++
		case b < ' ':
			return nil, false
		}
	}
	return nil, false
}

// literal reads a string without escapes and returns what is between its
// quotes.
func (c *cursor) literal() ([]byte, bool) {
	s, ok := c.quoted()
	if !ok || bytes.IndexByte(s, '\\') >= 0 {
		return nil, false
	}
	return s[1 : len(s)-1], true
}

// number reads a number without an exponent.
func (c *cursor) number() bool {
	i := 0
	digits := func() int {
		start := i
		for i < len(c.rest) && c.rest[i] >= '0' && c.rest[i] <= '9' {
			i++
		}
		return i - start
	}
	first := digits()
	if first == 0 || first > 1 && c.rest[0] == '0' {
		return false
	}
	if i < len(c.rest) && c.rest[i] == '.' {
		i++
		if digits() == 0 {
			return false
		}
	}
	c.rest = c.rest[i:]
	return true
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }
