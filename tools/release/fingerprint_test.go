package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

func TestTheFingerprintChangesWithWhatIsBuiltInAndNothingElse(t *testing.T) {
	t.Parallel()
	fingerprintOf := func(t *testing.T, root string) origin {
		t.Helper()
		from, err := fingerprint(t.Context(), root, []gobuild.Platform{{OS: "linux", Arch: "amd64"}, {OS: "windows", Arch: "amd64"}})
		if err != nil {
			t.Fatal(err)
		}
		return from
	}
	before := fingerprintOf(t, smallPlugin(t, time.Unix(1e9, 0)))
	for _, tt := range []struct {
		name, file, content string
		same                bool
	}{
		{"nothing", "", "", true},
		{"a source file", "cmd/kubectl-jetstream/main.go", "package main\n\nfunc main() {}\n", false},
		{"an embedded file", "cmd/kubectl-jetstream/text", "good-bye\n", false},
		{"a file of one platform", "cmd/kubectl-jetstream/only_windows.go", "package main\n", false},
		{"the license", "LICENSE", "All rights reserved.\n", false},
		{"the version of the language", "go.mod", "module example.com/plugin\n\ngo 1.25.0\n", false},
		{"a file of a platform without release", "cmd/kubectl-jetstream/only_plan9.go", "package main\n", true},
		{"a test", "cmd/kubectl-jetstream/x_test.go", "package main\n\nvar x int\n", true},
		{"a text", "README.md", "Another plugin.\n", true},
		{"the manifest", "krew.yaml", "spec: {}\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := smallPlugin(t, time.Unix(2e9, 0))
			if tt.file != "" {
				if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(tt.file)), []byte(tt.content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if same := fingerprintOf(t, root) == before; same != tt.same {
				t.Errorf("same fingerprint: %t, want %t", same, tt.same)
			}
		})
	}
}
