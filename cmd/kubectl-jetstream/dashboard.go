package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// canShow says whether the dashboard can be shown: to a person, on a terminal
// that can move its cursor.
func (a *app) canShow() bool {
	term := os.Getenv("TERM")
	return a.inTTY && a.outTTY && a.tty != nil && term != "dumb" && term != ""
}

// dashboard shows the deployments of a namespace until the person leaves or ctx
// ends, and prints the last state then. The error is that of a ctx that ended, or
// of a terminal that could not be used. What else wants to write to the terminal
// meanwhile waits until it is free again.
func (a *app) dashboard(ctx context.Context, b *backend, cfg tui.Config) (tui.Outcome, error) {
	cfg.Backend = b
	cfg.Namespace = b.namespace
	cfg.Context = a.contextShown()
	cfg.Program, cfg.DefaultName = a.name, deploy.DefaultName
	cfg.Now = a.now
	if cfg.Chat.Settings == nil {
		templates, err := a.configuration().templates()
		if err != nil {
			return tui.Outcome{}, &usageError{err: err, command: a.name + " config"}
		}
		cfg.Chat.Settings = (&chatFlags{configured: templates}).settings
	}
	cfg.ASCII = cfg.ASCII || !utf8Locale(os.Getenv)

	free, err := a.takeTerminal()
	switch {
	case ctx.Err() != nil && err != nil:
		return tui.Outcome{}, context.Cause(ctx)
	case err != nil:
		return tui.Outcome{}, err
	}
	// The backend's work ends with the dashboard; one context serves both.
	inside, cancel := context.WithCancel(ctx)
	out, err := tui.Run(inside, cfg, tui.Terminal{In: a.tty.in, Out: a.tty.out, Environ: os.Environ()})
	cancel()
	b.wait()
	free()
	if out.Name != "" && (b.keepsChat || a.keepsChats()) {
		a.tellKept(b.ref(out.Name), out.Settings, out.Turns)
	}
	if err != nil {
		return out, err
	}
	if out.Seen {
		view := statusText{now: a.now(), expected: expectedOf(out.Last.Profile)}
		if err := view.write(a.Out, out.Last); err != nil {
			return out, err
		}
	}
	if out.Report != "" {
		fmt.Fprint(a.Out, "\n"+safeLines(out.Report))
	}
	return out, context.Cause(ctx)
}

// contextShown is the name of the cluster as the person knows it.
func (a *app) contextShown() string {
	if *a.cluster.flags.APIServer != "" {
		return *a.cluster.flags.APIServer
	}
	raw, err := a.cluster.raw()
	if err != nil {
		return ""
	}
	return a.cluster.contextName(raw)
}

// utf8Locale says whether the terminal is told to be one of UTF-8. Without any
// word on it, it most probably is.
func utf8Locale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := env(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}

// endOfDashboard is the error that a command ends with after its dashboard.
func endOfDashboard(out tui.Outcome) error {
	switch {
	case out.Interrupted:
		return interruption{signal: os.Interrupt}
	case out.Fatal != nil:
		return hopelessError(*out.Fatal, true)
	case out.Err != nil:
		var explained explainedError
		if errors.As(out.Err, &explained) {
			return explained.err
		}
		return out.Err
	}
	return nil
}

// takeTerminal leaves the terminal to the dashboard until the returned function is
// called: what is written to standard error waits, whoever writes it, and
// credential plugins, which could be asked again any time, get no key.
func (a *app) takeTerminal() (free func(), err error) {
	// What a plugin says to a person, such as where to log in, is seen only now.
	a.cluster.unattended.Store(true)
	if err := a.cluster.logIn(); err != nil {
		return nil, err
	}
	errOut, ok := a.ErrOut.(*lockedWriter)
	if !ok {
		errOut = &lockedWriter{w: a.ErrOut}
	}
	errOut.hold()
	giveBack, err := a.tty.take(a.errTTY, errOut)
	if err != nil {
		errOut.release()
		return nil, fmt.Errorf("preparing the terminal: %w", err)
	}
	return func() {
		giveBack()
		a.cluster.unattended.Store(false)
		errOut.release()
	}, nil
}

// holdsErrors says whether what is written to standard error waits for the end of
// the dashboard.
func (a *app) holdsErrors() bool {
	w, ok := a.ErrOut.(*lockedWriter)
	return ok && w.holds()
}
