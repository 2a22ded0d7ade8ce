package main

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker for releases; otherwise the version that the
// Go toolchain recorded is used.
var version string

// versionInfo is what the Go toolchain recorded in the executable.
type versionInfo struct {
	Version    string `json:"version"`             // tag, pseudo-version or "(devel)"
	Commit     string `json:"commit,omitempty"`    // full hash
	CommitTime string `json:"committed,omitempty"` // RFC 3339
	Modified   bool   `json:"modified,omitempty"`  // built from a changed tree
	Go         string `json:"goVersion"`
	Platform   string `json:"platform"`
	Kubernetes string `json:"clientGo,omitempty"` // version of the client library
}

func buildVersion() versionInfo {
	v := versionInfo{Version: "(devel)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = cmp.Or(version, info.Main.Version, v.Version)
	v.Go = info.GoVersion
	var goos, goarch string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.CommitTime = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		case "GOOS":
			goos = s.Value
		case "GOARCH":
			goarch = s.Value
		}
	}
	v.Platform = goos + "/" + goarch
	for _, dep := range info.Deps {
		if dep.Path == "k8s.io/client-go" {
			v.Kubernetes = dep.Version
		}
	}
	return v
}

const versionLong = `Print the version of this program.

With it stand the commit that it was built from, if the Go toolchain recorded one, the
Go release, the platform, and the version of the Kubernetes client library. No cluster
is asked, and nothing looks for a newer version.`

const versionExample = `  # For a bug report
  %[1]s version

  # For a script
  %[1]s version -o json`

func newVersionCommand(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Long:    versionLong,
		Example: fmt.Sprintf(versionExample, a.name),
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := buildVersion()
			if output != "" {
				return printData(a.Out, output, v)
			}
			line := "kubectl-jetstream " + v.Version
			if v.Commit != "" {
				line += fmt.Sprintf(" (commit %.12s)", v.Commit)
			}
			_, err := fmt.Fprintf(a.Out, "%s\n%s %s, client-go %s\n", line, v.Go, v.Platform, v.Kubernetes)
			return err
		},
	}
	addDataOutputFlag(cmd.Flags(), &output)
	return cmd
}
