// Command benchtui measures the dashboard against its targets and prints a Markdown
// table.
//
// It runs the built plugin in a pseudo-terminal, with an emulator behind it that shows
// what a person would see: on sandboxes where that is possible, and for a thousand pods
// on an API server of its own, because a sandbox of that size would need the processors
// itself. It works on Linux alone.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "benchtui: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("benchtui", flag.ContinueOnError)
	bin := flags.String("bin", os.Getenv("BIN"), "folder with kubectl-jetstream, jetstream-sandbox and kubectl (default: $BIN)")
	only := flags.String("run", "", "measure only the parts whose names contain this")
	strict := flags.Bool("strict", false, "fail where a target is missed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *bin == "" {
		return errors.New("the folder of the binaries is needed: set BIN or give -bin")
	}
	b := &bench{
		bin: *bin, lws: filepath.Join(*bin, "..", "manifests", "lws", "v0.9.0", "manifests.yaml"),
		only: *only, log: os.Stderr,
	}
	err := b.measure(ctx)
	b.results.Print(os.Stdout)
	if err == nil && *strict && b.results.Missed() {
		return errors.New("a target was missed")
	}
	return err
}
