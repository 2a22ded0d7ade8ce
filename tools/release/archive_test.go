package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// smallPlugin writes a module that is shaped like the plugin's and takes no time
// to compile, with files of the time given.
func smallPlugin(t *testing.T, at time.Time) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "plugin")
	for name, content := range map[string]string{
		"go.mod":                          "module example.com/plugin\n\ngo 1.26.0\n",
		"LICENSE":                         "Do as you like.\n",
		"cmd/kubectl-jetstream/main.go":   "package main\n\nimport _ \"embed\"\n\n//go:embed text\nvar text string\n\nvar version string\n\nfunc main() { println(version, text); panic(0) }\n",
		"cmd/kubectl-jetstream/text":      "hello\n",
		"cmd/kubectl-jetstream/x_test.go": "package main\n",
		"README.md":                       "A plugin.\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestAnArchiveIsTheSameBuiltElsewhereAndLater(t *testing.T) {
	t.Parallel()
	for _, platform := range []gobuild.Platform{{OS: "linux", Arch: "amd64"}, {OS: "windows", Arch: "amd64"}} {
		t.Run(platform.String(), func(t *testing.T) {
			t.Parallel()
			var builds []build
			for _, at := range []time.Time{time.Unix(1e9, 0), time.Unix(2e9, 0)} {
				fixed, err := archiveTime()
				if err != nil {
					t.Fatal(err)
				}
				b, err := buildArchive(t.Context(), smallPlugin(t, at), t.TempDir(), "v1.2.3", platform, fixed)
				if err != nil {
					t.Fatal(err)
				}
				builds = append(builds, b)
			}
			checkBill(t, builds[0], "example.com/plugin")
			first, second := read(t, builds[0].archive), read(t, builds[1].archive)
			if first != second {
				t.Errorf("%d and %d bytes differ", len(first), len(second))
			}
			if first, second := read(t, billPath(builds[0].archive)), read(t, billPath(builds[1].archive)); first != second {
				t.Errorf("the bills of materials differ:\n%s", cmp.Diff(first, second))
			}
		})
	}
}

func TestAnArchiveHoldsTheExecutableAndTheLicense(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"LICENSE": "Do as you like.\n", "program": "code"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	entries := []entry{
		{name: "LICENSE", path: filepath.Join(dir, "LICENSE"), mode: 0o644},
		{name: "kubectl-jetstream", path: filepath.Join(dir, "program"), mode: 0o755},
	}
	want := []packed{
		{"LICENSE", "Do as you like.\n", 0o644, at.Unix()},
		{"kubectl-jetstream", "code", 0o755, at.Unix()},
	}
	for suffix, unpack := range map[string]func(*testing.T, string) []packed{".tar.gz": untar, ".zip": unzip} {
		path := filepath.Join(dir, "archive"+suffix)
		if err := writeArchive(path, entries, at); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, unpack(t, path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", suffix, diff)
		}
	}
}

// packed is a file as it comes out of an archive.
type packed struct {
	Name, Content string
	Mode, Time    int64
}

func untar(t *testing.T, path string) []packed {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	uncompressed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(uncompressed)
	var all []packed
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, packed{header.Name, string(content), header.Mode, header.ModTime.Unix()})
	}
}

func unzip(t *testing.T, path string) []packed {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	var all []packed
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, packed{entry.Name, string(content), int64(entry.Mode()), entry.Modified.Unix()})
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
