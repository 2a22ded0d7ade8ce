package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	docLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	docHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInSlug  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestLinksInDocsLeadSomewhere follows every link from one file to another, and to a
// heading in it. What is on the web is not asked for.
func TestLinksInDocsLeadSomewhere(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	files := []string{filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"), filepath.Join(root, "ARCHITECTURE.md")}
	err := filepath.WalkDir(docs(), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range docLink.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			if err := followLink(file, m[1]); err != nil {
				t.Errorf("%s: the link %s leads nowhere: %v", file, m[1], err)
			}
		}
	}
	if links == 0 {
		t.Error("no link was found, so the test looks for them in the wrong way")
	}
}

// followLink returns an error if a file has no such link's file or heading.
func followLink(from, link string) error {
	path, heading, _ := strings.Cut(link, "#")
	to := from
	if path != "" {
		to = filepath.Join(filepath.Dir(from), filepath.FromSlash(path))
	}
	if heading == "" {
		_, err := os.Stat(to)
		return err
	}
	text, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	for _, m := range docHeading.FindAllStringSubmatch(string(text), -1) {
		// As GitHub makes it.
		slug := strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
		if slug == heading {
			return nil
		}
	}
	return errors.New("there is no such heading")
}
