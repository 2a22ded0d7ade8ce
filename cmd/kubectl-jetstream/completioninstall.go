package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

const completionInstallLong = `Make '%[1]s <TAB>' complete.

kubectl 1.26 and later asks a program named %[2]s on the PATH
what may come next. This writes one, next to this program or into --dir: two lines
that ask %[3]s. A file of that name that something else has written
is left alone. Nothing else is changed: kubectl's own completion has to be set up
('kubectl completion --help' says how).`

const completionInstallExample = `  # Next to this program
  %[1]s completion install

  # In another directory on the PATH
  %[1]s completion install --dir ~/bin

  # Remove it
  %[1]s completion install --uninstall`

func newCompletionInstallCommand(a *app) *cobra.Command {
	o := &completionInstall{app: a, goos: runtime.GOOS, lookPath: exec.LookPath, path: filepath.SplitList(os.Getenv("PATH"))}
	name, err := completerName(executableName(a.called))
	if err != nil {
		name = "kubectl_complete-NAME"
	}
	cmd := &cobra.Command{
		Use:     "install",
		Short:   "Make completion work for " + a.name,
		Long:    fmt.Sprintf(completionInstallLong, a.name, name, executableName(a.called)),
		Example: fmt.Sprintf(completionInstallExample, a.name),
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return forCommand(cmd, o.run())
		},
		ValidArgsFunction: words(),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.dir, "dir", "", "write it into this `directory`, which should be on the PATH (default: that of this program)")
	flags.BoolVar(&o.uninstall, "uninstall", false, "remove it again")
	return cmd
}

// completionInstall writes or removes the program that kubectl asks.
type completionInstall struct {
	*app

	dir       string
	uninstall bool

	goos     string
	lookPath func(name string) (string, error)
	path     []string // the directories of PATH
}

// completerName is the name of the program that kubectl asks for completions of
// a plugin with this file name.
func completerName(executable string) (string, error) {
	name, ok := strings.CutPrefix(executable, "kubectl-")
	if !ok || name == "" {
		return "", usagef("this program was called as %s, which kubectl does not call as a plugin; '%s completion bash' prints a script for this name",
			executable, executable)
	}
	return "kubectl_complete-" + name, nil
}

// completerMark is how a file is recognised as one that this program wrote.
const completerMark = "Completes a kubectl plugin. Written by its command: completion install"

// completer is the program that kubectl asks. It finds the plugin on the PATH, as
// kubectl does, so it stays right when a plugin manager moves the plugin. What
// goes wrong is not the business of the person who presses a key.
func completer(goos, executable string) string {
	if goos == "windows" {
		return "@rem " + completerMark + "\r\n@\"" + executable + "\" __complete %* 2>NUL\r\n"
	}
	return "#!/bin/sh\n# " + completerMark + "\nexec " + shellQuote(executable) + ` __complete "$@" 2>/dev/null` + "\n"
}

func (o *completionInstall) run() error {
	name, err := completerName(executableName(o.called))
	if err != nil {
		return err
	}
	if o.goos == "windows" {
		name += ".cmd"
	}
	dir, err := o.directory()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, name)
	there, err := o.existing(path)
	if err != nil {
		return err
	}
	if o.uninstall {
		return o.remove(path, there)
	}
	text := completer(o.goos, executableName(o.called))
	if there == text {
		fmt.Fprintf(o.Out, "%s is there already.\n", path)
	} else if err := writeProgram(path, text); err != nil {
		return o.notWritable(dir, err)
	} else {
		fmt.Fprintf(o.Out, "Wrote %s, which kubectl 1.26 and later asks for '%s <TAB>'.\n", path, o.name)
	}
	o.tellWhatIsMissing(name, path, dir)
	fmt.Fprintf(o.Out, "Remove it with:\n  %s\n", o.undo())
	return nil
}

// undo is the command that removes what was written.
func (o *completionInstall) undo() string {
	line := o.name + " completion install"
	if o.dir != "" {
		line += " --dir " + shellQuote(o.dir)
	}
	return line + " --uninstall"
}

// directory is where the program goes.
func (o *completionInstall) directory() (string, error) {
	if o.dir != "" {
		info, err := os.Stat(o.dir)
		switch {
		case err != nil:
			return "", usagef("--dir: %w", err)
		case !info.IsDir():
			return "", usagef("--dir %s is not a directory", o.dir)
		}
		return filepath.Abs(o.dir)
	}
	// The name that was called, not what it is a link to: plugin managers keep
	// programs elsewhere and put links on the PATH.
	called, err := o.lookPath(o.called)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", fmt.Errorf("finding the directory of this program: %w; name one with --dir", err)
	}
	return filepath.Abs(filepath.Dir(called))
}

// existing is the text of the file that is there, empty if there is none. One that
// this program did not write is an error.
func (o *completionInstall) existing(path string) (string, error) {
	foreign := fmt.Errorf("%s was not written by this program, so it is left alone; remove it yourself, or choose another directory with --dir", path)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("looking at what is there: %w", err)
	case !info.Mode().IsRegular() || info.Size() > 4096:
		return "", foreign
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("looking at what is there: %w", err)
	}
	if !strings.Contains(string(text), completerMark) {
		return "", foreign
	}
	return string(text), nil
}

func (o *completionInstall) remove(path, there string) error {
	if there == "" {
		fmt.Fprintf(o.Out, "There is no %s to remove.\n", path)
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing the completion: %w", err)
	}
	fmt.Fprintf(o.Out, "Removed %s.\n", path)
	return nil
}

// tellWhatIsMissing names what keeps kubectl from finding the program.
func (o *completionInstall) tellWhatIsMissing(name, path, dir string) {
	if !slices.ContainsFunc(o.path, func(d string) bool { return sameFile(d, dir) }) {
		fmt.Fprintf(o.Out, "%s is not on the PATH, so kubectl does not find it yet.\n", dir)
		return
	}
	if found, err := o.lookPath(name); err == nil && !sameFile(found, path) {
		fmt.Fprintf(o.Out, "%s comes first on the PATH, so kubectl asks that one.\n", found)
	}
	if _, err := o.lookPath(executableName(o.called)); err != nil {
		fmt.Fprintf(o.Out, "%s is not on the PATH, so kubectl does not find the plugin itself.\n", executableName(o.called))
	}
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// notWritable says where else it could be written.
func (o *completionInstall) notWritable(dir string, err error) error {
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the completion: %w", err)
	}
	return fmt.Errorf("writing the completion into %s: %w; choose a directory on the PATH that you can write, with --dir", dir, err)
}

// writeProgram writes an executable file. Written beside and renamed, it is whole
// or not there.
func writeProgram(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".kubectl_complete-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(text)
	if err = cmp.Or(err, f.Chmod(0o755), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
