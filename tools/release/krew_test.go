package main

import (
	"bytes"
	"debug/elf"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// tool builds a command of the krew module that tools/krew pins.
func tool(t *testing.T, dir, pkg string) string {
	t.Helper()
	path := filepath.Join(dir, "kubectl-"+filepath.Base(pkg))
	host := gobuild.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	if _, err := gobuild.Go(t.Context(), "../krew", host, "build", "-o", path, "sigs.k8s.io/krew/cmd/"+pkg); err != nil {
		t.Fatal(err)
	}
	return path
}

// output runs a program and returns what it prints.
func output(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// A release as a person meets it: the manifest that the archives are recorded
// in, krew, and a kubectl. Only Linux and amd64 is built; for the other platforms
// the manifest has made-up digests, which krew does not look at here.
func TestKrewInstallsARelease(t *testing.T) {
	kubectl, err := filepath.Abs(filepath.Join(os.Getenv("BIN"), "kubectl"))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("BIN") == "" {
		t.Skip("needs the sandbox's kubectl: make test-release")
	}
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		t.Skip("installs the archive for linux/amd64")
	}
	root, err := gobuild.Root()
	if err != nil {
		t.Fatal(err)
	}
	committed, err := readManifest([]byte(krewYAML(t)))
	if err != nil {
		t.Fatal(err)
	}
	at, err := archiveTime()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	platform := gobuild.Platform{OS: "linux", Arch: "amd64"}
	b, err := buildArchive(t.Context(), root, dir, committed.version, platform, at)
	if err != nil {
		t.Fatal(err)
	}
	checkBill(t, b, "k8s.io/client-go", "charm.land/bubbletea/v2")

	t.Run("the committed digest is that of the archive, if the sources are those of the release", func(t *testing.T) {
		from, err := fingerprint(t.Context(), root, gobuild.Platforms())
		if err != nil {
			t.Fatal(err)
		}
		if reason := committed.from.incomparable(from); reason != "" {
			t.Skipf("krew.yaml is of %s, and cannot be compared: %s", committed.version, reason)
		}
		if b.digest != committed.digests[platform] {
			t.Errorf("%s was built, krew.yaml has %s", b.digest, committed.digests[platform])
		}
	})

	manifest, err := rewriteManifest([]byte(krewYAML(t)), committed.version, committed.from,
		buildsOf(func(p gobuild.Platform) string {
			if p == platform {
				return b.digest
			}
			return strings.Repeat("0", 64)
		}))
	if err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(dir, "jetstream.yaml")
	if err := os.WriteFile(built, manifest, 0o644); err != nil {
		t.Fatal(err)
	}
	tools := filepath.Join(dir, "bin")
	if err := os.Mkdir(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	tool(t, tools, "krew")
	validate := tool(t, tools, "validate-krew-manifest")

	t.Run("krew's validator takes both manifests", func(t *testing.T) {
		asCommitted := filepath.Join(t.TempDir(), "jetstream.yaml")
		if err := os.WriteFile(asCommitted, []byte(krewYAML(t)), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{built, asCommitted} {
			output(t, nil, validate, "-manifest", path, "-skip-install")
		}
	})

	krewRoot := filepath.Join(dir, "krew")
	env := []string{
		"KREW_ROOT=" + krewRoot, "KREW_NO_UPGRADE_CHECK=1", "HOME=" + dir,
		"PATH=" + strings.Join([]string{filepath.Join(krewRoot, "bin"), tools, filepath.Dir(kubectl), os.Getenv("PATH")}, string(filepath.ListSeparator)),
	}
	output(t, env, kubectl, "krew", "install", "--manifest", built, "--archive", b.archive)

	t.Run("kubectl finds the plugin and it tells its version", func(t *testing.T) {
		got := output(t, env, kubectl, "jetstream", "version")
		if want := "kubectl-jetstream " + committed.version + "\n"; !strings.HasPrefix(got, want) {
			t.Errorf("%q does not begin with %q", got, want)
		}
		if got := output(t, env, kubectl, "jetstream", "--help"); !strings.Contains(got, "\n  kubectl jetstream ") {
			t.Errorf("the help does not say how the program is called:\n%s", got)
		}
	})

	t.Run("krew installs it from an index of its own", func(t *testing.T) {
		server := httptest.NewServer(http.FileServer(http.Dir(dir)))
		defer server.Close()
		index := t.TempDir()
		if err := os.Mkdir(filepath.Join(index, "plugins"), 0o755); err != nil {
			t.Fatal(err)
		}
		served := strings.ReplaceAll(string(manifest), home+"/releases/download/"+committed.version, server.URL)
		if err := os.WriteFile(filepath.Join(index, "plugins", "jetstream.yaml"), []byte(served), 0o644); err != nil {
			t.Fatal(err)
		}
		git := []string{"-C", index, "-c", "user.name=test", "-c", "user.email=test@example.com"}
		output(t, env, "git", append(git, "init", "--quiet")...)
		output(t, env, "git", append(git, "add", "plugins")...)
		output(t, env, "git", append(git, "commit", "--quiet", "--message", "Add jetstream")...)
		other := append(slices.Clone(env), "KREW_ROOT="+filepath.Join(t.TempDir(), "krew"))
		output(t, other, kubectl, "krew", "index", "add", "jetstream", "file://"+index)
		// Updating the index would look for krew's own first.
		output(t, other, kubectl, "krew", "install", "--no-update-index", "jetstream/jetstream")
		if got := output(t, other, kubectl, "krew", "list"); !strings.Contains(got, "jetstream") {
			t.Errorf("krew lists %q", got)
		}
	})

	store := filepath.Join(krewRoot, "store", "jetstream", committed.version)
	t.Run("the license is installed", func(t *testing.T) {
		if got, want := read(t, filepath.Join(store, "LICENSE")), read(t, filepath.Join(root, "LICENSE")); got != want {
			t.Error("it is another one")
		}
	})

	// The linker keeps no method that nothing can call, as long as nothing calls
	// methods by names that are known at run time only. It is worth a third of the
	// executable, and one import can lose it.
	t.Run("the executable is small", func(t *testing.T) {
		executable := read(t, filepath.Join(store, "kubectl-jetstream"))
		if size := len(executable); size > 40_000_000 {
			t.Errorf("%d bytes; make size lists what it is made of", size)
		}
		archive, err := os.Stat(b.archive)
		if err != nil {
			t.Fatal(err)
		}
		if archive.Size() > 12_000_000 {
			t.Errorf("%d bytes to download; make size lists what they are made of", archive.Size())
		}
		file, err := elf.NewFile(bytes.NewReader([]byte(executable)))
		if err != nil {
			t.Fatal(err)
		}
		if symbols, err := file.Symbols(); err == nil {
			t.Errorf("it has %d symbols", len(symbols))
		}
	})
}
