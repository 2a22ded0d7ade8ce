package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// check builds every archive that krew.yaml lists and compares the digests. It
// can do so only with the sources and the Go release that krew.yaml is of; with
// others it says so and finds no fault.
func check(ctx context.Context, root string, out io.Writer) error {
	manifest, err := os.ReadFile(filepath.Join(root, "krew.yaml"))
	if err != nil {
		return err
	}
	want, err := readManifest(manifest)
	if err != nil {
		return err
	}
	have, err := fingerprint(ctx, root, gobuild.Platforms())
	if err != nil {
		return err
	}
	if reason := want.from.incomparable(have); reason != "" {
		fmt.Fprintf(out, "krew.yaml is of %s, and cannot be compared: %s\n", want.version, reason)
		return nil
	}
	at, err := archiveTime()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "jetstream-check")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, p := range gobuild.Platforms() {
		b, err := buildArchive(ctx, root, dir, want.version, p, at)
		if err != nil {
			return err
		}
		if b.digest != want.digests[p] {
			return fmt.Errorf("krew.yaml has another digest for %s: %s, and %s was built", p, want.digests[p], b.digest)
		}
		fmt.Fprintf(out, "%s  as in krew.yaml: %s\n", b.digest[:12], filepath.Base(b.archive))
	}
	return nil
}

// incomparable is why archives of another origin may differ, or nothing.
func (o origin) incomparable(other origin) string {
	switch {
	case o.sources != other.sources:
		return "the sources have changed since"
	case o.release != other.release:
		return fmt.Sprintf("it was built with %s, and this is %s", o.release, other.release)
	}
	return ""
}
