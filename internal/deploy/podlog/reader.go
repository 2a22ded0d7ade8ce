package podlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

const (
	// bufferSize is read from a stream at once. There may be some hundred
	// streams.
	bufferSize = 16 << 10
	// maxBatch bounds the lines of a batch, so that a long backlog reaches its
	// readers in steps.
	maxBatch = 512
	// removed is what the kubelet writes into the stream, instead of an error,
	// when a container is gone.
	removed = "unable to retrieve container logs for "
	// maxStamp is the longest timestamp with its space.
	maxStamp = len(time.RFC3339Nano) + 1
)

// reader splits a stream into lines.
type reader struct {
	in *bufio.Reader
	// partial is a line whose newline has not come yet, at most as much of it
	// as is kept.
	partial []byte
	cut     bool
}

func newReader(r io.Reader) *reader {
	return &reader{in: bufio.NewReaderSize(r, bufferSize)}
}

// batch waits for a line and returns it with those that have come with it, as
// far as they are new. The error is that of the stream; lines may come with it.
func (r *reader) batch(at *position) ([]Line, error) {
	var lines []Line
	for len(lines) < maxBatch {
		whole, err := r.line()
		if whole {
			line, ok, gone := r.finish(at)
			if gone {
				return lines, ErrGone
			}
			if ok {
				lines = append(lines, line)
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) && bytes.HasPrefix(r.partial, []byte(removed)) {
				return lines, ErrGone
			}
			return lines, err
		}
		if whole && !r.more() {
			break
		}
	}
	return lines, nil
}

// more reports whether another whole line can be had without waiting.
func (r *reader) more() bool {
	waiting, err := r.in.Peek(r.in.Buffered())
	return err == nil && bytes.IndexByte(waiting, '\n') >= 0
}

// line reads on to the end of the present line and reports whether it got
// there.
func (r *reader) line() (bool, error) {
	piece, err := r.in.ReadSlice('\n')
	whole := err == nil
	if whole {
		piece = piece[:len(piece)-1]
	}
	if room := MaxLine + maxStamp - len(r.partial); len(piece) > room {
		piece, r.cut = piece[:max(room, 0)], true
	}
	r.partial = append(r.partial, piece...)
	if errors.Is(err, bufio.ErrBufferFull) {
		return false, nil
	}
	return whole, err
}

// finish turns the collected bytes into a line. It reports whether the line is
// to be delivered, and whether it says that the log is gone.
func (r *reader) finish(at *position) (line Line, ok, gone bool) {
	raw, cut := r.partial, r.cut
	r.partial, r.cut = r.partial[:0], false
	stamp, text, found := bytes.Cut(raw, []byte(" "))
	when, err := time.Parse(time.RFC3339Nano, string(stamp))
	if !found || err != nil {
		return Line{}, false, bytes.HasPrefix(raw, []byte(removed))
	}
	if len(text) > MaxLine {
		text, cut = text[:MaxLine], true
	}
	if !at.take(when, text) {
		return Line{}, false, false
	}
	return Line{Time: when, Text: strings.ToValidUTF8(string(text), "\uFFFD"), Cut: cut}, true, false
}

// rest returns the last line of a log that ended without a newline.
func (r *reader) rest(at *position) []Line {
	if len(r.partial) == 0 {
		return nil
	}
	line, ok, _ := r.finish(at)
	if !ok {
		return nil
	}
	return []Line{line}
}
