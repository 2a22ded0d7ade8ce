package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
)

// Exit codes of a command that could not be run, as shells have them.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

func newRun(s streams) *cobra.Command {
	var (
		dir   string
		quiet bool
		flags clusterFlags
	)
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARGUMENT...]",
		Short: "Start a sandbox, run a command in it, and stop it again",
		Long: `Start a sandbox, run a command with KUBECONFIG pointing to it, stop it when the command
ends, and exit with the command's exit code. Without --dir nothing of it is left.`,
		Example: `  jetstream-sandbox run -- kubectl get nodes
  jetstream-sandbox run --speed 60 -- make e2e`,
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := exec.LookPath(args[0])
			if err != nil {
				code := exitNotFound
				if errors.Is(err, os.ErrPermission) {
					code = exitNotExecutable
				}
				return &exitError{code: code, err: fmt.Errorf("finding the command: %w", err)}
			}
			return runCommand(cmd.Context(), s, runOptions{dir: dir, quiet: quiet, flags: flags, path: path, args: args})
		},
	}
	cmd.Flags().SetInterspersed(false)
	cmd.Flags().StringVar(&dir, "dir", "", "directory of the sandbox, which is kept (default: a temporary one)")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "say nothing but errors")
	flags.add(cmd)
	return cmd
}

type runOptions struct {
	dir   string
	quiet bool
	flags clusterFlags
	path  string
	args  []string
}

func runCommand(ctx context.Context, s streams, o runOptions) (err error) {
	dir := o.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "jetstream-sandbox-"); err != nil {
			return fmt.Errorf("making a temporary directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	state, err := statedir.At(dir)
	if err != nil {
		return err
	}
	cfg, err := o.flags.config(state.Path())
	if err != nil {
		return err
	}
	if !o.quiet {
		begin := time.Now()
		cfg.Progress = func(stage cluster.Stage) {
			if stage == cluster.StageReady {
				sayStage(s.err, begin, stage)
			}
		}
	}
	c, err := start(ctx, cfg)
	if err != nil {
		return err
	}
	failed := supervise(ctx, s, c, o, state)
	if err := stop(ctx, c); err != nil {
		fmt.Fprintf(s.err, "jetstream-sandbox: %v\n", err)
	}
	return failed
}

// commandPatience is how long the command may take to end once the cluster is gone.
const commandPatience = 5 * time.Second

// supervise runs the command until it ends. A cluster that fails meanwhile ends it.
func supervise(ctx context.Context, s streams, c *cluster.Cluster, o runOptions, state *statedir.Dir) error {
	child := exec.Command(o.path, o.args[1:]...) //nolint:noctx // ended by signals, so that its exit code is its own
	child.Args[0] = o.args[0]
	child.Stdin, child.Stdout, child.Stderr = s.in, s.out, s.err
	child.Env = append(slices.Clone(s.env), "KUBECONFIG="+state.Kubeconfig(), statedir.EnvDir+"="+state.Path())
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded(s.in)...)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		return &exitError{code: exitNotExecutable, err: fmt.Errorf("starting %s: %w", o.args[0], err)}
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	clusterEnd := make(chan error, 1)
	go func() { clusterEnd <- c.Wait(watching) }()
	var broken error
	for {
		select {
		case sig := <-signals:
			_ = child.Process.Signal(sig)
		case broken = <-clusterEnd:
			if broken == nil {
				broken = errors.New("the sandbox was told to stop")
			}
			clusterEnd = nil
			_ = child.Process.Signal(syscall.SIGTERM)
			// An interactive shell ignores SIGTERM and would sit on a dead cluster.
			patience := time.AfterFunc(commandPatience, func() { _ = child.Process.Kill() })
			defer patience.Stop()
		case err := <-ended:
			if broken != nil {
				return broken
			}
			return commandError(o.args, err)
		}
	}
}

// forwarded are the signals that are passed on to the command. A terminal sends those
// of its keys to the command by itself, which must not get them twice.
func forwarded(in *os.File) []os.Signal {
	all := []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}
	if in != nil && term.IsTerminal(int(in.Fd())) {
		return all
	}
	return append(all, os.Interrupt, syscall.SIGQUIT)
}

// commandError passes the command's exit code on without a word of its own.
func commandError(args []string, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("running %s: %w", strings.Join(args, " "), err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return &exitError{code: 128 + int(status.Signal())}
	}
	return &exitError{code: exit.ExitCode()}
}
