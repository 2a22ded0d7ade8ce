// Command bench measures the sandbox against its targets and prints a Markdown table.
//
// It runs the built binaries, as users do, one sandbox after the other in directories
// of its own, and takes processor time and memory from /proc. Processor time is the
// figure to compare, since the wall time depends on what else the machine does; the
// load average stands beside it. It works on Linux alone.
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
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	bin := flags.String("bin", os.Getenv("BIN"), "folder with jetstream-sandbox and kubectl (default: $BIN)")
	lws := flags.String("lws", "", "manifest of LeaderWorkerSet (default: manifests/lws/v0.9.0 beside that folder)")
	only := flags.String("run", "", "measure only the parts whose names contain this")
	strict := flags.Bool("strict", false, "fail where a target is missed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *bin == "" {
		return errors.New("the folder of the binaries is needed: set BIN or give -bin")
	}
	if *lws == "" {
		*lws = filepath.Join(*bin, "..", "manifests", "lws", "v0.9.0", "manifests.yaml")
	}
	b := &bench{bin: *bin, lws: *lws, only: *only, log: os.Stderr}
	err := b.measure(ctx)
	b.results.Print(os.Stdout)
	if err == nil && *strict && b.results.Missed() {
		return errors.New("a target was missed")
	}
	return err
}
