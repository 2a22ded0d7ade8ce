package generate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

const (
	// maxObject bounds one object of an answer. A whole answer in one object is
	// a few tens of kilobytes; without a bound a broken server could fill the
	// memory.
	maxObject = 16 << 20
	// startBytes is how much of an answer a FormatError quotes.
	startBytes = 80
	// readSize is room for some forty objects of one token each. A buffer that
	// grew beyond keptSize for a large object is not kept after it.
	readSize, keptSize = 4 << 10, 64 << 10
)

var errTooLarge = fmt.Errorf("one object of the answer is larger than %d bytes", maxObject)

// Decoder reads the objects of an answer. It belongs to one goroutine.
//
// It takes time in proportion to what it reads, however large an object is and
// in whatever pieces it comes, and holds one object and what came with its
// end.
type Decoder struct {
	source  io.Reader
	framing chat.Framing
	start   []byte // the first bytes of the answer
	end     error  // of the source
	failed  error  // of an earlier Next

	buf  []byte // what was read
	next int    // where in buf the next object begins
	scan scanner
}

// NewDecoder returns a decoder of the body r.
func NewDecoder(r io.Reader) *Decoder { return &Decoder{source: r} }

// Framing is the framing of what has been read so far; empty before the first
// object.
func (d *Decoder) Framing() chat.Framing { return d.framing }

// Next returns the text of the next object, which may be empty. It returns
// io.EOF after the last one, a *TruncatedError when the answer ends inside an
// object or cannot be read further, a *ServerError when an object reports an
// error, and a *FormatError when an object is none of these. It never reads on
// when it has an object.
func (d *Decoder) Next() (string, error) {
	if d.failed != nil {
		return "", d.failed
	}
	text, err := d.text()
	d.failed = err
	return text, err
}

func (d *Decoder) text() (string, error) {
	raw, err := d.object()
	if err != nil {
		return "", err
	}
	text, framing, err := parse(raw)
	var server *ServerError
	switch {
	case errors.As(err, &server):
		return "", err
	case err != nil:
		return "", d.wrong(err)
	}
	d.framing = framing
	return text, nil
}

// object returns the bytes of the next object, which hold until the next call.
func (d *Decoder) object() ([]byte, error) {
	for {
		for d.scan.pos == 0 && d.next < len(d.buf) && isSpace(d.buf[d.next]) {
			d.next++
		}
		rest := d.buf[d.next:]
		if len(rest) > 0 && rest[0] != '{' {
			return nil, d.wrong(fmt.Errorf("an object was expected and %q came", rest[0]))
		}
		n := d.scan.object(rest)
		switch {
		case n > maxObject, n == 0 && len(rest) > maxObject:
			return nil, d.wrong(errTooLarge)
		case n > 0:
			d.next += n
			d.scan = scanner{}
			return rest[:n], nil
		case d.end != nil:
			return nil, d.atEnd(rest)
		}
		d.read()
	}
}

// read adds what the source has to the buffer. Only the beginning of one
// object is in it by then, which is moved once, to the front.
func (d *Decoder) read() {
	d.buf = d.buf[:copy(d.buf, d.buf[d.next:])]
	d.next = 0
	if room := cap(d.buf); len(d.buf) == room || room > keptSize && len(d.buf) < readSize {
		d.buf = append(make([]byte, 0, max(readSize, 2*len(d.buf))), d.buf...)
	}
	n, err := d.source.Read(d.buf[len(d.buf):cap(d.buf)])
	d.buf = d.buf[:len(d.buf)+n]
	if room := startBytes - len(d.start); room > 0 {
		d.start = append(d.start, d.buf[len(d.buf)-n:][:min(n, room)]...)
	}
	d.end = err
}

// atEnd tells an answer that ended after its last object from one that ended
// inside of one, and both from something else that only began like one.
func (d *Decoder) atEnd(rest []byte) error {
	if len(rest) > 0 {
		var syntax *json.SyntaxError
		if err := json.NewDecoder(bytes.NewReader(rest)).Decode(new(json.RawMessage)); errors.As(err, &syntax) {
			return d.wrong(err)
		}
	}
	switch {
	case !errors.Is(d.end, io.EOF):
		return &TruncatedError{Err: d.end}
	case len(rest) > 0:
		return &TruncatedError{Err: io.ErrUnexpectedEOF}
	}
	return io.EOF
}

func (d *Decoder) wrong(err error) error {
	return &FormatError{Start: string(d.start), Err: err}
}

// scanner looks for the end of an object, and goes on where it was when more
// has come. It only counts brackets outside of strings; whether the object is
// well formed is seen when it is parsed.
type scanner struct {
	pos, depth int
	quoted     bool
	escaped    bool
}

// object returns the length of the object with which buf begins, or 0 while
// its end is missing. buf is that of the last call, or longer.
func (s *scanner) object(buf []byte) int {
	for ; s.pos < len(buf); s.pos++ {
		c := buf[s.pos]
		if s.quoted {
			switch {
			case s.escaped:
				s.escaped = false
			case c == '\\':
				s.escaped = true
			case c == '"':
				s.quoted = false
			}
			continue
		}
		switch c {
		case '"':
			s.quoted = true
		case '{', '[':
			s.depth++
		case '}', ']':
			if s.depth--; s.depth <= 0 {
				s.pos++
				return s.pos
			}
		}
	}
	return 0
}
