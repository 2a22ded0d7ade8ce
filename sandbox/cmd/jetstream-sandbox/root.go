package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/control"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
)

// Exit codes; "run" passes on that of its command.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitNotRunning = 3
)

// streams are where a command reads and writes: data goes to out, words for people to
// err.
type streams struct {
	in  *os.File
	out io.Writer
	err io.Writer
	env []string // for the command that run starts
}

// exitError ends the program with a code. Its error may be nil where all has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{code: exitFailed, err: err}
	}
	if exit.err != nil {
		fmt.Fprintf(s.err, "jetstream-sandbox: %v\n", exit.err)
	}
	return exit.code
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "jetstream-sandbox",
		Short: "A Kubernetes cluster with simulated TPU nodes in one process",
		Long: `jetstream-sandbox runs a Kubernetes cluster with simulated TPU nodes in one process.

The control plane is real: etcd, kube-apiserver, kube-controller-manager,
kube-scheduler, and the LeaderWorkerSet controller once it is installed. The nodes,
their kubelets and the containers of the serving stack are simulated; so is every
text that the model writes. It needs no privileges and is reachable from this
machine alone.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(s.err)
			_ = cmd.Help()
			return &exitError{code: exitUsage}
		},
	}
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &exitError{code: exitUsage, err: fmt.Errorf("%w; see \"%s --help\"", err, cmd.CommandPath())}
	})
	root.AddCommand(newUp(s), newDown(s), newStatus(s), newRun(s), newKubeconfig(s), newScenario(s), newRestartAPIServer(s))
	return root
}

// usage makes a check of arguments end with the exit code of a usage error.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &exitError{code: exitUsage, err: fmt.Errorf("%w; see \"%s --help\"", err, cmd.CommandPath())}
		}
		return nil
	}
}

// addDir adds the option that says which sandbox is meant.
func addDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "directory of the sandbox (default: $"+statedir.EnvDir+", else "+fallbackDir+")")
	_ = cmd.MarkFlagDirname("dir")
}

// fallbackDir is how help texts call the default directory.
const fallbackDir = "~/.local/state/jetstream-sandbox"

// openDir is the directory of the option, or the default one.
func openDir(option string) (*statedir.Dir, error) {
	if option == "" {
		var err error
		if option, err = statedir.Default(); err != nil {
			return nil, err
		}
	}
	return statedir.At(option)
}

// errNotRunning tells that nothing runs in a directory, and how to change that.
func errNotRunning(dir *statedir.Dir) error {
	return &exitError{code: exitNotRunning, err: fmt.Errorf("no sandbox runs in %s; start one with \"%s\"", dir.Path(), withDir("jetstream-sandbox up --detach", dir))}
}

// connect returns a client of the sandbox that runs in the directory.
func connect(option string) (*control.Client, *statedir.Dir, error) {
	dir, err := openDir(option)
	if err != nil {
		return nil, nil, err
	}
	used, err := dir.InUse()
	if err != nil {
		return nil, nil, err
	}
	if !used {
		return nil, dir, errNotRunning(dir)
	}
	record, err := dir.ReadRecord()
	if err != nil {
		return nil, nil, err
	}
	return control.NewClient(statedir.ControlSocket(record.Sockets)), dir, nil
}

// withDir completes a command to be typed with the option that names the directory,
// where it is needed.
func withDir(command string, dir *statedir.Dir) string {
	if standard, err := openDir(""); err == nil && standard.Path() == dir.Path() {
		return command
	}
	return command + " --dir " + quote(dir.Path())
}

// quote makes a word safe to paste into a shell.
func quote(word string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@+,"
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// shorten writes the home directory as people do.
func shorten(path string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	if rest, err := filepath.Rel(home, path); err == nil && filepath.IsLocal(rest) {
		return filepath.Join("~", rest)
	}
	return path
}
