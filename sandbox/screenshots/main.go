// Command screenshots takes pictures of the dashboard: it runs the built plugin on a
// sandbox in a terminal, waits for the states that matter, and writes the cells of the
// screen as SVG files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	uv "github.com/charmbracelet/ultraviolet"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "screenshots: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("screenshots", flag.ContinueOnError)
	bin := flags.String("bin", os.Getenv("BIN"), "folder with kubectl-jetstream and jetstream-sandbox (default: $BIN)")
	out := flags.String("o", "", "folder for the pictures (default: docs/screens beside that folder)")
	speed := flags.Float64("speed", 20, "divisor of the sandbox's durations")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *bin == "" {
		return errors.New("the folder of the binaries is needed: set BIN or give -bin")
	}
	if *out == "" {
		*out = filepath.Join(*bin, "..", "docs", "screens")
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	options := []string{"--seed", "1", "--speed", fmt.Sprint(*speed)}
	return built.With(ctx, *bin, options, func(s *built.Sandbox) error {
		if err := errors.Join(s.NodesReady(ctx, 9), s.Up(ctx)); err != nil {
			return err
		}
		c := &camera{sandbox: s, out: *out, speed: *speed}
		return c.walk(ctx)
	})
}

// camera takes pictures on one sandbox.
type camera struct {
	sandbox *built.Sandbox
	out     string
	speed   float64
}

// The sizes of the terminal.
const (
	width, height           = 120, 40
	smallWidth, smallHeight = 60, 15
)

// patience bounds the wait for a state, and intoRestore is how much of the simulated
// restore is over when it is shown.
const (
	patience    = 2 * time.Minute
	intoRestore = 4 * time.Minute
)

// Keys that are no text.
const (
	keyTab, keyDown, keyCtrlS = "\t", "\x1b[B", "\x13"
)

const (
	checkpoint = "gs://models/llama-3.1-405b/int8"
	bucket     = "gs://pathways-scratch"
)

// walk goes from nothing to a model that answers, and then to a failure.
func (c *camera) walk(ctx context.Context) error {
	if err := c.start(ctx); err != nil {
		return err
	}
	if err := c.sandbox.Do(ctx, "kubectl-jetstream", "down", "--yes"); err != nil {
		return err
	}
	if err := c.sandbox.Do(ctx, "jetstream-sandbox", "scenario", "set", "bad-checkpoint-path", "--dir", c.sandbox.Dir); err != nil {
		return err
	}
	return c.failure(ctx)
}

// start deploys by the form and follows the start of the model.
func (c *camera) start(ctx context.Context) error {
	return c.on(ctx, func(t *terminal.Terminal) error {
		if err := await(t, "checkpoint", "pathways-bucket"); err != nil {
			return err
		}
		if err := t.Press(keyDown + keyTab + checkpoint + keyTab + bucket); err != nil {
			return err
		}
		if err := c.shoot(t, "form", "kind: LeaderWorkerSet", bucket); err != nil {
			return err
		}
		if err := t.Press(keyCtrlS); err != nil {
			return err
		}
		if err := await(t, "● restore"); err != nil {
			return err
		}
		time.Sleep(time.Duration(float64(intoRestore) / c.speed))
		if err := c.shoot(t, "restoring", "● restore"); err != nil {
			return err
		}
		if err := t.Resize(smallWidth, smallHeight); err != nil {
			return err
		}
		if err := c.shoot(t, "small", "restore", "[Groups]"); err != nil {
			return err
		}
		if err := t.Resize(width, height); err != nil {
			return err
		}
		if err := c.shoot(t, "ready", "READY for", "> ask the model", "✓ ready"); err != nil {
			return err
		}
		// The chat, alone on the screen, with an answer that has something to lay out.
		for _, step := range []struct{ keys, see string }{
			{"5", "[Chat"},
			{ctrlO, "Nothing was asked yet"},
			{"Compare TPUs with GPUs as a table\r", "tokens/s"},
			{"List 3 ways to use a TPU\r", "answering"},
		} {
			if err := t.Press(step.keys); err != nil {
				return err
			}
			if err := await(t, step.see); err != nil {
				return err
			}
		}
		return c.shoot(t, "chat", "3. ", "tokens/s")
	})
}

// failure deploys with a checkpoint that does not exist.
func (c *camera) failure(ctx context.Context) error {
	return c.on(ctx, func(t *terminal.Terminal) error {
		// The group is recreated soon after, so there is no time to lose.
		if err := await(t, "will not heal", "exit code 1 ", "✓ devices", "FileNotFoundError"); err != nil {
			return err
		}
		return c.take(t, "failure")
	}, "up", "--profile", "llama-3.1-405b-v6e-4x4", "--checkpoint", "gs://models/llama-3.1-405b/int9", "--pathways-bucket", bucket)
}

// on runs the plugin in a terminal.
func (c *camera) on(ctx context.Context, do func(*terminal.Terminal) error, args ...string) error {
	cmd := c.sandbox.Command(ctx, "kubectl-jetstream", args...)
	cmd.Env = append(withoutColours(cmd), "TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC")
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

// withoutColours is a command's environment without what says how many colours there
// are, so that pictures are the same everywhere.
func withoutColours(cmd *exec.Cmd) []string {
	var env []string
	for _, variable := range cmd.Env {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM_PROGRAM", "TMUX", "LC_ALL", "LC_CTYPE":
		default:
			env = append(env, variable)
		}
	}
	return env
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

// ctrlO shows only the pane with the focus.
const ctrlO = "\x0f"

// calm is how long all texts must have been on a screen before it is taken.
const calm = 300 * time.Millisecond

// shoot takes a picture of a state that lasts.
func (c *camera) shoot(t *terminal.Terminal, name string, texts ...string) error {
	for lasts := false; !lasts; {
		if err := await(t, texts...); err != nil {
			return fmt.Errorf("the picture %s: %w", name, err)
		}
		time.Sleep(calm)
		lasts = shows(t.Text(), texts)
	}
	return c.take(t, name)
}

// take takes a picture of what there is.
func (c *camera) take(t *terminal.Terminal, name string) error {
	path := filepath.Join(c.out, name+".svg")
	fmt.Fprintln(os.Stderr, path)
	return os.WriteFile(path, svg(still(t), "The dashboard of kubectl-jetstream: "+name), 0o644)
}

// still is the screen as it is now.
func still(t *terminal.Terminal) screen {
	e := t.Emulator()
	picture := uv.NewScreenBuffer(e.Width(), e.Height())
	e.Draw(picture, picture.Bounds())
	return picture
}
