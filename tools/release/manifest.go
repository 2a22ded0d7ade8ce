package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// home is where releases are published.
const home = "https://github.com/kubectl-jetstream/kubectl-jetstream"

// Annotations of the manifest that say what its digests are of, so that
// anybody can tell whether they have the sources to compare them with.
const (
	sourcesAnnotation = "kubectl-jetstream.github.io/sources"
	goAnnotation      = "kubectl-jetstream.github.io/go"
)

// archiveURL is the address of a release's archive.
func archiveURL(version string, p gobuild.Platform) string {
	return home + "/releases/download/" + version + "/" + archiveName(version, p)
}

// origin says what archives were built from.
type origin struct {
	sources string // fingerprint
	release string // of Go
}

// rewriteManifest puts a version, what it was built from, and the addresses and
// digests of its archives into a krew manifest. All else stays as it is written,
// comments included.
func rewriteManifest(manifest []byte, version string, from origin, builds []build) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(manifest, &document); err != nil {
		return nil, fmt.Errorf("reading krew.yaml: %w", err)
	}
	root := document.Content[0]
	set := func(value string, path ...string) error {
		node, err := lookUp(root, path...)
		if err != nil {
			return fmt.Errorf("krew.yaml: %w", err)
		}
		node.Value = value
		return nil
	}
	if err := errors.Join(
		set(version, "spec", "version"),
		set(from.sources, "metadata", "annotations", sourcesAnnotation),
		set(from.release, "metadata", "annotations", goAnnotation),
	); err != nil {
		return nil, err
	}
	platforms, err := lookUp(root, "spec", "platforms")
	if err != nil {
		return nil, fmt.Errorf("krew.yaml: %w", err)
	}
	if len(platforms.Content) != len(builds) {
		return nil, fmt.Errorf("krew.yaml lists %d platforms, and %d were built", len(platforms.Content), len(builds))
	}
	for _, node := range platforms.Content {
		if err := setPlatform(node, version, builds); err != nil {
			return nil, fmt.Errorf("krew.yaml: %w", err)
		}
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(&document); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

func setPlatform(node *yaml.Node, version string, builds []build) error {
	var goos, arch, uri, sum *yaml.Node
	for _, field := range []struct {
		into **yaml.Node
		path []string
	}{
		{&goos, []string{"selector", "matchLabels", "os"}},
		{&arch, []string{"selector", "matchLabels", "arch"}},
		{&uri, []string{"uri"}},
		{&sum, []string{"sha256"}},
	} {
		found, err := lookUp(node, field.path...)
		if err != nil {
			return err
		}
		*field.into = found
	}
	platform := gobuild.Platform{OS: goos.Value, Arch: arch.Value}
	at := slices.IndexFunc(builds, func(b build) bool { return b.platform == platform })
	if at < 0 {
		return fmt.Errorf("platform %s was not built", platform)
	}
	uri.Value, sum.Value = archiveURL(version, platform), builds[at].digest
	return nil
}

// lookUp follows keys through mappings.
func lookUp(node *yaml.Node, path ...string) (*yaml.Node, error) {
	for i, key := range path {
		value := valueOf(node, key)
		if value == nil {
			return nil, fmt.Errorf("%s is missing", strings.Join(path[:i+1], "."))
		}
		node = value
	}
	return node, nil
}

// valueOf is the value of a key in a mapping, or nil. A mapping holds its keys
// and values in turn.
func valueOf(node *yaml.Node, key string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for pair := range slices.Chunk(node.Content, 2) {
		if pair[0].Value == key {
			return pair[1]
		}
	}
	return nil
}

// recorded is what a manifest says of its release.
type recorded struct {
	version string
	from    origin
	digests map[gobuild.Platform]string
}

func readManifest(manifest []byte) (recorded, error) {
	var m struct {
		Metadata struct {
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"metadata"`
		Spec struct {
			Version   string `yaml:"version"`
			Platforms []struct {
				Sha256   string `yaml:"sha256"`
				Selector struct {
					MatchLabels struct{ OS, Arch string } `yaml:"matchLabels"`
				} `yaml:"selector"`
			} `yaml:"platforms"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal(manifest, &m); err != nil {
		return recorded{}, fmt.Errorf("reading krew.yaml: %w", err)
	}
	r := recorded{
		version: m.Spec.Version,
		from:    origin{sources: m.Metadata.Annotations[sourcesAnnotation], release: m.Metadata.Annotations[goAnnotation]},
		digests: map[gobuild.Platform]string{},
	}
	for _, p := range m.Spec.Platforms {
		r.digests[gobuild.Platform{OS: p.Selector.MatchLabels.OS, Arch: p.Selector.MatchLabels.Arch}] = p.Sha256
	}
	return r, nil
}
