package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	requirement  = regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9.-]+\.[a-z]+/\S+) v\S+$`) // those that are indirect end in a comment
	majorVersion = regexp.MustCompile(`/v\d+$`)
)

// TestDirectDependenciesAreDocumented wants a word on each module that one of ours
// requires itself. Names are taken whole or, in a list of neighbours, by their end.
func TestDirectDependenciesAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docs("dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" ,;()`|\n", r) }) {
		words[majorVersion.ReplaceAllString(word, "")] = true
	}
	for _, module := range []string{".", "sandbox", "tools"} {
		file := filepath.Join("..", "..", module, "go.mod")
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		required := requirement.FindAllStringSubmatch(string(content), -1)
		if len(required) == 0 {
			t.Errorf("%s requires nothing, so the test reads it in the wrong way", file)
		}
		for _, m := range required {
			name := majorVersion.ReplaceAllString(m[1], "")
			_, end, _ := strings.Cut(name, "/")
			if !words[name] && !words[end] && !words[end[strings.LastIndexByte(end, '/')+1:]] {
				t.Errorf("docs/dependencies.md has no word on %s, which %s requires", name, file)
			}
		}
	}
}
