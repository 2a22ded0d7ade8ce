package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// installation is a directory on the PATH with a plugin in it.
type installation struct {
	*completionInstall

	bin string
	out *bytes.Buffer
}

func newInstallation(t *testing.T, plugin string) *installation {
	t.Helper()
	bin, out := t.TempDir(), &bytes.Buffer{}
	called := filepath.Join(bin, plugin)
	if err := os.WriteFile(called, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	a := newApp(displayName(called), streams{IOStreams: genericiooptions.IOStreams{Out: out, ErrOut: out}})
	a.called = called
	return &installation{
		completionInstall: &completionInstall{
			app: a, goos: "linux", path: []string{bin},
			lookPath: func(name string) (string, error) {
				if filepath.Base(name) == name {
					name = filepath.Join(bin, name)
				}
				return exec.LookPath(name)
			},
		},
		bin: bin, out: out,
	}
}

func (i *installation) mustRun(t *testing.T) string {
	t.Helper()
	i.out.Reset()
	if err := i.run(); err != nil {
		t.Fatal(err)
	}
	return i.out.String()
}

func TestCompletionInstallWritesWhatKubectlLooksFor(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "kubectl-tpu_chat")
	said := i.mustRun(t)
	path := filepath.Join(i.bin, "kubectl_complete-tpu_chat")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "#!/bin/sh\n# " + completerMark + "\nexec kubectl-tpu_chat __complete \"$@\" 2>/dev/null\n"
	if string(text) != want {
		t.Errorf("wrote\n%s\nwant\n%s", text, want)
	}
	if _, err := exec.LookPath(path); err != nil {
		t.Errorf("it cannot be executed: %v", err)
	}
	for _, words := range []string{"Wrote " + path, "'kubectl tpu-chat <TAB>'", "kubectl tpu-chat completion install --uninstall"} {
		if !strings.Contains(said, words) {
			t.Errorf("it does not say %q:\n%s", words, said)
		}
	}
	if again := i.mustRun(t); !strings.Contains(again, path+" is there already") {
		t.Errorf("a second time it says\n%s", again)
	}
	if entries, err := os.ReadDir(i.bin); err != nil || len(entries) != 2 {
		t.Errorf("there are %v besides (%v)", entries, err)
	}

	i.uninstall = true
	if said := i.mustRun(t); said != "Removed "+path+".\n" {
		t.Errorf("removing says %q", said)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	if said := i.mustRun(t); said != "There is no "+path+" to remove.\n" {
		t.Errorf("removing again says %q", said)
	}
}

func TestCompletionInstallReplacesItsOwnEarlierFile(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "kubectl-jetstream")
	path := filepath.Join(i.bin, "kubectl_complete-jetstream")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n# "+completerMark+"\nsomething else\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	i.mustRun(t)
	if text, err := os.ReadFile(path); err != nil || string(text) != completer("linux", "kubectl-jetstream") {
		t.Errorf("it holds %q (%v)", text, err)
	}
}

func TestCompletionInstallLeavesTheFilesOfOthersAlone(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(t *testing.T, path string){
		"a program": func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte("#!/bin/sh\necho mine\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		},
		"a link, even to one of ours": func(t *testing.T, path string) {
			t.Helper()
			target := filepath.Join(t.TempDir(), "x")
			if err := os.WriteFile(target, []byte(completer("linux", "kubectl-jetstream")), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
		},
		"a directory": func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, uninstall := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				i := newInstallation(t, "kubectl-jetstream")
				i.uninstall = uninstall
				path := filepath.Join(i.bin, "kubectl_complete-jetstream")
				place(t, path)
				before, err := os.Lstat(path)
				if err != nil {
					t.Fatal(err)
				}
				err = i.run()
				if err == nil || !strings.Contains(err.Error(), path+" was not written by this program") {
					t.Errorf("the error is %v", err)
				}
				after, err := os.Lstat(path)
				if err != nil || !os.SameFile(before, after) || before.ModTime() != after.ModTime() {
					t.Errorf("it was touched: %v", err)
				}
			})
		}
	}
}

func TestCompletionInstallSaysWhatKeepsKubectlFromFindingIt(t *testing.T) {
	t.Parallel()
	t.Run("a directory that is not on the PATH", func(t *testing.T) {
		t.Parallel()
		i := newInstallation(t, "kubectl-jetstream")
		i.dir = t.TempDir()
		if said := i.mustRun(t); !strings.Contains(said, i.dir+" is not on the PATH") || !strings.Contains(said, "--dir "+i.dir+" --uninstall") {
			t.Errorf("it says\n%s", said)
		}
	})
	t.Run("another one that comes first", func(t *testing.T) {
		t.Parallel()
		i := newInstallation(t, "kubectl-jetstream")
		other := filepath.Join(i.bin, "kubectl_complete-jetstream")
		if err := os.WriteFile(other, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		i.dir = t.TempDir()
		i.path = append(i.path, i.dir)
		if said := i.mustRun(t); !strings.Contains(said, other+" comes first on the PATH") {
			t.Errorf("it says\n%s", said)
		}
	})
	t.Run("a plugin that was called by its path", func(t *testing.T) {
		t.Parallel()
		i := newInstallation(t, "kubectl-jetstream")
		i.lookPath = exec.LookPath
		if _, err := exec.LookPath("kubectl-jetstream"); err != nil {
			if said := i.mustRun(t); !strings.Contains(said, "kubectl-jetstream is not on the PATH") {
				t.Errorf("it says\n%s", said)
			}
		}
	})
	t.Run("a directory that does not exist", func(t *testing.T) {
		t.Parallel()
		i := newInstallation(t, "kubectl-jetstream")
		i.dir = filepath.Join(i.bin, "nowhere")
		if err := i.run(); err == nil || !strings.Contains(err.Error(), "--dir: ") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("a name that kubectl does not call", func(t *testing.T) {
		t.Parallel()
		i := newInstallation(t, "jetstream")
		if err := i.run(); err == nil || !strings.Contains(err.Error(), "'jetstream completion bash'") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestCompleterOfWindows(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "kubectl-jetstream")
	i.goos = "windows"
	i.mustRun(t)
	text, err := os.ReadFile(filepath.Join(i.bin, "kubectl_complete-jetstream.cmd"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "@rem " + completerMark + "\r\n@\"kubectl-jetstream\" __complete %* 2>NUL\r\n"; string(text) != want {
		t.Errorf("wrote %q, want %q", text, want)
	}
}
