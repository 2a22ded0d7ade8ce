package generate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// maxObject bounds one object of an answer. A whole answer in one object is
	// a few tens of kilobytes; without a bound a broken server could fill the
	// memory.
	maxObject = 16 << 20
	// startBytes is how much of an answer a FormatError quotes.
	startBytes = 80
)

var errTooLarge = fmt.Errorf("one object of the answer is larger than %d bytes", maxObject)

// Decoder reads the objects of an answer. It belongs to one goroutine.
type Decoder struct {
	json    *json.Decoder
	source  *meter
	framing Framing
}

// NewDecoder returns a decoder of the body r.
func NewDecoder(r io.Reader) *Decoder {
	source := &meter{r: r}
	return &Decoder{json: json.NewDecoder(source), source: source}
}

// Framing is the framing of what has been read so far; empty before the first
// object.
func (d *Decoder) Framing() Framing { return d.framing }

// object is the union of all that a server is known to send.
type object struct {
	ID       *string         `json:"id"`
	Text     *string         `json:"text"`
	Response *string         `json:"response"`
	Detail   json.RawMessage `json:"detail"`
}

// Next returns the text of the next object, which may be empty. It returns
// io.EOF after the last one, a *TruncatedError when the answer ends inside an
// object or cannot be read further, a *ServerError when an object reports an
// error, and a *FormatError when an object is none of these.
func (d *Decoder) Next() (string, error) {
	var o object
	if err := d.json.Decode(&o); err != nil {
		return "", d.explain(err)
	}
	d.source.left = maxObject
	switch {
	case o.Detail != nil:
		e := &ServerError{Status: 200}
		e.setDetail(o.Detail)
		return "", e
	case o.Text != nil:
		d.framing = Streamed
		return *o.Text, nil
	case o.Response != nil:
		d.framing = Single
		return *o.Response, nil
	case o.ID != nil:
		d.framing = Streamed
		return "", nil
	}
	return "", &FormatError{Start: d.source.begin(), Err: errors.New("an object has neither text nor response")}
}

func (d *Decoder) explain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &syntax), errors.As(err, &kind), errors.Is(err, errTooLarge):
		return &FormatError{Start: d.source.begin(), Err: err}
	}
	return &TruncatedError{Err: err}
}

// meter bounds the bytes that are read for one object and keeps the first ones
// of all for error messages.
type meter struct {
	r     io.Reader
	left  int
	begun bool
	start []byte
}

func (m *meter) Read(p []byte) (int, error) {
	if !m.begun {
		m.begun, m.left = true, maxObject
	}
	if m.left <= 0 {
		return 0, errTooLarge
	}
	n, err := m.r.Read(p)
	m.left -= n
	if room := startBytes - len(m.start); room > 0 {
		m.start = append(m.start, p[:min(n, room)]...)
	}
	return n, err
}

func (m *meter) begin() string { return string(m.start) }
