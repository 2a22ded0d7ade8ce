// Command benchchat measures how the plugin talks to a model, against its targets, and
// prints a Markdown table.
//
// It runs the built plugin on a sandbox, beside a plain HTTP client on the upstream
// kubectl's port-forward, in turns in one run, so that what else the machine does
// touches both. The plain client is this program again, a process with two pipes as the
// plugin is. It works on Linux alone.
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
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "benchchat: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == plainClient {
		return plain(ctx, args[1:])
	}
	flags := flag.NewFlagSet("benchchat", flag.ContinueOnError)
	bin := flags.String("bin", os.Getenv("BIN"), "folder with kubectl-jetstream, jetstream-sandbox and kubectl (default: $BIN)")
	only := flags.String("run", "", "measure only the parts whose names contain this")
	var others []string
	flags.Func("other", "another kubectl-jetstream, to compare with in the same run; repeat it for more", func(path string) error {
		path, err := filepath.Abs(path)
		others = append(others, path)
		return err
	})
	long := flags.Duration("long", 10*time.Minute, "how long the long answer is")
	strict := flags.Bool("strict", false, "fail where a target is missed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *bin == "" {
		return errors.New("the folder of the binaries is needed: set BIN or give -bin")
	}
	b := &bench{
		bin: *bin, lws: filepath.Join(*bin, "..", "manifests", "lws", "v0.9.0", "manifests.yaml"),
		only: *only, others: others, long: *long, log: os.Stderr,
	}
	err := b.measure(ctx)
	b.results.Print(os.Stdout)
	if err == nil && *strict && b.results.Missed() {
		return errors.New("a target was missed")
	}
	return err
}
