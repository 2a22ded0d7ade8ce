// Package pathwaysserver simulates the image pathways/server: the Pathways resource
// manager with --node_type=resource_manager, and a Pathways worker without.
//
// The log lines that matter are those of Google's page "Troubleshoot Pathways on
// Cloud"; the program itself is closed source, so what it does between them is
// reduced to what its peers can notice.
package pathwaysserver

import (
	"context"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/flags"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathways"
)

// Program is the image's entry point.
type Program struct{}

var _ container.Program = Program{}

// Run runs a resource manager or a worker, as the arguments say.
func (Program) Run(ctx context.Context, p *container.Process) int {
	// A worker or manager that ends must leave nothing running, whatever the reason.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	proc, err := pathways.Start(ctx, p, "/usr/pathways/run/cloud_pathways_server")
	if err != nil {
		return pathways.ExitTerminated
	}
	set := flags.Parse(p.Args)
	if err := proc.CheckScratch(set.Get("gcs_scratch_location")); err != nil {
		return 1
	}
	port, err := pathways.Port(set.Get("server_port"))
	if err != nil {
		proc.Log.Errorf("server_lib.cc", 1301, "%v", err)
		return 1
	}
	if set.Get("node_type") == "resource_manager" {
		return runManager(ctx, proc, set, port)
	}
	return runWorker(ctx, proc, set, port)
}
