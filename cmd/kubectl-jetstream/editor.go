package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// Editor implements tui.Talk: $VISUAL or $EDITOR on a file that only this person can
// read, as git does it. The variable may hold arguments.
func (b *backend) Editor(text string) (tui.Editing, error) {
	words := strings.Fields(cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi"))
	if len(words) == 0 {
		return tui.Editing{}, errors.New("EDITOR is blank; set it to a program, such as vi")
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return tui.Editing{}, fmt.Errorf("the editor %s was not found; set EDITOR to one that is installed", words[0])
	}
	f, err := os.CreateTemp("", "kubectl-jetstream-*.md")
	if err != nil {
		return tui.Editing{}, fmt.Errorf("preparing a file for the editor: %w", err)
	}
	name := f.Name()
	_, err = f.WriteString(text)
	if err := cmp.Or(err, f.Close()); err != nil {
		_ = os.Remove(name)
		return tui.Editing{}, fmt.Errorf("preparing a file for the editor: %w", err)
	}
	cmd := exec.Command(path, append(words[1:], name)...) //nolint:noctx // It ends when the person ends it.
	cmd.Stderr = b.tty.out                                // standard error waits for the end of the dashboard
	return tui.Editing{Command: cmd, Written: func() (string, error) {
		defer os.Remove(name) //nolint:errcheck // A file of a person's own in the system's place for such.
		text, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("reading what was written in the editor: %w", err)
		}
		return strings.TrimRight(string(text), "\n"), nil
	}}, nil
}
