package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

// ErrNotFound is returned for commands that the container does not have.
var ErrNotFound = errors.New("executable file not found in $PATH")

// Exit codes of a POSIX shell.
const (
	exitFailure  = 1
	exitUsage    = 2
	exitNotFound = 127
	exitKilled   = 137
)

// Streams are the three streams of a command; none may be nil.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Shell runs commands in one container.
type Shell struct {
	// Process is the container's main process, whose surroundings commands share.
	Process *container.Process
	// Program may know commands of its own.
	Program container.Program
}

// Run runs a command to its end, or until ctx ends. The error is ErrNotFound or
// tells that the command line is empty; everything else is an exit code.
func (s *Shell) Run(ctx context.Context, command []string, streams Streams) (exitCode int, err error) {
	if len(command) == 0 {
		return 0, errors.New("no command given")
	}
	if execer, ok := s.Program.(container.Execer); ok {
		if code, handled := execer.Exec(ctx, s.Process, command, streams.In, streams.Out, streams.Err); handled {
			return code, nil
		}
	}
	name := strings.TrimPrefix(strings.TrimPrefix(command[0], "/usr"), "/bin/")
	run, ok := s.builtin(name)
	if !ok {
		return 0, fmt.Errorf("exec: %q: %w", command[0], ErrNotFound)
	}
	return run(ctx, command[1:], streams), nil
}

type builtin func(ctx context.Context, args []string, streams Streams) int

func (s *Shell) builtin(name string) (builtin, bool) {
	switch name {
	case "cat":
		return s.cat, true
	case "echo":
		return echo, true
	case "env", "printenv":
		return s.env, true
	case "false":
		return func(context.Context, []string, Streams) int { return exitFailure }, true
	case "hostname":
		return s.hostname, true
	case "ls":
		return s.ls, true
	case "pwd":
		return func(_ context.Context, _ []string, streams Streams) int { return printLine(streams, "/") }, true
	case "sh", "bash":
		return s.sh, true
	case "sleep":
		return sleep, true
	case "true":
		return func(context.Context, []string, Streams) int { return 0 }, true
	default:
		return nil, false
	}
}

func printLine(streams Streams, text string) int {
	if _, err := fmt.Fprintln(streams.Out, text); err != nil {
		return exitFailure
	}
	return 0
}

// complain prints an error of a command and returns its exit code.
func complain(streams Streams, code int, format string, args ...any) int {
	_, _ = fmt.Fprintf(streams.Err, format+"\n", args...) // nobody is left to tell
	return code
}

func echo(_ context.Context, args []string, streams Streams) int {
	if len(args) > 0 && args[0] == "-n" {
		if _, err := io.WriteString(streams.Out, strings.Join(args[1:], " ")); err != nil {
			return exitFailure
		}
		return 0
	}
	return printLine(streams, strings.Join(args, " "))
}

func sleep(ctx context.Context, args []string, streams Streams) int {
	if len(args) != 1 {
		return complain(streams, exitFailure, "sleep: one operand is needed")
	}
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(args[0], "s"), 64)
	if err != nil || seconds < 0 {
		return complain(streams, exitFailure, "sleep: invalid time interval %q", args[0])
	}
	timer := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return exitKilled
	case <-timer.C:
		return 0
	}
}

func (s *Shell) env(_ context.Context, args []string, streams Streams) int {
	if len(args) > 0 {
		value, ok := s.Process.Env[args[0]]
		if !ok {
			return exitFailure
		}
		return printLine(streams, value)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Process.Env)) {
		if code := printLine(streams, name+"="+s.Process.Env[name]); code != 0 {
			return code
		}
	}
	return 0
}

func (s *Shell) hostname(_ context.Context, args []string, streams Streams) int {
	if len(args) > 0 && args[0] == "-i" {
		return printLine(streams, s.Process.PodIP.String())
	}
	return printLine(streams, s.Process.Env["HOSTNAME"])
}
