package shell

import (
	"bytes"
	"io"
	"sync"
)

// Control characters that a terminal's line discipline acts upon.
const (
	interrupt = 0x03
	endOfFile = 0x04
	backspace = 0x08
	erase     = 0x7f
)

// Terminal puts a terminal's line discipline before a command: what is typed is
// echoed and handed on by lines, and output gets carriage returns.
func Terminal(s Streams) Streams {
	out := &cooked{to: s.Out}
	return Streams{In: &lines{from: s.In, echo: out}, Out: out, Err: out}
}

// cooked writes newlines as carriage return and newline.
type cooked struct {
	mu sync.Mutex
	to io.Writer
}

func (c *cooked) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.to.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// lines edits what is typed.
type lines struct {
	from  io.Reader
	echo  io.Writer
	line  []byte // being typed
	ready []byte // finished lines
	err   error
}

func (l *lines) Read(p []byte) (int, error) {
	var typed [256]byte
	for len(l.ready) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		n, err := l.from.Read(typed[:])
		l.err = err
		for _, c := range typed[:n] {
			l.key(c)
		}
	}
	n := copy(p, l.ready)
	l.ready = l.ready[n:]
	return n, nil
}

func (l *lines) key(c byte) {
	switch c {
	case '\r', '\n':
		l.show("\n")
		l.ready = append(append(l.ready, l.line...), '\n')
		l.line = nil
	case interrupt:
		l.show("^C\n")
		l.ready = append(l.ready, '\n')
		l.line = nil
	case endOfFile:
		if len(l.line) == 0 && l.err == nil {
			l.err = io.EOF
		}
	case backspace, erase:
		if len(l.line) > 0 {
			l.line = l.line[:len(l.line)-1]
			l.show("\b \b")
		}
	default:
		l.line = append(l.line, c)
		l.show(string([]byte{c}))
	}
}

func (l *lines) show(text string) {
	if _, err := io.WriteString(l.echo, text); err != nil && l.err == nil {
		l.err = err
	}
}
