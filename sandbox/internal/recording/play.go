package recording

import (
	"io"
	"time"

	"github.com/charmbracelet/x/vt"
)

// together is how close pieces of output are that a program wrote as one, such as a
// frame that is read from a terminal in parts.
const together = 5 * time.Millisecond

// Play plays a recording on an emulated terminal, as fast as it can. After output, but
// at most once every interval of the recording's time, show sees the terminal and the
// time, never within pieces that belong together. The last it sees is the end.
func (c Cast) Play(interval time.Duration, show func(at time.Duration, screen *vt.Emulator)) {
	screen := vt.NewEmulator(c.Header.Width, c.Header.Height)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = io.Copy(io.Discard, screen) // the program has had its answers long ago
	}()
	defer func() {
		if answers, ok := screen.InputPipe().(io.Closer); ok {
			_ = answers.Close()
		}
		<-answered
	}()
	next := time.Duration(0) // when show may be called again
	for i, e := range c.Events {
		if e.Kind == Output {
			_, _ = io.WriteString(screen, e.Data) // an emulator takes anything
		}
		due := max(next, e.At)
		if i+1 < len(c.Events) {
			if following := c.Events[i+1].At; following-e.At < together || following <= due {
				continue
			}
		}
		show(due, screen)
		next = due + interval
	}
}

// Marked is the time of a marker, and whether there is one.
func (c Cast) Marked(name string) (time.Duration, bool) {
	for _, e := range c.Events {
		if e.Kind == Marker && e.Data == name {
			return e.At, true
		}
	}
	return 0, false
}
