// Package terminal runs a program in a pseudo-terminal, with an emulator behind it
// that shows what a person would see.
//
// Programs write what changes on a screen, so their bytes say little; the screen is
// what tests, measurements and pictures look at. Queries of the program are answered
// as a terminal would. Its methods may be called from several goroutines.
package terminal

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Terminal is a pseudo-terminal with a program in it.
type Terminal struct {
	cmd      *exec.Cmd
	pty      *os.File
	emulator *vt.SafeEmulator
	changed  chan struct{}
	read     chan struct{} // all that the program wrote has been read
	ended    chan struct{} // the program has ended
	observe  func(output []byte)
}

// Start runs cmd in a terminal of w by h cells. It must be closed. observe, if not
// nil, is called after each piece of output that the screen has taken in, with the
// piece, which it must not keep.
func Start(cmd *exec.Cmd, w, h int, observe func(output []byte)) (*Terminal, error) {
	t := &Terminal{
		cmd: cmd, emulator: vt.NewSafeEmulator(w, h), observe: observe,
		changed: make(chan struct{}, 1), read: make(chan struct{}), ended: make(chan struct{}),
	}
	file, err := pty.StartWithSize(cmd, size(w, h))
	if err != nil {
		return nil, fmt.Errorf("starting %s in a terminal: %w", cmd.Path, err)
	}
	t.pty = file
	go func() { _, _ = io.Copy(file, t.emulator) }()
	go t.show()
	go func() {
		defer close(t.ended)
		_ = cmd.Wait() // ExitCode tells
		// Its last words are on their way. Somebody that it left behind may hold
		// the terminal open, though.
		select {
		case <-t.read:
		case <-time.After(afterwards):
		}
	}()
	return t, nil
}

func size(w, h int) *pty.Winsize { return &pty.Winsize{Cols: uint16(w), Rows: uint16(h)} }

// show feeds the emulator until the terminal is closed on the program's side, which
// reads as an error.
func (t *Terminal) show() {
	defer close(t.read)
	buffer := make([]byte, 32<<10)
	for {
		n, err := t.pty.Read(buffer)
		if n > 0 {
			_, _ = t.emulator.Write(buffer[:n])
			if t.observe != nil {
				t.observe(buffer[:n])
			}
			select {
			case t.changed <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

// Text is the screen without styles, its lines without trailing blanks.
func (t *Terminal) Text() string {
	lines := strings.Split(ansi.Strip(t.emulator.Render()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// Emulator is the screen with its cells and styles.
func (t *Terminal) Emulator() *vt.SafeEmulator { return t.emulator }

// Await waits until the screen satisfies a condition, and reports whether it did in
// time and before the end of the program, with the last screen.
func (t *Terminal) Await(within time.Duration, ok func(screen string) bool) (string, bool) {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	// What is asked for may also depend on the terminal's modes, which change
	// without a change of the screen.
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	over := t.read
	for {
		text := t.Text()
		if ok(text) {
			return text, true
		}
		select {
		case <-t.changed:
		case <-tick.C:
		case <-over:
			// Nothing more will come, but the terminal's own modes settle.
			over = nil
			deadline.Reset(min(within, afterwards))
		case <-deadline.C:
			return text, false
		}
	}
}

// afterwards is how long the screen of a program that has ended is looked at.
const afterwards = 2 * time.Second

// Press types keys.
func (t *Terminal) Press(keys string) error {
	_, err := io.WriteString(t.pty, keys)
	return err
}

// Resize changes the size of the terminal, as dragging its corner does.
func (t *Terminal) Resize(w, h int) error {
	t.emulator.Resize(w, h)
	return pty.Setsize(t.pty, size(w, h))
}

// Signal sends a signal to the program.
func (t *Terminal) Signal(s os.Signal) error { return t.cmd.Process.Signal(s) }

// Ended is closed when the program has ended and all that it wrote is on the screen.
func (t *Terminal) Ended() <-chan struct{} { return t.ended }

// ExitCode is the program's, after it has ended; -1 if a signal ended it.
func (t *Terminal) ExitCode() int { return t.cmd.ProcessState.ExitCode() }

// PID is the program's process.
func (t *Terminal) PID() int { return t.cmd.Process.Pid }

// AltScreen reports whether the program has taken the screen for itself.
func (t *Terminal) AltScreen() bool { return t.emulator.IsAltScreen() }

// Untouched reports whether the terminal is as a shell wants it: its own screen, a
// cursor, lines that are echoed and edited.
func (t *Terminal) Untouched() (bool, error) {
	state, err := unix.IoctlGetTermios(int(t.pty.Fd()), termiosRequest)
	if err != nil {
		return false, fmt.Errorf("reading the state of the terminal: %w", err)
	}
	cooked := state.Lflag&unix.ICANON != 0 && state.Lflag&unix.ECHO != 0
	return cooked && !t.emulator.IsAltScreen() && !t.emulator.CursorHidden(), nil
}

// Close ends the program if it still runs, and the terminal.
func (t *Terminal) Close() error {
	select {
	case <-t.ended:
	default:
		_ = t.cmd.Process.Kill()
		<-t.ended
	}
	err := t.pty.Close()
	<-t.read
	if answers, ok := t.emulator.InputPipe().(io.Closer); ok {
		_ = answers.Close()
	}
	return err
}
