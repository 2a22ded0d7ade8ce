package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestManifestsAreTheReleasesOwn regenerates every embedded LeaderWorkerSet
// manifest from its module and compares it with the file in the tree, so a
// hand-edited or outdated file cannot pass.
func TestManifestsAreTheReleasesOwn(t *testing.T) {
	t.Parallel()
	const dir = "../../manifests/lws"
	versions, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(versions) < 2 {
		t.Fatalf("%s holds %d versions, want at least 2", dir, len(versions))
	}
	for _, version := range versions {
		t.Run(version.Name(), func(t *testing.T) {
			t.Parallel()
			got, err := os.ReadFile(filepath.Join(dir, version.Name(), "manifests.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			want, err := manifest(t.Context(), version.Name())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("the embedded manifest differs from the module's (-module +embedded); run go generate ./manifests\n%s", diff)
			}
		})
	}
}

func TestManifestOfAnUnknownVersionFails(t *testing.T) {
	t.Parallel()
	if _, err := manifest(t.Context(), "v0.0.0-none"); err == nil {
		t.Error("got no error for a version that does not exist")
	}
}
