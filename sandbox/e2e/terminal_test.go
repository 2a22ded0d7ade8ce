package e2e

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

// screen is the plugin in a terminal, as a person would have it.
type screen struct {
	t *testing.T
	*terminal.Terminal
}

// onTerminal runs the plugin in a terminal of w by h cells.
func (c *cluster) onTerminal(t *testing.T, w, h int, args ...string) *screen {
	t.Helper()
	return c.onTerminalWith(t, w, h, c.command(context.WithoutCancel(t.Context()), bin("kubectl-jetstream"), args...))
}

// onTerminalWith runs a command in a terminal.
func (c *cluster) onTerminalWith(t *testing.T, w, h int, cmd *exec.Cmd) *screen {
	t.Helper()
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "LANG=C.UTF-8", "NO_COLOR=1")
	term, err := terminal.Start(cmd, w, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = term.Close() })
	return &screen{t, term}
}

// await blocks until the screen satisfies a condition.
func (s *screen) await(what string, within time.Duration, ok func(screen string) bool) string {
	s.t.Helper()
	text, seen := s.Await(within, ok)
	if !seen {
		s.t.Fatalf("%s was not seen within %v; the screen:\n%s", what, within, text)
	}
	return text
}

// see waits until all texts are on the screen at once.
func (s *screen) see(texts ...string) {
	s.t.Helper()
	s.await(strings.Join(texts, " and "), time.Minute, func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if err := s.Press(keys); err != nil {
		s.t.Fatalf("typing %q: %v\n%s", keys, err, s.Text())
	}
}

func (s *screen) resize(w, h int) {
	s.t.Helper()
	if err := s.Resize(w, h); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits until the program has ended, and returns its exit code and what it left
// on the screen. The terminal must be as it was before.
func (s *screen) wait() (code int, left string) {
	s.t.Helper()
	select {
	case <-s.Ended():
	case <-time.After(30 * time.Second):
		s.t.Fatalf("the program did not end:\n%s", s.Text())
	}
	left = s.await("a terminal as it was before", 10*time.Second, func(string) bool {
		ok, err := s.Untouched()
		if err != nil {
			s.t.Fatal(err)
		}
		return ok
	})
	return s.ExitCode(), left
}

// Keys that are no text.
const (
	keyTab, keyEnter   = "\t", "\r"
	keyDown            = "\x1b[B"
	keyCtrlC, keyCtrlZ = "\x03", "\x1a"
)
