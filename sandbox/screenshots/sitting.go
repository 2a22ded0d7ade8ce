package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

// patience bounds the wait for a state.
const patience = 2 * time.Minute

// What is typed into the form.
const (
	checkpoint = "gs://models/llama-3.1-405b/int8"
	bucket     = "gs://pathways-scratch"
)

// Keys that are no text.
const (
	keyTab, keyEnter, keyDown, keyEscape = "\t", "\r", "\x1b[B", "\x1b"
	keyCtrlO, keyCtrlS                   = "\x0f", "\x13"
)

// plainTerminal is an environment with a terminal in it, and without anything else that
// would change what is shown, so that pictures are the same everywhere.
func plainTerminal(environ []string) []string {
	var env []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		switch name {
		case "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM_PROGRAM", "TMUX",
			"LC_ALL", "LC_CTYPE", "LINES", "COLUMNS", "XDG_CONFIG_HOME", "PROMPT_COMMAND", "BASH_ENV":
		default:
			if !strings.HasPrefix(name, "JETSTREAM_") {
				env = append(env, variable)
			}
		}
	}
	return append(env, "TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC")
}

// dashboard runs the plugin in a terminal, and leaves it in the end.
func (c *camera) dashboard(ctx context.Context, do func(*terminal.Terminal) error, args ...string) error {
	cmd := c.sandbox.Command(ctx, "kubectl-jetstream", args...)
	cmd.Env = plainTerminal(cmd.Env)
	t, err := terminal.Start(cmd, width, height, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(do(t), t.Press("q")); err != nil {
		return errors.Join(err, t.Close())
	}
	select {
	case <-t.Ended():
	case <-time.After(patience):
		err = errors.New("the dashboard does not end")
	}
	return errors.Join(err, t.Close())
}

// await waits until all texts are on the screen.
func await(t *terminal.Terminal, texts ...string) error {
	screen, ok := t.Await(patience, func(screen string) bool { return shows(screen, texts) })
	if !ok {
		return fmt.Errorf("%q did not come; the screen:\n%s", texts, screen)
	}
	return nil
}

func shows(screen string, texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(screen, text) })
}

// calm is how long all texts must have been on a screen before it is taken.
const calm = 300 * time.Millisecond
