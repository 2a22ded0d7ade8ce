package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newRestartAPIServer(s streams) *cobra.Command {
	var (
		dir  string
		away time.Duration
	)
	cmd := &cobra.Command{
		Use:   "restart-apiserver",
		Short: "Restart the API server, as an upgrade of the control plane does",
		Long: `End kube-apiserver and start it again on the same data and port, and return when it is
ready. All connections break, its port refuses new ones until it is back, and watches
begin anew with empty caches. etcd, the other controllers and the nodes go on; what a
process of its own would lose besides, such as loaded code, stays.

The LeaderWorkerSet controller gives up its leadership after ten seconds without an API
server and is then restarted by its node, as on a real cluster.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if away < 0 {
				return &exitError{code: exitUsage, err: fmt.Errorf("--away %v: it must not be below zero", away)}
			}
			client, _, err := connect(dir)
			if err != nil {
				return err
			}
			begin := time.Now()
			status, err := client.RestartAPIServer(cmd.Context(), away)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.err, "the API server at %s is ready again after %v\n", status.Server, time.Since(begin).Round(10*time.Millisecond))
			return nil
		},
	}
	addDir(cmd, &dir)
	cmd.Flags().DurationVar(&away, "away", time.Second, "how long its port stays closed, besides the time that its start takes")
	return cmd
}
