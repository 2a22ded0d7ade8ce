package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/control"
)

func newStatus(s streams) *cobra.Command {
	var dir, output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what runs, and which parts of it are simulated",
		Long:  `Show what runs, and which parts of it are simulated. The exit code is 3 when nothing does.`,
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" && output != "json" {
				return &exitError{code: exitUsage, err: fmt.Errorf("--output %q: it can be json or left out", output)}
			}
			client, _, err := connect(dir)
			if err != nil {
				return err
			}
			status, err := client.Status(cmd.Context())
			if err != nil {
				return err
			}
			if output == "json" {
				encoder := json.NewEncoder(s.out)
				encoder.SetIndent("", "  ")
				return encoder.Encode(status)
			}
			return printStatus(s.out, status, time.Now())
		},
	}
	addDir(cmd, &dir)
	cmd.Flags().StringVarP(&output, "output", "o", "", "json for all there is to know")
	return cmd
}

func printStatus(w io.Writer, status control.Status, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	row("RUNNING", "process %d, for %s", status.PID, duration.HumanDuration(now.Sub(status.Started)))
	row("DIRECTORY", "%s", shorten(status.Dir))
	row("KUBECONFIG", "%s", shorten(status.Kubeconfig))
	row("SERVER", "%s, Kubernetes %s", status.Server, status.Version)
	row("LWS", "the image of %s runs, no other", status.LWSVersion)
	for i, p := range status.Pools {
		name := ""
		if i == 0 {
			name = "NODE POOLS"
		}
		tpu := ""
		if p.Accelerator != "" {
			tpu = ", " + p.Accelerator + " " + p.Topology
		}
		row(name, "%s: %d × %s%s", p.Name, p.Nodes, p.Machine, tpu)
	}
	row("SCENARIO", "%s", status.Scenario)
	row("SPEED", "simulated durations / %v, %v tokens/s, seed %d", status.Speed, status.TokensPerSecond, status.Seed)
	row("REAL", "%s", strings.Join(status.Real, ", "))
	row("SIMULATED", "%s", strings.Join(status.Simulated, ", "))
	return t.Flush()
}
