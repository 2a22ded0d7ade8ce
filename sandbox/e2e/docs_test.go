package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// docBlock is a block of shell commands in a document, and what it is to print.
type docBlock struct {
	where    string // file:line
	commands string
	code     int
	prints   []string
}

var (
	docRuns = regexp.MustCompile(`^\s*<!-- runs: sandbox(?:, exit (\d+))? -->$`)
	docText = regexp.MustCompile(`^\s*<!-- prints -->$`)
)

// docBlocks reads the blocks of a document that are marked as running on the sandbox.
// What is marked as printed belongs to the block before it.
func docBlocks(t *testing.T, file string) []docBlock {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []docBlock
	before := ""
	var inside func(line string) // nil outside of marked blocks
	for i, line := range strings.Split(string(text), "\n") {
		bare := strings.TrimSpace(line)
		switch marker := docRuns.FindStringSubmatch(before); {
		case inside != nil && bare == "```":
			inside = nil
		case inside != nil:
			inside(line)
		case bare == "```sh" && marker != nil:
			code, _ := strconv.Atoi(marker[1]) // absent: 0
			blocks = append(blocks, docBlock{where: fmt.Sprintf("%s:%d", file, i+1), code: code})
			b := &blocks[len(blocks)-1]
			inside = func(line string) { b.commands += line + "\n" }
		case strings.HasPrefix(bare, "```") && docText.MatchString(before):
			if len(blocks) == 0 {
				t.Fatalf("%s:%d: nothing ran that could have printed this", file, i+1)
			}
			b := &blocks[len(blocks)-1]
			inside = func(line string) { b.prints = append(b.prints, line) }
		}
		before = line
	}
	return blocks
}

// docTokens is how fast the simulated models write here: what they write is read by nobody.
const docTokens = "1000"

// docWalk is one shell in which documents are followed, from the first block to the
// last, as a reader would: with what was exported, started and written before.
type docWalk struct {
	dir  string // it looks like the clone, where that matters
	sink string // where the shell keeps its variables between blocks
	env  []string
}

func newDocWalk(t *testing.T) *docWalk {
	t.Helper()
	dir, err := os.MkdirTemp("", "jsd-") // paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	clone, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"bin": filepath.Dir(bin("kubectl")), "manifests": filepath.Join(clone, "manifests"), "docs": filepath.Join(clone, "docs"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	w := &docWalk{dir: dir, sink: filepath.Join(dir, ".exported"), env: append(os.Environ(),
		"HOME="+dir, "KUBECONFIG=",
		"JETSTREAM_SANDBOX_DIR="+filepath.Join(dir, "sandbox"),
		"XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"),
	)}
	t.Cleanup(func() {
		down := exec.Command(bin("jetstream-sandbox"), "down") //nolint:noctx // stopping must not depend on the test's context
		down.Env = w.env
		_ = down.Run() // the document has stopped it, unless it failed
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return w
}

// follow runs blocks in order. After one that goes wrong the others mean nothing.
func (w *docWalk) follow(t *testing.T, blocks []docBlock) {
	t.Helper()
	if len(blocks) == 0 {
		t.Fatal("a document has no block that runs on the sandbox any more")
	}
	for _, b := range blocks {
		out, code := w.run(t, b.commands)
		if code != b.code {
			t.Fatalf("%s: exit code %d, want %d:\n%s\n%s", b.where, code, b.code, b.commands, out)
		}
		printed := anyNumbers(out)
		for _, line := range b.prints {
			if !strings.Contains(printed, anyNumbers(line)) {
				t.Errorf("%s: this is not printed:\n%s\nbut this:\n%s", b.where, line, out)
			}
		}
	}
}

// run executes one block in a shell that stops at the first error and has the exported
// variables of the blocks before. What it left in the background ends with it.
func (w *docWalk) run(t *testing.T, commands string) (output string, code int) {
	t.Helper()
	// The same in less time: readers are to see something, tests are to end.
	commands = strings.ReplaceAll(commands, "--speed 60", "--speed "+speed+" --tokens-per-second "+docTokens)
	script := "set -e\n[ ! -e " + w.sink + " ] || . " + w.sink + "\n" + commands + "export -p > " + w.sink + "\n"
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.Env = w.dir, w.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	group := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.Cancel = group
	cmd.WaitDelay = 5 * time.Second
	file, err := os.CreateTemp(w.dir, ".out-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	cmd.Stdout, cmd.Stderr = file, file // a file: what stays in the background keeps no pipe open
	_ = cmd.Run()                       // the exit code tells
	_ = group()                         // there may be nothing left
	out, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

var (
	docNumbers = regexp.MustCompile(`\d+(\.\d+)?`)
	docSpaces  = regexp.MustCompile(`[ \t]+`)
)

// anyNumbers makes texts alike that differ in numbers and in the width of columns.
func anyNumbers(text string) string {
	return docSpaces.ReplaceAllString(docNumbers.ReplaceAllString(text, "0"), " ")
}

// TestCommandsInDocsWorkAsTheyStand follows the tutorial from its first command to its
// last. While its cluster is there, the other documents' commands and the examples of
// each command's help are pasted too: a cluster for each would take minutes.
func TestCommandsInDocsWorkAsTheyStand(t *testing.T) {
	t.Parallel()
	tutorial, readme := docBlocks(t, "docs/tutorial.md"), docBlocks(t, "README.md")
	end := len(tutorial) - 1
	w := newDocWalk(t)
	w.follow(t, tutorial[:end])
	order := []string{
		"docs/commands/jetstream-version.md", "docs/commands/jetstream-options.md", "docs/commands/jetstream-profiles.md",
		"docs/commands/jetstream-config.md", "docs/commands/jetstream-config-path.md", "docs/commands/jetstream-config-view.md",
		"docs/commands/jetstream-completion.md", "docs/commands/jetstream-completion-bash.md",
		"docs/commands/jetstream-completion-fish.md", "docs/commands/jetstream-completion-zsh.md",
		"docs/commands/jetstream.md", "docs/commands/jetstream-up.md", "docs/commands/jetstream-render.md",
		"docs/commands/jetstream-status.md", "docs/commands/jetstream-logs.md", "docs/commands/jetstream-generate.md",
		"docs/commands/jetstream-chat.md",
		"docs/commands/jetstream-forward.md", "docs/profiles.md", "docs/json.md", "docs/permissions.md",
		"docs/commands/jetstream-down.md", "docs/gke.md",
	}
	for _, file := range order {
		w.follow(t, docBlocks(t, file))
	}
	w.follow(t, readme[:1]) // for people who have a cluster
	w.follow(t, tutorial[end:])
	w.follow(t, readme[1:]) // on a sandbox of its own
	for _, file := range documents(t) {
		if !slices.Contains(append(order, "README.md", "docs/tutorial.md"), file) && len(docBlocks(t, file)) > 0 {
			t.Errorf("%s has commands that are said to run on the sandbox, and no test runs them", file)
		}
	}
}

// documents lists all files with prose for users, relative to the clone.
func documents(t *testing.T) []string {
	t.Helper()
	clone := filepath.Join("..", "..")
	files := []string{"README.md"}
	err := filepath.WalkDir(filepath.Join(clone, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		file, err := filepath.Rel(clone, path)
		files = append(files, filepath.ToSlash(file))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
