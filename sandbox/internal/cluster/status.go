package cluster

import (
	"context"
	"fmt"
	"net"
	"os"

	"k8s.io/component-base/version"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/control"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
)

// serveControl takes orders on the control socket.
func (c *Cluster) serveControl(running context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(running, "unix", statedir.ControlSocket(c.sockets))
	if err != nil {
		return fmt.Errorf("opening the control socket: %w", err)
	}
	c.background.Go(func() {
		if err := control.Serve(running, l, c); err != nil && running.Err() == nil {
			c.fail(err)
		}
	})
	return nil
}

var _ control.Sandbox = (*Cluster)(nil)

// Status describes the cluster.
func (c *Cluster) Status() control.Status {
	s := control.Status{
		PID:             os.Getpid(),
		Started:         c.started,
		Dir:             c.dir.Path(),
		Kubeconfig:      c.dir.Kubeconfig(),
		Server:          c.control.URL(),
		Version:         version.Get().GitVersion,
		LWSVersion:      lwsmanager.Tag,
		Scenario:        c.currentScenario(),
		Speed:           c.world.Speed(),
		Seed:            c.cfg.World.Seed,
		TokensPerSecond: c.world.TokensPerSecond(),
		Real: []string{
			"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
			"LeaderWorkerSet controller and webhooks (once its Deployment runs)",
		},
		Simulated: []string{
			"nodes and TPUs", "kubelets and the pod network", "container images of the serving stack",
			"object storage", "the model and every text it writes",
		},
	}
	for _, p := range c.cfg.Pools {
		s.Pools = append(s.Pools, control.Pool{
			Name: p.Name, Nodes: p.Nodes, Machine: p.Machine.Type, Accelerator: p.Accelerator, Topology: p.Topology,
		})
	}
	return s
}
