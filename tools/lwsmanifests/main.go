// Command lwsmanifests writes the LeaderWorkerSet release manifests that
// package manifests embeds: for each version named, the objects of that
// module version's own kustomize tree with the image of the release. The
// published release files are made the same way, so nothing has to be
// downloaded from a release page and nothing edited by hand.
//
//	lwsmanifests -out DIR VERSION...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	out := flag.String("out", "", "directory to write VERSION/manifests.yaml to")
	flag.Parse()
	err := run(ctx, *out, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lwsmanifests:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, versions []string) error {
	if out == "" || len(versions) == 0 {
		return errors.New("a directory and at least one version are needed: -out DIR VERSION")
	}
	for _, version := range versions {
		content, err := manifest(ctx, version)
		if err != nil {
			return err
		}
		dir := filepath.Join(out, version)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "manifests.yaml"), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
