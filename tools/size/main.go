// Command size says what an executable of the plugin is made of. It builds the
// program twice for one platform, as it is released and with its symbols, and
// prints the size of the first, its size compressed as in an archive, and which
// packages contribute most to the second.
//
//	size [-platform linux/amd64] [-top 25] [-check]
//
// With -check it fails if the release is larger than the targets. The figures
// depend on the sources and on the Go release only, never on the machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// Targets for linux/amd64, in bytes.
const (
	maxStripped   = 40_000_000
	maxCompressed = 12_000_000
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	name := flag.String("platform", "linux/amd64", "`OS/ARCH` to build for; symbols can be read of Linux executables only")
	top := flag.Int("top", 25, "how many contributors to print")
	check := flag.Bool("check", false, "fail if the release is larger than the targets")
	flag.Parse()
	err := run(ctx, os.Stdout, *name, *top, *check)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, name string, top int, check bool) error {
	platform, err := gobuild.ParsePlatform(name)
	if err != nil {
		return err
	}
	source, err := gobuild.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "jetstream-size")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	released, withSymbols := filepath.Join(dir, "released"), filepath.Join(dir, "symbols")
	if err := gobuild.Build(ctx, source, platform, gobuild.ReleaseFlags("v0.0.0"), released); err != nil {
		return err
	}
	if err := gobuild.Build(ctx, source, platform, gobuild.SymbolFlags("v0.0.0"), withSymbols); err != nil {
		return err
	}
	stripped, compressed, err := weigh(released)
	if err != nil {
		return err
	}
	parts, err := contributors(withSymbols)
	if err != nil {
		return err
	}
	report(out, platform, stripped, compressed, parts, top)
	if check && (stripped > maxStripped || compressed > maxCompressed) {
		return errors.New("the release is larger than its targets")
	}
	return nil
}
