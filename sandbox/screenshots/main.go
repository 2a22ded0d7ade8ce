// Command screenshots takes pictures of the dashboard, and records it in motion: it runs
// the built plugin on sandboxes in a terminal, waits for the states that matter, and
// writes the cells of the screen as SVG files, and a recording as an asciicast too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
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
	bin := flags.String("bin", os.Getenv("BIN"), "folder with kubectl-jetstream, jetstream-sandbox and kubectl (default: $BIN)")
	out := flags.String("o", "", "folder for the pictures (default: docs/screens beside that folder)")
	stills := flags.Bool("stills", true, "take the pictures that stand still")
	demo := flags.Bool("demo", true, "record the demo")
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
	if *stills {
		err := on(ctx, *bin, stillSpeed, func(s *built.Sandbox) error {
			return (&camera{sandbox: s, out: *out}).walk(ctx)
		})
		if err != nil {
			return err
		}
	}
	if !*demo {
		return nil
	}
	return on(ctx, *bin, demoSpeed, func(s *built.Sandbox) error {
		if err := s.InstallLWS(ctx, filepath.Join(*bin, "..", "manifests", "lws", "v0.9.0", "manifests.yaml")); err != nil {
			return err
		}
		return record(ctx, s, *out)
	})
}

// How many times as fast as real ones simulated durations are: the pictures show more of
// a start when there is time to take them, and nobody watches a demo for minutes.
const stillSpeed, demoSpeed = 20, 40

// on does something on a sandbox of its own that is complete.
func on(ctx context.Context, bin string, speed int, do func(*built.Sandbox) error) error {
	options := []string{"--seed", "1", "--speed", fmt.Sprint(speed)}
	return built.With(ctx, bin, options, func(s *built.Sandbox) error {
		if err := errors.Join(s.NodesReady(ctx, 9), s.Up(ctx)); err != nil {
			return err
		}
		return do(s)
	})
}
