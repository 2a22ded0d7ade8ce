package manifests

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestEveryEmbeddedReleaseIsListed(t *testing.T) {
	t.Parallel()
	entries, err := fs.ReadDir(lws, "lws")
	if err != nil {
		t.Fatal(err)
	}
	var embedded []string
	for _, entry := range entries {
		embedded = append(embedded, entry.Name())
	}
	listed := slices.Clone(LWSVersions())
	slices.Sort(listed)
	if !slices.Equal(embedded, listed) {
		t.Errorf("embedded are %v, listed %v", embedded, listed)
	}
	if !slices.Contains(listed, DefaultLWSVersion) {
		t.Errorf("the default %s is not among %v", DefaultLWSVersion, listed)
	}
}

func TestAReleaseInstallsItsOwnImage(t *testing.T) {
	t.Parallel()
	for _, version := range LWSVersions() {
		data, err := LWS(version)
		if err != nil {
			t.Fatal(err)
		}
		image := []byte("image: registry.k8s.io/lws/lws:" + version + "\n")
		if n := bytes.Count(data, []byte("image: registry.k8s.io/lws/lws")); n != 1 || !bytes.Contains(data, image) {
			t.Errorf("%s: %d images of the controller, want one of that release", version, n)
		}
	}
}

func TestAReleaseThatIsNotEmbeddedIsRefusedWithThoseThatAre(t *testing.T) {
	t.Parallel()
	_, err := LWS("../v0.9.0")
	if err == nil || !strings.Contains(err.Error(), "v0.6.1") {
		t.Errorf("got error %v, want one that lists the releases", err)
	}
}

func TestEveryProfileHasItsTwoFiles(t *testing.T) {
	t.Parallel()
	entries, err := fs.ReadDir(Profiles(), ".")
	if err != nil || len(entries) < 2 {
		t.Fatalf("got %d profiles and error %v", len(entries), err)
	}
	for _, entry := range entries {
		for _, file := range []string{"profile.yaml", "workload.yaml"} {
			if _, err := fs.Stat(Profiles(), entry.Name()+"/"+file); err != nil {
				t.Error(err)
			}
		}
	}
}
