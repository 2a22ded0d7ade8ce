package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// The table of keys in README stands between these lines, which browsers hide.
const (
	keysBegin = "<!-- keys: written by go test ./cmd/kubectl-jetstream -run TestKeysAreDocumented -update -->\n"
	keysEnd   = "<!-- end of keys -->\n"
)

// TestKeysAreDocumented keeps the table of keys in README that of the bindings.
func TestKeysAreDocumented(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), keysBegin)
	written, after, ends := strings.Cut(rest, keysEnd)
	if !begins || !ends {
		t.Fatalf("README.md lacks the lines %q and %q, with the table of keys between them", keysBegin, keysEnd)
	}
	want := keysTable(tui.Keys())
	if *update {
		if err := os.WriteFile(path, []byte(before+keysBegin+want+keysEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("keys in README.md (-bindings +written); -update rewrites them:\n%s", diff)
	}
}

// keysTable is the Markdown of the keys, two of a pane in a row.
func keysTable(sections []tui.Section) string {
	var b strings.Builder
	b.WriteString("| where | key | does | key | does |\n|---|---|---|---|---|\n")
	for _, s := range sections {
		where := s.Title
		for pair := range slices.Chunk(s.Keys, 2) {
			b.WriteString("| " + where + " |")
			for _, k := range pair {
				b.WriteString(" `" + k.Help().Key + "` | " + k.Help().Desc + " |")
			}
			b.WriteString(strings.Repeat("  |", 2*(2-len(pair))) + "\n")
			where = ""
		}
	}
	return b.String()
}
