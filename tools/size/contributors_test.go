package main

import (
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

func TestEachSymbolHasAnOwner(t *testing.T) {
	t.Parallel()
	for symbol, want := range map[string]string{
		"main.main": "main",
		"k8s.io/api/core/v1.(*PodSpec).Unmarshal":          "k8s.io/api/core/v1",
		"gopkg.in/inf%2ev0.(*Dec).String":                  "gopkg.in/inf.v0",
		"slices.SortFunc[go.shape.[]k8s.io/api/core/v1.X]": "slices",
		"type:*k8s.io/api/core/v1.Pod":                     "[types]",
		"go:itab.*os.File,io.Reader":                       "[interface tables]",
		"go:string.\"x.y\"":                                "[strings]",
		"_cgo_init":                                        "[other symbols]",
	} {
		if got := owner(symbol); got != want {
			t.Errorf("%s belongs to %s, want %s", symbol, got, want)
		}
	}
}

// The parts of an executable are all that is loaded from it: no more, and no less.
func TestTheContributorsAddUpToWhatIsLoaded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "program")
	platform := gobuild.Platform{OS: "linux", Arch: runtime.GOARCH}
	if _, err := gobuild.Go(t.Context(), "..", platform, "build", "-ldflags=-w", "-o", path, "./benchhelp"); err != nil {
		t.Fatal(err)
	}
	parts, err := contributors(path)
	if err != nil {
		t.Fatal(err)
	}
	size, _, err := weigh(path)
	if err != nil {
		t.Fatal(err)
	}
	var sum uint64
	for _, p := range parts {
		sum += p.size
	}
	// The rest of the file is its symbol table.
	if sum > uint64(size) || sum < uint64(size)*7/10 {
		t.Errorf("the parts of %d bytes add up to %d", size, sum)
	}
	if !slices.ContainsFunc(parts, func(p part) bool { return p.name == "runtime" && p.size > 100_000 }) {
		t.Errorf("the runtime is not among %v", parts[:min(10, len(parts))])
	}
	if !slices.IsSortedFunc(parts, func(a, b part) int { return int(b.size) - int(a.size) }) {
		t.Error("they are not sorted by size")
	}
}
