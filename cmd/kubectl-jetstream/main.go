// Command kubectl-jetstream is a kubectl plugin that deploys JetStream with
// Pathways on multi-host TPU slices of a GKE cluster, shows what the
// deployment is doing until it answers, and sends prompts to it.
//
// main owns the process: signals, standard streams and the exit code.
// Everything else hangs off run, which tests call through the same door.
// Answers and data go to standard output, everything for a person beside
// them to standard error.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	// Registers the credential providers that live inside client-go.
	_ "k8s.io/client-go/plugin/pkg/client/auth"
)

func main() {
	os.Exit(realMain())
}

// realMain wires the process to run, so that its deferred calls happen
// before the process exits.
func realMain() int {
	silenceLibraries()
	tty := &terminal{in: os.Stdin, out: os.Stdout}
	ctx, stop := signalContext(context.Background(), func(code int) {
		tty.restore()
		os.Exit(code)
	})
	defer stop()
	std := streams{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		inTTY:     term.IsTerminal(int(os.Stdin.Fd())),
		outTTY:    term.IsTerminal(int(os.Stdout.Fd())),
		errTTY:    term.IsTerminal(int(os.Stderr.Fd())),
	}
	if std.inTTY && std.outTTY {
		std.tty = tty
	}
	return run(ctx, os.Args, std)
}

// signalContext returns a context that the first SIGINT, SIGTERM or
// SIGHUP cancels with an interruption as its cause. A second signal ends the
// process at once through exit, for the person who cannot wait for the orderly
// end. A SIGHUP that is ignored, as by nohup, stays so.
// A write to a closed pipe is turned into an ordinary error, so that it can
// end the command quietly instead of killing it.
func signalContext(parent context.Context, exit func(int)) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for first := true; ; first = false {
			select {
			case <-done:
				return
			case s := <-signals:
				cause := interruption{signal: s}
				if !first {
					exit(cause.exitCode())
				}
				cancel(cause)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		<-finished
		cancel(nil)
	}
}
