package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// run executes one command line and returns the exit code. args[0] is the
// name the program was called by. run starts nothing that outlives it.
func run(ctx context.Context, args []string, std streams) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	std.IOStreams = genericiooptions.IOStreams{
		In:     std.In,
		Out:    &pipeWriter{w: std.Out, cancel: cancel},
		ErrOut: &lockedWriter{w: std.ErrOut},
	}
	a := newApp(displayName(args[0]), std)
	a.called, a.args = args[0], args[1:]
	a.later = map[*cobra.Command]func(){}
	root := newRootCommand(a)
	a.giveFlags(root, a.args)
	root.SetArgs(args[1:])
	err := root.ExecuteContext(ctx)
	code := exitCodeFor(ctx, err)
	if err != nil && code != exitBrokenPipe {
		a.printError(ctx, err)
	}
	return code
}

// displayName is what a person types to run this program: a file named
// kubectl-NAME on the PATH is called as `kubectl NAME`, where a dash in
// NAME is written as an underscore in the file name. Any other name stands
// for itself.
func displayName(argv0 string) string {
	base := executableName(argv0)
	if name, ok := strings.CutPrefix(base, "kubectl-"); ok && name != "" {
		return "kubectl " + strings.ReplaceAll(name, "_", "-")
	}
	return base
}

// executableName is the name of the file that the program was called by.
func executableName(argv0 string) string { return strings.TrimSuffix(filepath.Base(argv0), ".exe") }

// app is what the commands share: how to reach the cluster, the streams,
// the clock and the name of the program.
type app struct {
	streams

	name    string   // "kubectl jetstream"
	called  string   // the file that was executed, as it was called
	args    []string // of the command line, behind the name
	cluster *cluster
	now     func() time.Time
	// later adds the flags of the commands that have those of profiles, which are
	// read for them; nil adds them at once.
	later map[*cobra.Command]func()
	// patience bounds a question to the cluster behind the tab key.
	patience time.Duration
	// configuration is what was configured, read when it is first asked for, once
	// the command line is known. It may be wrong: see configured.
	configuration func() *configuration
	// profiles are the built-in profiles, read once. A catalogue that cannot
	// be read is a broken build, which the commands that need a profile
	// report.
	profiles func() []*deploy.Profile
}

func newApp(name string, std streams) *app {
	a := &app{
		streams:  std,
		name:     name,
		cluster:  newCluster(std.ErrOut),
		now:      time.Now,
		patience: completionPatience,
		profiles: sync.OnceValue(func() []*deploy.Profile {
			profiles, err := deploy.Catalog()
			if err != nil {
				return nil
			}
			return profiles
		}),
	}
	a.configuration = sync.OnceValue(a.loadConfiguration)
	return a
}

// withFlags adds flags that take a while to find out, when their command is the one
// that is called.
func (a *app) withFlags(cmd *cobra.Command, add func()) {
	if a.later == nil {
		add()
		return
	}
	a.later[cmd] = add
}

// giveFlags adds the flags that a command line needs: those of its command, or of
// every command where it asks about others.
func (a *app) giveFlags(root *cobra.Command, args []string) {
	if len(args) == 0 {
		return
	}
	about := false
	switch args[0] {
	case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd, "help":
		about = true
	}
	called, _, err := root.Find(args)
	for cmd, add := range a.later {
		if about || err == nil && cmd == called {
			add()
		}
	}
	if about {
		a.completeFlags(root)
	}
}

// quiet says that an error needs no words: the person stopped the command
// themselves, or nobody reads its output.
func quiet(ctx context.Context, err error) bool {
	var stop interruption
	if errors.As(err, &stop) || errors.Is(err, syscall.EPIPE) {
		return true
	}
	return errors.As(context.Cause(ctx), &stop) && errors.Is(err, context.Canceled)
}
