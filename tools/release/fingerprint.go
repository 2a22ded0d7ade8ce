package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// fingerprint identifies all that the archives of a release are built from: the
// plugin's own files that are compiled or embedded, its license, and the modules
// that are linked, by their checksums. Tests and documentation are no part of it,
// krew.yaml least of all. Equal fingerprints, Go releases and versions mean equal
// archives.
func fingerprint(ctx context.Context, root string, platforms []gobuild.Platform) (origin, error) {
	in, err := listInputs(ctx, root, platforms)
	if err != nil {
		return origin{}, err
	}
	hash := sha256.New()
	for _, file := range slices.Sorted(maps.Keys(in.files)) {
		sum, err := digest(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return origin{}, err
		}
		fmt.Fprintf(hash, "%s %s\n", file, sum)
	}
	for _, module := range slices.Sorted(maps.Keys(in.modules)) {
		fmt.Fprintln(hash, module)
	}
	return origin{sources: "sha256:" + hex.EncodeToString(hash.Sum(nil)), release: runtime.Version()}, nil
}

// inputs are what executables are made of.
type inputs struct {
	files   map[string]bool // of the plugin's module, seen from its root, with slashes
	modules map[string]bool // "path version checksum", and settings of the build
}

func listInputs(ctx context.Context, root string, platforms []gobuild.Platform) (inputs, error) {
	in := inputs{files: map[string]bool{"LICENSE": true}, modules: map[string]bool{}}
	for _, p := range platforms {
		in.modules[fmt.Sprint(p, " ", gobuild.ReleaseFlags("VERSION"))] = true
		out, err := gobuild.Go(ctx, root, p, "list", "-deps", "-trimpath",
			"-json=Dir,Standard,Module,DefaultGODEBUG,GoFiles,SFiles,HFiles,SysoFiles,EmbedFiles", gobuild.Package)
		if err != nil {
			return inputs{}, err
		}
		decoder := json.NewDecoder(bytes.NewReader(out))
		for {
			var pkg listed
			err := decoder.Decode(&pkg)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return inputs{}, fmt.Errorf("reading what go list prints: %w", err)
			}
			if err := in.add(root, pkg); err != nil {
				return inputs{}, err
			}
		}
	}
	return in, nil
}

// listed is a package as go list tells of it.
type listed struct {
	Dir            string
	Standard       bool
	DefaultGODEBUG string
	Module         *struct {
		Path, Version, Sum, GoVersion string
		Main                          bool
	}
	GoFiles, SFiles, HFiles, SysoFiles, EmbedFiles []string
}

func (in *inputs) add(root string, pkg listed) error {
	switch {
	case pkg.Standard:
		return nil
	case pkg.Module == nil:
		return fmt.Errorf("package in %s belongs to no module", pkg.Dir)
	case !pkg.Module.Main:
		in.modules[strings.Join([]string{pkg.Module.Path, pkg.Module.Version, pkg.Module.Sum}, " ")] = true
		return nil
	}
	in.modules["go "+pkg.Module.GoVersion+" "+pkg.DefaultGODEBUG] = true
	folder, err := filepath.Rel(root, pkg.Dir)
	if err != nil {
		return err
	}
	for _, files := range [][]string{pkg.GoFiles, pkg.SFiles, pkg.HFiles, pkg.SysoFiles, pkg.EmbedFiles} {
		for _, file := range files {
			in.files[filepath.ToSlash(filepath.Join(folder, file))] = true
		}
	}
	return nil
}
