package main

import (
	"context"
	"errors"
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
	cfg.ASCII = cfg.ASCII || !utf8Locale(os.Getenv)

	release := a.holdErrors()
	// The backend's work ends with the dashboard; one context serves both.
	inside, cancel := context.WithCancel(ctx)
	out, err := tui.Run(inside, cfg, tui.Terminal{In: os.Stdin, Out: a.tty, Environ: os.Environ()})
	cancel()
	b.wait()
	release()
	if err != nil {
		return out, err
	}
	if out.Seen {
		view := statusText{now: a.now(), expected: expectedOf(out.Last.Profile)}
		if err := view.write(a.Out, out.Last); err != nil {
			return out, err
		}
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

// holdErrors keeps what is written to standard error back until the returned
// function is called.
func (a *app) holdErrors() func() {
	w, ok := a.ErrOut.(*lockedWriter)
	if !ok {
		return func() {}
	}
	w.hold()
	return w.release
}
