package main

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// terminal is the terminal that the dashboard is shown in. While it is taken,
// nothing else of this process and of the programs that it runs writes there, and
// an end that gives nothing back restores it all the same.
type terminal struct {
	in, out *os.File

	mu     sync.Mutex
	rescue func() // nil while the terminal is not taken
}

// take gets the terminal ready for the dashboard: what is written to standard
// error by others than this program, such as credential plugins, goes to errors,
// if standard error is the terminal, and a crash restores what the dashboard has
// changed. The returned function undoes it, and returns when errors has all.
func (t *terminal) take(errTTY bool, errors io.Writer) (giveBack func(), err error) {
	state, err := term.GetState(int(t.in.Fd()))
	if err != nil {
		return nil, err
	}
	diverted := undiverted()
	if errTTY {
		if diverted, err = divertStderr(errors); err != nil {
			return nil, err
		}
	}
	before := utilruntime.PanicHandlers
	// The runtime prints the panic afterwards; client-go's own handler would, too.
	utilruntime.PanicHandlers = []func(context.Context, any){func(context.Context, any) { t.restore() }}
	t.setRescue(func() {
		_, _ = io.WriteString(t.out, leaveDashboard)
		_ = term.Restore(int(t.in.Fd()), state)
		diverted.end()
	})
	return func() {
		t.setRescue(nil)
		utilruntime.PanicHandlers = before
		diverted.end()
		diverted.drain()
	}, nil
}

func (t *terminal) setRescue(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rescue = f
}

// restore is the last resort of a process that ends at once: it makes of a
// terminal that is taken what it was before. Otherwise it does nothing.
func (t *terminal) restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rescue != nil {
		t.rescue()
		t.rescue = nil
	}
}

// leaveDashboard ends all modes that the dashboard has a terminal in. The keys'
// modes belong to the screen that is left, so they come first.
var leaveDashboard = ansi.ResetModeSynchronizedOutput +
	ansi.ResetModifyOtherKeys + ansi.PopKittyKeyboard(1) +
	ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr +
	ansi.ResetModeBracketedPaste + ansi.ResetModeUnicodeCore + ansi.ResetStyle +
	ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable + ansi.SetWindowTitle("")

// guarded runs f so that its panic restores the terminal before it ends the
// process. Goroutines that run beside the dashboard need it: Bubble Tea guards its
// own ones only, and client-go does for its own what is done here.
func guarded(f func()) {
	defer utilruntime.HandleCrash()
	f()
}

// diversion is standard error going elsewhere.
type diversion struct {
	end   func()        // standard error is what it was; may be called repeatedly
	ended chan struct{} // closed when nobody can write to the diversion any more; nil without one
}

// undiverted is standard error going where it went.
func undiverted() *diversion { return &diversion{end: func() {}} }

// straggling is how long a program that still runs is waited for.
const straggling = 100 * time.Millisecond

// drain returns when all that was written before the end has been handed on. What
// a program that still runs writes later is handed on too.
func (d *diversion) drain() {
	if d.ended == nil {
		return
	}
	select {
	case <-d.ended:
	case <-time.After(straggling):
	}
}
