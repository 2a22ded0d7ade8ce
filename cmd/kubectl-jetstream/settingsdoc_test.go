package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table of settings in README stands between these lines, which browsers hide.
const (
	settingsBegin = "<!-- settings: written by go test ./cmd/kubectl-jetstream -run TestSettingsAreDocumented -update -->\n"
	settingsEnd   = "<!-- end of settings -->\n"
)

// TestSettingsAreDocumented keeps the table in README that of the settings.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), settingsBegin)
	written, after, ends := strings.Cut(rest, settingsEnd)
	if !begins || !ends {
		t.Fatalf("README.md lacks the lines %q and %q, with the table of settings between them", settingsBegin, settingsEnd)
	}
	want := settingsTable(catalogSettings(t))
	if *update {
		if err := os.WriteFile(path, []byte(before+settingsBegin+want+settingsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("settings in README.md (-registry +written); -update rewrites them:\n%s", diff)
	}
}

// settingsTable is the Markdown of the settings.
func settingsTable(settings []setting) string {
	var b strings.Builder
	b.WriteString("| setting | variable | flag of | values | default | meaning |\n|---|---|---|---|---|---|\n")
	for i := range settings {
		s := &settings[i]
		builtIn, on := s.builtIn, strings.Join(s.on, ", ")
		switch {
		case s.required:
			builtIn = "none"
		case s.value, s.ofModel:
			builtIn = "the profile's"
		}
		if on == "" {
			on = "-"
		}
		b.WriteString("| `" + s.name + "` | `" + s.variable() + "` | " + on + " | " + strings.ReplaceAll(s.kind, "|", ", ") +
			" | " + builtIn + " | " + strings.ReplaceAll(s.help, "|", `\|`) + " |\n")
	}
	return b.String()
}
