package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/control"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
)

// reportFlag is the hidden option of the process in the background: it reports its
// start to reportFD, as one JSON object a line, and closes it when the start is over.
const (
	reportFlag = "report-to-parent"
	reportFD   = 3
)

// report is one line; exactly one of its fields is set.
type report struct {
	Stage  cluster.Stage   `json:"stage,omitempty"`
	Ready  *control.Status `json:"ready,omitempty"`
	Failed string          `json:"failed,omitempty"`
}

// serveDetached runs a sandbox as the background process does.
func serveDetached(ctx context.Context, cfg cluster.Config) error {
	parent := os.NewFile(reportFD, "report")
	if parent == nil {
		return errors.New("--" + reportFlag + " is for the sandbox's own use")
	}
	lines := json.NewEncoder(parent)
	// A parent that has gone away misses the report, and that is all.
	cfg.Progress = func(stage cluster.Stage) { _ = lines.Encode(report{Stage: stage}) }
	c, err := start(ctx, cfg)
	if err != nil {
		_ = lines.Encode(report{Failed: err.Error()})
		_ = parent.Close()
		return err
	}
	status := c.Status()
	_ = lines.Encode(report{Ready: &status})
	_ = parent.Close()
	return finish(ctx, c)
}

// startDetached starts this program again in the background and returns when that has
// a cluster or has failed.
func startDetached(ctx context.Context, s streams, cmd *cobra.Command, cfg cluster.Config, state *statedir.Dir) error {
	used, err := state.InUse()
	if err != nil {
		return err
	}
	if used {
		return fmt.Errorf("a sandbox runs in %s already; use it with KUBECONFIG=%s, or stop it with \"%s\"",
			state.Path(), quote(state.Kubeconfig()), withDir("jetstream-sandbox down", state))
	}
	if err := os.MkdirAll(state.Logs(), 0o700); err != nil {
		return fmt.Errorf("making the directory of the logs: %w", err)
	}
	output, err := os.OpenFile(filepath.Join(state.Logs(), "output.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("opening the output of the sandbox: %w", err)
	}
	defer func() { _ = output.Close() }() // the background process has its own
	reports, theirs, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	defer func() { _ = reports.Close() }()
	child := exec.Command(cfg.Executable, detachedArgs(cmd, state)...) //nolint:noctx // it outlives this process
	child.Args[0] = os.Args[0]
	child.Stdout, child.Stderr = output, output
	child.ExtraFiles = []*os.File{theirs}
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	child.Dir = "/"
	err = child.Start()
	_ = theirs.Close()
	if err != nil {
		return fmt.Errorf("starting the sandbox in the background: %w", err)
	}
	fmt.Fprintf(s.err, "starting a sandbox in %s\n", shorten(state.Path()))
	stop := context.AfterFunc(ctx, func() { _ = child.Process.Signal(syscall.SIGTERM) })
	defer stop()
	status, err := follow(reports, s.err)
	if err != nil {
		_ = child.Wait() // it has failed and is about to exit
		if ctx.Err() != nil {
			return &exitError{code: exitInterrupted, err: errors.New("interrupted while starting")}
		}
		return fmt.Errorf("%w (what it wrote is in %s)", err, output.Name())
	}
	introduce(s.err, *status)
	return child.Process.Release()
}

// follow shows the reports of a start until it is over.
func follow(reports io.Reader, w io.Writer) (*control.Status, error) {
	begin := time.Now()
	for lines := bufio.NewScanner(reports); lines.Scan(); {
		var r report
		switch err := json.Unmarshal(lines.Bytes(), &r); {
		case err != nil:
			return nil, fmt.Errorf("reading the report of the sandbox: %w", err)
		case r.Failed != "":
			return nil, errors.New(r.Failed)
		case r.Ready != nil:
			return r.Ready, nil
		}
		sayStage(w, begin, r.Stage)
	}
	return nil, errors.New("the sandbox ended while it was starting")
}

// detachedArgs are this command's options for the process in the background, whose
// working directory is another.
func detachedArgs(cmd *cobra.Command, state *statedir.Dir) []string {
	args := []string{cmd.Name(), "--" + reportFlag, "--dir=" + state.Path()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "dir", "detach":
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			for _, value := range list.GetSlice() {
				args = append(args, "--"+f.Name+"="+value)
			}
			return
		}
		args = append(args, "--"+f.Name+"="+f.Value.String())
	})
	return args
}
