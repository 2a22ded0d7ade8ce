// Package screentest runs a program in a virtual terminal and reads its screen,
// for tests. What a test sees is what a person would: the renderer writes only
// what changes, so its bytes say nothing by themselves.
package screentest

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// patience is how long a screen may take to show what is waited for. It is long
// for the sake of busy machines; nothing waits for it to pass.
const patience = 30 * time.Second

// Screen is a virtual terminal with a program in it.
type Screen struct {
	t       *testing.T
	emu     *vt.SafeEmulator
	keys    *keyboard
	changed chan struct{}
}

// New returns a terminal of w by h cells without colours.
func New(t *testing.T, w, h int) *Screen {
	t.Helper()
	s := &Screen{t: t, emu: vt.NewSafeEmulator(w, h), keys: newKeyboard(), changed: make(chan struct{}, 1)}
	// The terminal's answers to queries go the way of keys.
	go func() { _, _ = io.Copy(s.keys, s.emu) }()
	t.Cleanup(func() {
		_ = s.keys.Close()
		if answers, ok := s.emu.InputPipe().(io.Closer); ok {
			_ = answers.Close()
		}
	})
	return s
}

// In is what the program reads.
func (s *Screen) In() io.Reader { return s.keys }

// Write implements io.Writer for what the program writes. A terminal driver
// makes newline of it what the program counts on.
func (s *Screen) Write(p []byte) (int, error) {
	_, err := s.emu.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return len(p), err
}

// Options are what a program needs to draw here as on a terminal.
func (s *Screen) Options() []tea.ProgramOption {
	return []tea.ProgramOption{
		tea.WithWindowSize(s.emu.Width(), s.emu.Height()),
		tea.WithColorProfile(colorprofile.NoTTY),
	}
}

// Environ is the environment of the terminal.
func (s *Screen) Environ() []string { return []string{"TERM=xterm-256color"} }

// Text is the screen without styles, its lines without trailing blanks.
func (s *Screen) Text() string {
	lines := strings.Split(ansi.Strip(s.emu.Render()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// Type sends text as a keyboard would.
func (s *Screen) Type(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatalf("typing %q: %v", keys, err)
	}
}

// Keys that are no text.
const (
	Enter  = "\r"
	Escape = "\x1b"
	Down   = "\x1b[B"
	CtrlC  = "\x03"
)

// Await blocks until the screen satisfies a condition.
func (s *Screen) Await(what string, ok func(screen string) bool) string {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		text := s.Text()
		if ok(text) {
			return text
		}
		select {
		case <-s.changed:
		case <-deadline.C:
			s.t.Fatalf("the screen never showed %s:\n%s", what, text)
		case <-s.t.Context().Done():
			s.t.Fatalf("waiting for %s: %v", what, s.t.Context().Err())
		}
	}
}

// AwaitText blocks until every text is on the screen.
func (s *Screen) AwaitText(texts ...string) string {
	s.t.Helper()
	return s.Await(strings.Join(texts, " and "), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// AwaitGone blocks until none of the texts is on the screen.
func (s *Screen) AwaitGone(texts ...string) string {
	s.t.Helper()
	return s.Await("no "+strings.Join(texts, " and no "), func(screen string) bool {
		for _, text := range texts {
			if strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// Line returns the first line of the screen with a text, or fails.
func (s *Screen) Line(text string) string {
	s.t.Helper()
	screen := s.Text()
	for line := range strings.Lines(screen) {
		if strings.Contains(line, text) {
			return strings.TrimRight(line, "\n")
		}
	}
	s.t.Fatalf("no line with %q on the screen:\n%s", text, screen)
	return ""
}

// AltScreen reports whether the program has the screen to itself.
func (s *Screen) AltScreen() bool { return s.emu.IsAltScreen() }
