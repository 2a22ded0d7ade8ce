package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// Exit codes, as documented in the root command's help.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotReady    = 3   // status, generate
	exitFatal       = 4   // a cause that waiting cannot heal
	exitTimeout     = 124 // --timeout reached
	exitHungUp      = 129 // SIGHUP, the terminal has gone
	exitInterrupted = 130 // SIGINT
	exitBrokenPipe  = 141 // what the shell reports for a writer whose reader left
	exitTerminated  = 143 // SIGTERM
)

// usageError says that the command line cannot be understood or that two
// of its parts contradict each other.
type usageError struct {
	err     error
	command string // as the user would type it, for the hint at --help
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// notReadyError says that the deployment cannot answer yet. Its text is the
// meaning for a person: what it is doing and how long that usually takes.
type notReadyError struct {
	meaning string
	remedy  []string
	silent  bool // the state was printed as the command's output
}

func (e *notReadyError) Error() string { return e.meaning }

// fatalError says that waiting will not help. Cause and remedy have been
// shown with the events that led to it or are carried along.
type fatalError struct {
	summary string
	remedy  []string
}

func (e *fatalError) Error() string { return e.summary }

// overError says that the deployment was stopped or deleted by somebody, so
// that there is nothing left to wait for.
type overError struct {
	summary string
	remedy  []string
}

func (e *overError) Error() string { return e.summary }

// timeoutError says that --timeout passed before the command was done.
// Nothing was changed because of it.
type timeoutError struct {
	waited time.Duration
	state  string   // the last known state, in words
	goOn   []string // how to go on
}

func (e *timeoutError) Error() string {
	return fmt.Sprintf("timed out after %s: %s", e.waited, e.state)
}

// interruption is the cause of a context that a signal cancelled.
type interruption struct{ signal os.Signal }

func (i interruption) Error() string { return "stopped by signal: " + i.signal.String() }

func (i interruption) exitCode() int {
	switch i.signal {
	case syscall.SIGHUP:
		return exitHungUp
	case syscall.SIGTERM:
		return exitTerminated
	default:
		return exitInterrupted
	}
}

// stoppedError is an interruption of a command that has something to say
// about how to go on.
type stoppedError struct {
	cause error // context.Cause of the command's context
	goOn  []string
}

func (e *stoppedError) Error() string { return e.cause.Error() }
func (e *stoppedError) Unwrap() error { return e.cause }

// exitCodeFor maps an error to the exit code that scripts branch on. The
// cause of a cancelled context weighs more than the error that the
// cancellation produced further down.
func exitCodeFor(ctx context.Context, err error) int {
	var (
		stop     interruption
		usage    *usageError
		notReady *notReadyError
		fatal    *fatalError
		timeout  *timeoutError
	)
	var invalid *deploy.ValidationError
	cause := context.Cause(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.As(cause, &stop), errors.As(err, &stop):
		return stop.exitCode()
	case errors.Is(cause, errBrokenPipe), errors.Is(err, syscall.EPIPE):
		return exitBrokenPipe
	case errors.As(err, &usage), errors.As(err, &invalid):
		return exitUsage
	case errors.As(err, &notReady):
		return exitNotReady
	case errors.As(err, &fatal):
		return exitFatal
	case errors.As(err, &timeout):
		return exitTimeout
	default:
		return exitFailed
	}
}
