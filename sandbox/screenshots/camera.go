package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/picture"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

// camera takes pictures on one sandbox.
type camera struct {
	sandbox *built.Sandbox
	out     string
}

// The sizes of the terminal.
const (
	width, height           = 120, 40
	smallWidth, smallHeight = 60, 15
)

// intoRestore is how much of the simulated restore is over when it is shown.
const intoRestore = 4 * time.Minute

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
	return c.dashboard(ctx, func(t *terminal.Terminal) error {
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
		time.Sleep(intoRestore / stillSpeed)
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
			{keyCtrlO, "Nothing was asked yet"},
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
		if err := c.shoot(t, "chat", "3. ", "tokens/s"); err != nil {
			return err
		}
		// In the input q would be text.
		if err := t.Press(keyEscape); err != nil {
			return err
		}
		return await(t, "q leave")
	})
}

// failure deploys with a checkpoint that does not exist.
func (c *camera) failure(ctx context.Context) error {
	return c.dashboard(ctx, func(t *terminal.Terminal) error {
		// The group is recreated soon after, so there is no time to lose.
		if err := await(t, "will not heal", "exit code 1 ", "✓ devices", "FileNotFoundError"); err != nil {
			return err
		}
		return c.take(t, "failure")
	}, "up", "--profile", "llama-3.1-405b-v6e-4x4", "--checkpoint", "gs://models/llama-3.1-405b/int9", "--pathways-bucket", bucket)
}

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
	return os.WriteFile(path, picture.Still(picture.Take(t.Emulator()), "The dashboard of kubectl-jetstream: "+name), 0o644)
}
