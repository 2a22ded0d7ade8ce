// Package recording keeps what a terminal showed over time, as an asciicast.
//
// A Cast is the file that asciinema plays, version 2: a line with the header, then a
// line an event, https://docs.asciinema.org/manual/asciicast/v2/. Parse accepts only
// what a player can play: events in the order of their times, none after the end. The
// times are those at which the output came; nothing is cut or slowed down.
package recording

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// Cast is a recording.
type Cast struct {
	Header Header
	Events []Event
}

// Header says what was recorded, and on what.
type Header struct {
	Width, Height int
	Begin         time.Time // to the second; may be zero
	Duration      time.Duration
	Title         string
	Env           map[string]string
}

// Kind is what an event is.
type Kind string

// The kinds of events that are recorded.
const (
	Output Kind = "o"
	Marker Kind = "m" // names a time; players offer markers as chapters
)

// Event is output of the program, or a marker with its name.
type Event struct {
	At   time.Duration // since the beginning
	Kind Kind
	Data string
}

// header is the first line of the file.
type header struct {
	Version   int               `json:"version"`
	Width     int               `json:"width"`
	Height    int               `json:"height"`
	Timestamp int64             `json:"timestamp,omitempty"`
	Duration  float64           `json:"duration,omitempty"`
	Title     string            `json:"title,omitempty"`
	Env       map[string]string `json:"env,omitempty"`
}

// version is that of the format.
const version = 2

// WriteTo writes the file.
func (c Cast) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	lines := json.NewEncoder(&b)
	lines.SetEscapeHTML(false)
	h := header{
		Version: version, Width: c.Header.Width, Height: c.Header.Height,
		Duration: c.Header.Duration.Seconds(), Title: c.Header.Title, Env: c.Header.Env,
	}
	if !c.Header.Begin.IsZero() {
		h.Timestamp = c.Header.Begin.Unix()
	}
	if err := lines.Encode(h); err != nil {
		return 0, fmt.Errorf("writing the header of a recording: %w", err)
	}
	for _, e := range c.Events {
		if err := lines.Encode([]any{seconds(e.At), e.Kind, e.Data}); err != nil {
			return 0, fmt.Errorf("writing a recording: %w", err)
		}
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// seconds is a time as the file has it, to the microsecond.
func seconds(d time.Duration) json.RawMessage {
	return json.RawMessage(fmt.Sprintf("%.6f", d.Seconds()))
}

// Parse reads a file. Errors name the line.
func Parse(r io.Reader) (Cast, error) {
	lines := bufio.NewReader(r)
	var c Cast
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		over := errors.Is(err, io.EOF)
		if over && len(line) == 0 {
			if number == 1 {
				return Cast{}, errors.New("reading a recording: it is empty")
			}
			return c, nil
		}
		if err != nil && !over {
			return Cast{}, fmt.Errorf("reading a recording: %w", err)
		}
		if number == 1 {
			err = c.parseHeader(line)
		} else {
			err = c.parseEvent(line)
		}
		if err != nil {
			return Cast{}, fmt.Errorf("line %d of a recording: %w", number, err)
		}
	}
}

func (c *Cast) parseHeader(line []byte) error {
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return err
	}
	if h.Version != version {
		return fmt.Errorf("it is of version %d, only %d is known", h.Version, version)
	}
	if h.Width <= 0 || h.Height <= 0 || h.Width > math.MaxUint16 || h.Height > math.MaxUint16 {
		return fmt.Errorf("there is no terminal of %d×%d cells", h.Width, h.Height)
	}
	length, err := duration(h.Duration)
	if err != nil {
		return err
	}
	c.Header = Header{Width: h.Width, Height: h.Height, Duration: length, Title: h.Title, Env: h.Env}
	if h.Timestamp != 0 {
		c.Header.Begin = time.Unix(h.Timestamp, 0).UTC()
	}
	return nil
}

func (c *Cast) parseEvent(line []byte) error {
	var fields []json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return err
	}
	if len(fields) != 3 {
		return fmt.Errorf("an event has 3 fields, not %d", len(fields))
	}
	var e Event
	var at float64
	for i, field := range []any{&at, &e.Kind, &e.Data} {
		if err := json.Unmarshal(fields[i], field); err != nil {
			return fmt.Errorf("field %d of the event: %w", i+1, err)
		}
	}
	if e.Kind != Output && e.Kind != Marker {
		return fmt.Errorf("there is no event %q in a recording", e.Kind)
	}
	var err error
	if e.At, err = duration(at); err != nil {
		return err
	}
	if n := len(c.Events); n > 0 && e.At < c.Events[n-1].At {
		return fmt.Errorf("%v comes after %v", e.At, c.Events[n-1].At)
	}
	if end := c.Header.Duration; end > 0 && e.At > end {
		return fmt.Errorf("%v is after the end at %v", e.At, end)
	}
	c.Events = append(c.Events, e)
	return nil
}

// longest is how long a recording may be; more would not be watched.
const longest = 24 * time.Hour

// duration is a number of seconds, to the microsecond.
func duration(seconds float64) (time.Duration, error) {
	if seconds < 0 || seconds > longest.Seconds() {
		return 0, fmt.Errorf("%v s is no time of a recording", seconds)
	}
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond, nil
}
