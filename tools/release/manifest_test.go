package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

func krewYAML(t *testing.T) string {
	t.Helper()
	return read(t, "../../krew.yaml")
}

// buildsOf are builds with the digest that a manifest has of each, or with one
// made up.
func buildsOf(digest func(gobuild.Platform) string) []build {
	var builds []build
	for _, p := range gobuild.Platforms() {
		builds = append(builds, build{platform: p, digest: digest(p)})
	}
	return builds
}

func TestTheManifestIsAsTheToolWritesIt(t *testing.T) {
	t.Parallel()
	manifest := krewYAML(t)
	is, err := readManifest([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	again, err := rewriteManifest([]byte(manifest), is.version, is.from, buildsOf(func(p gobuild.Platform) string { return is.digests[p] }))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(manifest, string(again)); diff != "" {
		t.Errorf("krew.yaml (-committed +rewritten):\n%s", diff)
	}
}

func TestAReleaseChangesVersionOriginAddressesAndDigestsOnly(t *testing.T) {
	t.Parallel()
	manifest := krewYAML(t)
	sum := func(p gobuild.Platform) string {
		return strings.Repeat(string(p.OS[0]), 32) + strings.Repeat(p.Arch[:1], 32)
	}
	rewritten, err := rewriteManifest([]byte(manifest), "v9.8.7", origin{sources: "sha256:0", release: "go9"}, buildsOf(sum))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readManifest(rewritten)
	if err != nil {
		t.Fatal(err)
	}
	want := recorded{version: "v9.8.7", from: origin{sources: "sha256:0", release: "go9"}, digests: map[gobuild.Platform]string{}}
	for _, p := range gobuild.Platforms() {
		want.digests[p] = sum(p)
		if uri := "uri: " + home + "/releases/download/v9.8.7/kubectl-jetstream_v9.8.7_" + p.OS + "_" + p.Arch + "."; !strings.Contains(string(rewritten), uri) {
			t.Errorf("no %s in:\n%s", uri, rewritten)
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(recorded{}, origin{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	before, after := strings.Split(manifest, "\n"), strings.Split(string(rewritten), "\n")
	if len(before) != len(after) {
		t.Fatalf("%d lines became %d", len(before), len(after))
	}
	for i := range before {
		key, _, _ := strings.Cut(strings.TrimSpace(before[i]), ":")
		switch key {
		case "version", "uri", "sha256", goAnnotation, sourcesAnnotation:
		default:
			if before[i] != after[i] {
				t.Errorf("line %d: %q became %q", i+1, before[i], after[i])
			}
		}
	}
}

func TestManifestsThatDoNotFitTheBuildsAreRefused(t *testing.T) {
	t.Parallel()
	manifest := krewYAML(t)
	builds := buildsOf(func(gobuild.Platform) string { return strings.Repeat("0", 64) })
	for _, tt := range []struct {
		name, manifest, want string
		builds               []build
	}{
		{"fewer builds", manifest, "lists 5 platforms, and 4 were built", builds[1:]},
		{"another platform", strings.Replace(manifest, "os: darwin", "os: plan9", 1), "plan9/amd64 was not built", builds},
		{"no version", strings.Replace(manifest, "  version:", "  versions:", 1), "spec.version is missing", builds},
		{"no digest", strings.Replace(manifest, "sha256:", "sha512:", 2), "sha256 is missing", builds},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := rewriteManifest([]byte(tt.manifest), "v1.0.0", origin{}, tt.builds)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// krew's naming guide asks for a short description that fits a list, and for
// lines that fit a terminal.
func TestTheManifestReadsWellInATerminal(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(krewYAML(t)) {
		line = strings.TrimSpace(line)
		if short, ok := strings.CutPrefix(line, "shortDescription: "); ok && (len(short) > 50 || !strings.Contains(short, "TPU LLM serving")) {
			t.Errorf("short description %q: more than 50 characters, or not what it is", short)
		}
		if len(line) > 80 && !strings.HasPrefix(line, "uri:") && !strings.Contains(line, "sha256:") {
			t.Errorf("line of %d characters: %s", len(line), line)
		}
	}
}

// Replacements in the main module would make `go install` of it fail.
func TestThePluginCanBeInstalledByGo(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word == "replace" || word == "exclude" {
			t.Errorf("go.mod has a directive that go install refuses: %s", line)
		}
	}
}
