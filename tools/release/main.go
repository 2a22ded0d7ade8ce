// Command release builds what people install: one archive a platform, their
// checksums, a bill of materials for each, and the manifest that krew reads.
// Everything is reproducible: equal sources, Go releases and versions give
// equal bytes, in any folder and at any time.
//
//	release dist    -version VERSION   build all of it into dist/
//	release publish -version vX.Y.Z    the same of committed sources, and write
//	                                   version, addresses and digests to krew.yaml
//	release check                      compare krew.yaml with the sources
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("say what to do: dist, publish or check")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	name := flags.String("version", "", "version of the release")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	root, err := gobuild.Root()
	if err != nil {
		return err
	}
	switch args[0] {
	case "dist":
		return makeDist(ctx, root, distVersion(*name), gobuild.Platforms(), out)
	case "publish":
		return publish(ctx, root, *name, out)
	case "check":
		return check(ctx, root, out)
	}
	return fmt.Errorf("%q is neither dist nor publish nor check", args[0])
}
