package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// build is an archive that was built, and what is in it.
type build struct {
	platform gobuild.Platform
	archive  string // its path
	digest   string // SHA-256 of the archive, in hexadecimal
}

// archiveName is the file that people download.
func archiveName(version string, p gobuild.Platform) string {
	suffix := ".tar.gz"
	if p.OS == "windows" {
		suffix = ".zip"
	}
	return "kubectl-jetstream_" + version + "_" + p.OS + "_" + p.Arch + suffix
}

// makeDist replaces dist/ by what a release of the version consists of.
func makeDist(ctx context.Context, root, version string, platforms []gobuild.Platform, out io.Writer) error {
	dir := filepath.Join(root, "dist")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	at, err := archiveTime()
	if err != nil {
		return err
	}
	var builds []build
	var files []string
	for _, p := range platforms {
		b, err := buildArchive(ctx, root, dir, version, p, at)
		if err != nil {
			return err
		}
		builds = append(builds, b)
		files = append(files, b.archive, billPath(b.archive))
		fmt.Fprintf(out, "%s  %s\n", b.digest[:12], b.archive)
	}
	if err := writeChecksums(filepath.Join(dir, "checksums.txt"), files); err != nil {
		return err
	}
	template, err := os.ReadFile(filepath.Join(root, "krew.yaml"))
	if err != nil {
		return err
	}
	sources, err := fingerprint(ctx, root, platforms)
	if err != nil {
		return err
	}
	manifest, err := rewriteManifest(template, version, sources, builds)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "jetstream.krew.yaml"), manifest, 0o644)
}

// buildArchive compiles the plugin for a platform and packs it with its
// license into dir, with its bill of materials beside it.
func buildArchive(ctx context.Context, root, dir, version string, p gobuild.Platform, at time.Time) (build, error) {
	stage, err := os.MkdirTemp("", "jetstream-dist")
	if err != nil {
		return build{}, err
	}
	defer func() { _ = os.RemoveAll(stage) }()
	executable := filepath.Join(stage, p.Executable())
	if err := gobuild.Build(ctx, root, p, gobuild.ReleaseFlags(version), executable); err != nil {
		return build{}, err
	}
	b := build{platform: p, archive: filepath.Join(dir, archiveName(version, p))}
	if err := writeArchive(b.archive, []entry{
		{name: "LICENSE", path: filepath.Join(root, "LICENSE"), mode: 0o644},
		{name: p.Executable(), path: executable, mode: 0o755},
	}, at); err != nil {
		return build{}, err
	}
	if b.digest, err = digest(b.archive); err != nil {
		return build{}, err
	}
	bill, err := billOfMaterials(executable, version, b, at)
	if err != nil {
		return build{}, err
	}
	return b, os.WriteFile(billPath(b.archive), bill, 0o644)
}

// writeChecksums writes the digests of files in the form that sha256sum reads.
func writeChecksums(path string, files []string) error {
	var lines strings.Builder
	for _, file := range slices.Sorted(slices.Values(files)) {
		sum, err := digest(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, filepath.Base(file))
	}
	return os.WriteFile(path, []byte(lines.String()), 0o644)
}

func digest(path string) (string, error) {
	hash := sha256.New()
	if err := copyFrom(hash, path); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
