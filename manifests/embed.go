// Package manifests holds every Kubernetes object the plugin can apply, as
// plain YAML: the release manifests of LeaderWorkerSet (LWS) and one
// directory for each serving profile. It is a package only because go:embed
// cannot reach upwards; it parses nothing and depends on the standard
// library alone.
package manifests

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

//go:generate go run -C ../tools ./lwsmanifests -out ../manifests/lws v0.9.0 v0.6.1

// DefaultLWSVersion is the LeaderWorkerSet release installed when none is
// asked for.
const DefaultLWSVersion = "v0.9.0"

var (
	//go:embed lws/*/manifests.yaml
	lws embed.FS
	//go:embed profiles/*/profile.yaml profiles/*/workload.yaml
	profiles embed.FS
)

// LWSVersions returns the embedded LeaderWorkerSet releases, newest first.
func LWSVersions() []string {
	return []string{"v0.9.0", "v0.6.1"}
}

// LWS returns the release manifest of one embedded LeaderWorkerSet version,
// a multi-document YAML stream.
func LWS(version string) ([]byte, error) {
	if !slices.Contains(LWSVersions(), version) {
		return nil, fmt.Errorf("LeaderWorkerSet %q is not embedded; there are %v", version, LWSVersions())
	}
	return lws.ReadFile(path.Join("lws", version, "manifests.yaml"))
}

// Profiles returns the serving profiles: one directory each, holding
// profile.yaml and workload.yaml.
func Profiles() fs.FS {
	sub, err := fs.Sub(profiles, "profiles")
	if err != nil {
		// Sub fails only for an invalid path, and this one is a constant;
		// the whole tree still answers every question with an error.
		return profiles
	}
	return sub
}
