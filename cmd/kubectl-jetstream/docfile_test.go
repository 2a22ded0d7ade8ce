package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs is the path of a file that people read.
func docs(path ...string) string {
	return filepath.Join(append([]string{"..", "..", "docs"}, path...)...)
}

// documented compares a file that a test writes with what it should be, or writes it
// with -update.
func documented(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	written, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(written)); diff != "" {
		t.Errorf("%s (-code +written); -update rewrites it:\n%s", path, diff)
	}
}

// documentedBetween does the same with the part of a file between two lines.
func documentedBetween(t *testing.T, path, begin, end, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		t.Fatalf("%s lacks the lines %q and %q", path, begin, end)
	}
	documented(t, path, before+begin+want+end+after)
}

// onlyDocumented fails for a file of a folder that no test writes any more.
func onlyDocumented(t *testing.T, folder string, written map[string]bool) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !written[e.Name()] {
			t.Errorf("%s is of nothing that there is; remove it", filepath.Join(folder, e.Name()))
		}
	}
}
