package shell_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/shell"
)

// knowing is a program with a command of its own.
type knowing struct{ container.ProgramFunc }

func (knowing) Exec(_ context.Context, _ *container.Process, command []string, _ io.Reader, stdout, _ io.Writer) (int, bool) {
	if command[0] != "nvidia-smi" && command[0] != "hostname" {
		return 0, false
	}
	_, err := io.WriteString(stdout, "own "+strings.Join(command, " ")+"\n")
	if err != nil {
		return 1, true
	}
	return 4, true
}

func newShell(t *testing.T, program container.Program) *shell.Shell {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"a.txt": "alpha\n", "sub/b.txt": "beta\n"}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "escape")); err != nil {
		t.Fatal(err)
	}
	return &shell.Shell{
		Program: program,
		Process: &container.Process{
			PodIP: netip.MustParseAddr("10.244.0.5"), Env: map[string]string{"HOSTNAME": "pod-0", "A": "1", "EMPTY": ""},
			Mounts: map[string]string{"/data": dir, "/data/deep/er": dir},
		},
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		command        []string
		stdin          string
		stdout, stderr string
		exit           int
	}{
		{name: "hostname", command: []string{"hostname"}, stdout: "pod-0\n"},
		{name: "hostname by its path", command: []string{"/bin/hostname", "-i"}, stdout: "10.244.0.5\n"},
		{name: "the environment in order", command: []string{"env"}, stdout: "A=1\nEMPTY=\nHOSTNAME=pod-0\n"},
		{name: "one variable", command: []string{"printenv", "A"}, stdout: "1\n"},
		{name: "a variable that is not set", command: []string{"printenv", "B"}, exit: 1},
		{name: "echo", command: []string{"echo", "a", "b"}, stdout: "a b\n"},
		{name: "echo without a newline", command: []string{"echo", "-n", "a"}, stdout: "a"},
		{name: "true", command: []string{"true"}},
		{name: "false", command: []string{"/usr/bin/false"}, exit: 1},
		{name: "cat of a file", command: []string{"cat", "/data/a.txt", "/data/sub/b.txt"}, stdout: "alpha\nbeta\n"},
		{name: "cat of the hostname", command: []string{"cat", "/etc/hostname"}, stdout: "pod-0\n"},
		{name: "cat of the input", command: []string{"cat"}, stdin: "in", stdout: "in"},
		{name: "cat of a folder", command: []string{"cat", "/data/sub"}, stderr: "cat: /data/sub: Is a directory\n", exit: 1},
		{name: "cat outside the mounts", command: []string{"cat", "/etc/passwd"}, stderr: "cat: /etc/passwd: No such file or directory\n", exit: 1},
		{name: "cat above a mount", command: []string{"cat", "/data/../etc/passwd"}, stderr: "cat: /data/../etc/passwd: No such file or directory\n", exit: 1},
		{name: "ls of a folder", command: []string{"ls", "-l", "/data"}, stdout: "a.txt\ndeep\nescape\nsub\n"},
		{name: "ls of the root", command: []string{"ls"}, stdout: "data\n"},
		{name: "ls of nothing", command: []string{"ls", "/nope"}, stderr: "ls: cannot access '/nope': No such file or directory\n", exit: 2},
		{name: "a script", command: []string{"sh", "-c", "echo one; echo two"}, stdout: "one\ntwo\n"},
		{name: "a script's variables and quotes", command: []string{"sh", "-c", `echo "$A ${A}x" '$A' \$A $B"" a"b"c`}, stdout: "1 1x $A $A  abc\n"},
		{name: "and, or", command: []string{"sh", "-c", "true && echo yes || echo no; false && echo yes || echo no"}, stdout: "yes\nno\n"},
		{name: "a script's exit", command: []string{"sh", "-ec", "exit 9; echo never"}, exit: 9},
		{name: "a script's last code", command: []string{"sh", "-c", "echo a; false"}, stdout: "a\n", exit: 1},
		{name: "a comment", command: []string{"sh", "-c", "# nothing\necho a#b # c"}, stdout: "a#b\n"},
		{name: "an unknown command in a script", command: []string{"sh", "-c", "curl x"}, stderr: "sh: 1: curl: not found\n", exit: 127},
		{name: "a script from the input", command: []string{"sh"}, stdin: "echo a\nexit 3\necho b\n", stdout: "a\n", exit: 3},
		{name: "an open quote", command: []string{"sh", "-c", `echo "a`}, stderr: "sh: 1: syntax error: unterminated quoted string\n", exit: 2},
		{
			name: "a pipe", command: []string{"sh", "-c", "echo a | cat"},
			stderr: "sh: 1: the simulated shell knows no pipes, redirections or background jobs\n", exit: 2,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code, err := newShell(t, nil).Run(t.Context(), c.command, shell.Streams{In: strings.NewReader(c.stdin), Out: &stdout, Err: &stderr})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.stdout, stdout.String()); diff != "" {
				t.Errorf("the output differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.stderr, stderr.String()); diff != "" {
				t.Errorf("the complaints differ (-want +got):\n%s", diff)
			}
			if code != c.exit {
				t.Errorf("the exit code is %d, want %d", code, c.exit)
			}
		})
	}
}

