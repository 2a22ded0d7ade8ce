package recording

import (
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Recorder takes down what a terminal's program writes, and when. Its methods may be
// called from several goroutines.
type Recorder struct {
	now   func() time.Time
	begin time.Time

	mu     sync.Mutex
	rest   []byte // the beginning of a character whose end has not come yet
	events []Event
}

// NewRecorder begins a recording now.
func NewRecorder(now func() time.Time) *Recorder {
	return &Recorder{now: now, begin: now()}
}

// Output takes down a piece of output, in any cut: an event has whole characters only.
// What is no text stands as U+FFFD.
func (r *Recorder) Output(piece []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := append(r.rest, piece...)
	whole := len(text) - unfinished(text)
	r.rest = append([]byte(nil), text[whole:]...)
	if whole > 0 {
		r.add(Output, strings.ToValidUTF8(string(text[:whole]), "\uFFFD"))
	}
}

// Mark names the present time.
func (r *Recorder) Mark(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(Marker, name)
}

func (r *Recorder) add(kind Kind, data string) {
	r.events = append(r.events, Event{At: r.elapsed(), Kind: kind, Data: data})
}

// elapsed is as precise as the file, so that reading it gives the same times.
func (r *Recorder) elapsed() time.Duration { return r.now().Sub(r.begin).Truncate(time.Microsecond) }

// Cast is the recording until now, with a header to which begin and duration are added.
func (r *Recorder) Cast(h Header) Cast {
	r.mu.Lock()
	defer r.mu.Unlock()
	h.Begin, h.Duration = r.begin.UTC().Truncate(time.Second), r.elapsed()
	return Cast{Header: h, Events: append([]Event(nil), r.events...)}
}

// unfinished is how many bytes at the end of a text may be the beginning of a character.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if end := text[len(text)-n:]; utf8.RuneStart(end[0]) {
			if utf8.FullRune(end) {
				return 0
			}
			return n
		}
	}
	return 0
}
