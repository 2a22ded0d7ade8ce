package picture

import (
	"time"

	"github.com/charmbracelet/x/vt"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/recording"
)

// Frame is a screen from a time on.
type Frame struct {
	At     time.Duration
	Screen Screen
}

// Film is frames in the order of their times, of equal sizes. It begins anew after its
// duration.
type Film struct {
	Title    string
	Frames   []Frame
	Duration time.Duration
	// Poster is the time from which on the first frame is shown where nothing moves:
	// by programs that know no animations, and to people who want less motion.
	Poster time.Duration
}

// frameInterval bounds the size of a picture. Typing and streaming still look like it.
const frameInterval = 200 * time.Millisecond

// FilmOf is a recording as a film; the poster is what a marker names.
func FilmOf(c recording.Cast, poster string) Film {
	f := Film{Title: c.Header.Title, Duration: c.Header.Duration}
	f.Poster, _ = c.Marked(poster)
	c.Play(frameInterval, func(at time.Duration, screen *vt.Emulator) {
		f.Frames = append(f.Frames, Frame{At: at, Screen: Take(screen)})
	})
	return f
}
