package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// publish makes dist/ and records it in krew.yaml, whose digests are then those
// of anybody who builds the commit that adds it. So it refuses sources that are
// not committed.
func publish(ctx context.Context, root, version string, out io.Writer) error {
	if !released.MatchString(version) {
		return fmt.Errorf("version %q of a release is not vMAJOR.MINOR.PATCH; say VERSION=v1.2.3", version)
	}
	if err := committed(ctx, root); err != nil {
		return err
	}
	if err := makeDist(ctx, root, version, gobuild.Platforms(), out); err != nil {
		return err
	}
	manifest, err := os.ReadFile(filepath.Join(root, "dist", "jetstream.krew.yaml"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "krew.yaml"), manifest, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "krew.yaml is that of %s; commit it, then tag the commit\n", version)
	return nil
}

// committed returns an error if a file that a release is built from differs
// from the commit that is checked out.
func committed(ctx context.Context, root string) error {
	in, err := listInputs(ctx, root, gobuild.Platforms())
	if err != nil {
		return err
	}
	args := append([]string{"status", "--porcelain", "--", "go.mod", "go.sum"}, slices.Sorted(maps.Keys(in.files))...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	changed, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("asking git for changed sources: %w", err)
	}
	if len(changed) > 0 {
		return fmt.Errorf("a release is built from committed sources; commit these first:\n%s", strings.TrimRight(string(changed), "\n"))
	}
	return nil
}