func TestLinksCannotLeaveAMount(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code, err := newShell(t, nil).Run(t.Context(), []string{"cat", "/data/escape"}, shell.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	if err != nil || code == 0 || stdout.Len() > 0 {
		t.Errorf("cat of a link to the outside gives %q, exit code %d and %v", stdout.String(), code, err)
	}
}

func TestProgramsCommandsComeFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		command []string
		want    string
		exit    int
	}{
		{"a command of the program", []string{"nvidia-smi", "-L"}, "own nvidia-smi -L\n", 4},
		{"a command that both know", []string{"hostname"}, "own hostname\n", 4},
		{"a command of the program in a script", []string{"sh", "-c", "nvidia-smi || echo failed"}, "own nvidia-smi\nfailed\n", 0},
		{"a command that it does not know", []string{"echo", "x"}, "x\n", 0},
	} {
		var out bytes.Buffer
		code, err := newShell(t, knowing{}).Run(t.Context(), c.command, shell.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard})
		if err != nil || out.String() != c.want || code != c.exit {
			t.Errorf("%s: got %q, %d and %v, want %q and %d", c.name, out.String(), code, err, c.want, c.exit)
		}
	}
}

func TestUnknownCommandsAreErrors(t *testing.T) {
	t.Parallel()
	_, err := newShell(t, nil).Run(t.Context(), []string{"curl"}, shell.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	if !errors.Is(err, shell.ErrNotFound) || err.Error() != `exec: "curl": executable file not found in $PATH` {
		t.Errorf("got %v", err)
	}
	if _, err := newShell(t, nil).Run(t.Context(), nil, shell.Streams{}); err == nil {
		t.Error("no command at all is accepted")
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, nil)
		streams := shell.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
		began := time.Now()
		if code, err := s.Run(t.Context(), []string{"sleep", "2.5"}, streams); code != 0 || err != nil || time.Since(began) != 2500*time.Millisecond {
			t.Errorf("it gives %d and %v after %v", code, err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if code, err := s.Run(ctx, []string{"sh", "-c", "sleep 60; echo late"}, streams); code != 137 || err != nil {
			t.Errorf("cut off it gives %d and %v, want 137", code, err)
		}
	})
}

func FuzzScript(f *testing.F) {
	for _, seed := range []string{"echo a", `echo "$A"`, "true && false || exit 3", "a ; b", `\`, "${A", "'", "# c", "echo $1 $"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "sleep") {
			t.Skip("takes its time")
		}
		s := &shell.Shell{Process: &container.Process{Env: map[string]string{"A": "1"}}}
		var out bytes.Buffer
		code, err := s.Run(t.Context(), []string{"sh", "-c", text}, shell.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard})
		if err != nil || code < 0 || code > 255 {
			t.Errorf("%q gives exit code %d and %v", text, code, err)
		}
	})
}
