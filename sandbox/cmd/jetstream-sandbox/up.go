package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/control"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
)

// startTimeout bounds a start; one takes three seconds on an idle machine.
const startTimeout = 2 * time.Minute

func newUp(s streams) *cobra.Command {
	var (
		dir    string
		detach bool
		report bool
		flags  clusterFlags
	)
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a sandbox, or resume a stopped one",
		Long: `Start a sandbox and keep it until Ctrl-C, or with --detach until "down".

What a stopped sandbox left in its directory is resumed: its objects are there again,
and kubeconfigs of its first life work.`,
		Example: `  # a cluster in the background, for deployments from both guides
  jetstream-sandbox up --detach
  export KUBECONFIG=$(jetstream-sandbox kubeconfig)

  # ten times as fast as a real cluster, with a second 4x4 slice
  jetstream-sandbox up --speed 10 --pool default --pool name=multihost-np-2,topology=4x4`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			state, err := openDir(dir)
			if err != nil {
				return err
			}
			cfg, err := flags.config(state.Path())
			if err != nil {
				return err
			}
			switch {
			case report:
				return serveDetached(cmd.Context(), cfg)
			case detach:
				return startDetached(cmd.Context(), s, cmd, cfg, state)
			}
			return up(cmd.Context(), s, cfg, state)
		},
	}
	addDir(cmd, &dir)
	flags.add(cmd)
	cmd.Flags().BoolVar(&detach, "detach", false, "leave the sandbox running in the background and return when its nodes are Ready")
	cmd.Flags().BoolVar(&report, reportFlag, false, "")
	_ = cmd.Flags().MarkHidden(reportFlag)
	return cmd
}

// up runs a sandbox in the foreground until ctx ends.
func up(ctx context.Context, s streams, cfg cluster.Config, state *statedir.Dir) error {
	fmt.Fprintf(s.err, "starting a sandbox in %s\n", shorten(state.Path()))
	begin := time.Now()
	cfg.Progress = func(stage cluster.Stage) { sayStage(s.err, begin, stage) }
	c, err := start(ctx, cfg)
	if err != nil {
		return err
	}
	introduce(s.err, c.Status())
	fmt.Fprintln(s.err, "\nPress Ctrl-C to stop it.")
	return finish(ctx, c)
}

// start starts a cluster within the time for that.
func start(ctx context.Context, cfg cluster.Config) (*cluster.Cluster, error) {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c, err := cluster.Start(starting, cfg)
	if ctx.Err() != nil {
		return nil, &exitError{code: exitInterrupted, err: errors.New("interrupted while starting")}
	}
	return c, err
}

// exitInterrupted is the shells' code for Ctrl-C.
const exitInterrupted = 130

// finish waits for the cluster's end and cleans up. That it was asked for is no error.
func finish(ctx context.Context, c *cluster.Cluster) error {
	err := c.Wait(ctx)
	if ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, stop(ctx, c))
}

// stop stops a cluster within the time for that. What has not ended then ends with
// this process, and that is no error either: a busy machine is the reason.
func stop(ctx context.Context, c *cluster.Cluster) error {
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), cluster.StopTimeout)
	defer cancel()
	if err := c.Stop(stopping); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func sayStage(w io.Writer, begin time.Time, stage cluster.Stage) {
	fmt.Fprintf(w, "  %5.1fs  %s\n", time.Since(begin).Seconds(), stage)
}

// introduce tells how to use a sandbox and what it is.
func introduce(w io.Writer, status control.Status) {
	fmt.Fprintf(w, "Kubernetes %s at %s with %s\n", status.Version, status.Server, countNodes(status.Pools))
	fmt.Fprintln(w, "Simulated are the nodes and their TPUs, the kubelets, the serving containers, and every text of the model.")
	if status.Speed != 1 {
		fmt.Fprintf(w, "Simulated durations, probe delays and restart back-off are divided by %v.\n", status.Speed)
	}
	if status.Scenario != "happy" {
		fmt.Fprintf(w, "The scenario %s is in force.\n", status.Scenario)
	}
	fmt.Fprintf(w, "\n  export KUBECONFIG=%s\n", quote(status.Kubeconfig))
}

func countNodes(pools []control.Pool) string {
	nodes, slices := 0, 0
	for _, p := range pools {
		nodes += p.Nodes
		if p.Accelerator != "" {
			slices++
		}
	}
	return fmt.Sprintf("%d nodes in %d pools, %d of them with TPUs", nodes, len(pools), slices)
}
