package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blockMarker says, on the line before a block of shell commands, what becomes of it:
// the end-to-end tests run it on the sandbox, or it cannot run there for a reason.
var blockMarker = regexp.MustCompile(`^\s*<!-- (?:runs: sandbox(?:, exit \d+)?|not run: \S.{3,}) -->$`)

// TestShellBlocksInDocsAreRunOrSayWhyNot keeps commands in prose from being forgotten:
// whatever a reader may paste is a block of shell commands with a marker.
func TestShellBlocksInDocsAreRunOrSayWhyNot(t *testing.T) {
	t.Parallel()
	files := []string{filepath.Join("..", "..", "README.md"), filepath.Join("..", "..", "CONTRIBUTING.md")}
	err := filepath.WalkDir(docs(), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range unmarkedBlocks(string(text)) {
			t.Errorf("%s: %s", file, wrong)
		}
	}
}

func TestUnmarkedBlocksAreFound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want int
	}{
		"a block that runs":             {"<!-- runs: sandbox -->\n```sh\nkubectl jetstream up\n```\n", 0},
		"one that fails as it should":   {"<!-- runs: sandbox, exit 4 -->\n```sh\nkubectl jetstream up\n```\n", 0},
		"one with a reason":             {"<!-- not run: needs gcloud -->\n```sh\ngcloud\n```\n", 0},
		"one without a marker":          {"text\n```sh\nmake\n```\n", 1},
		"a marker that is misspelt":     {"<!-- run: sandbox -->\n```sh\nmake\n```\n", 1},
		"a marker without a reason":     {"<!-- not run: -->\n```sh\nmake\n```\n", 1},
		"a marker of another block":     {"<!-- runs: sandbox -->\n```text\nx\n```\n```sh\nmake\n```\n", 1},
		"commands that are no block":    {"text\n\n    kubectl jetstream up\n    make\n", 2},
		"commands below an item":        {"1. text\n\n       make\n", 1},
		"a line of a list that goes on": {"- text\n  and more\n", 0},
		"commands in another block":     {"```text\nkubectl jetstream up\n```\n", 0},
		"two commands of a block":       {"<!-- runs: sandbox -->\n```sh\nkubectl jetstream up\nkubectl jetstream down\n```\n", 0},
		"a command within a sentence":   {"Type `kubectl jetstream up`.\n", 0},
		"a block below an item of list": {"1. x\n\n   <!-- not run: needs gcloud -->\n   ```sh\n   gcloud\n   ```\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := unmarkedBlocks(tt.text); len(got) != tt.want {
				t.Errorf("found %q, want %d", got, tt.want)
			}
		})
	}
}

// unmarkedBlocks returns what is wrong with the shell commands of a text. An indented
// block does not say what it is, so there is none.
func unmarkedBlocks(text string) []string {
	var wrong []string
	fence, before := "", ""
	for line := range strings.SplitSeq(text, "\n") {
		bare := strings.TrimSpace(line)
		switch {
		case fence != "":
			if bare == "```" {
				fence = ""
			}
		case strings.HasPrefix(bare, "```"):
			fence = bare
			if fence == "```sh" && !blockMarker.MatchString(before) {
				wrong = append(wrong, "a block of shell commands has no marker; it is behind: "+before)
			}
		case bare != "" && strings.HasPrefix(line, "    "):
			wrong = append(wrong, "not in a block that says what it is: "+bare)
		}
		before = line
	}
	return wrong
}
