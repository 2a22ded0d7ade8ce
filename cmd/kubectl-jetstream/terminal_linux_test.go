package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// pseudoTerminal is a terminal as a program has it, and as its emulator sees it.
func pseudoTerminal(t *testing.T) (inside, outside *os.File) {
	t.Helper()
	outside, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = outside.Close() })
	fd := int(outside.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	inside, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inside.Close() })
	return inside, outside
}

func lineMode(t *testing.T, tty *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ICANON != 0 && state.Lflag&unix.ECHO != 0
}

// The tests below change what belongs to the whole process, so they run alone.

func TestAPanicBesideTheDashboardRestoresTheTerminal(t *testing.T) {
	inside, outside := pseudoTerminal(t)
	tty := &terminal{in: inside, out: inside}
	var errOut bytes.Buffer
	before := len(utilruntime.PanicHandlers)
	giveBack, err := tty.take(true, &errOut)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := term.MakeRaw(int(inside.Fd())); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, boom) {
				t.Errorf("the process ends with %v, want the panic itself", err)
			}
		}()
		guarded(func() { panic(boom) })
	}()
	if !lineMode(t, inside) {
		t.Fatal("the terminal does not read lines")
	}
	written := make([]byte, 512)
	n, err := outside.Read(written)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"?1049l", "?25h", "?1002l", "?2004l"} {
		if !strings.Contains(string(written[:n]), "\x1b["+mode) {
			t.Errorf("no %s in %q", mode, written[:n])
		}
	}
	giveBack()
	if errOut.Len() > 0 || len(utilruntime.PanicHandlers) != before {
		t.Errorf("%d panic handlers, want %d as before; held %q", len(utilruntime.PanicHandlers), before, &errOut)
	}
}

func TestATerminalThatIsNotTakenIsLeftAlone(t *testing.T) {
	inside, outside := pseudoTerminal(t)
	tty := &terminal{in: inside, out: inside}
	giveBack, err := tty.take(false, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	giveBack()
	tty.restore()
	fmt.Fprint(inside, "untouched")
	written := make([]byte, 512)
	n, err := outside.Read(written)
	if got := string(written[:n]); err != nil || got != "untouched" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhatProgramsSayWaitsForTheEndOfTheDashboard(t *testing.T) {
	inside, _ := pseudoTerminal(t)
	early := os.Stderr // as client-go takes it
	var after bytes.Buffer
	errOut := &lockedWriter{w: &after}
	errOut.hold()
	giveBack, err := (&terminal{in: inside, out: inside}).take(true, errOut)
	if err != nil {
		t.Fatal(err)
	}
	plugin := exec.CommandContext(t.Context(), "sh", "-c", "echo log in first >&2")
	plugin.Stderr = early
	if err := plugin.Run(); err != nil {
		t.Error(err)
	}
	fmt.Fprintln(early, "and then again")
	giveBack()
	if after.Len() > 0 {
		t.Errorf("%q was written while the terminal was taken", &after)
	}
	errOut.release()
	if got, want := after.String(), "log in first\nand then again\n"; got != want {
		t.Errorf("%q afterwards, want %q", got, want)
	}
}
