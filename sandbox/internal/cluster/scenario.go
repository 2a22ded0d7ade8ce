package cluster

import (
	"context"
	"fmt"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/scenario"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// SetScenario replaces the scenario in force: the old one leaves, its faults go, the
// new one's faults come, it enters. A scenario that cannot enter leaves the cluster
// without faults, under the name of the default scenario.
func (c *Cluster) SetScenario(ctx context.Context, name string) error {
	next, err := scenario.Lookup(name)
	if err != nil {
		return err
	}
	return c.enter(ctx, next)
}

// defaultScenario is the one without faults.
const defaultScenario = "happy"

func (c *Cluster) enter(ctx context.Context, next scenario.Scenario) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if leave := c.scenario.Leave; leave != nil {
		if err := leave(ctx, reach{c}); err != nil {
			return fmt.Errorf("leaving scenario %s: %w", c.scenario.Name, err)
		}
	}
	c.world.SetFaults(next.Faults)
	if next.Enter != nil {
		if err := next.Enter(ctx, reach{c}); err != nil {
			c.world.SetFaults(world.Faults{})
			c.scenario = scenario.Scenario{Name: defaultScenario}
			return fmt.Errorf("entering scenario %s: %w", next.Name, err)
		}
	}
	c.scenario = next
	return nil
}

func (c *Cluster) currentScenario() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scenario.Name
}

// reach is what a scenario may do to a cluster.
type reach struct{ c *Cluster }

var _ scenario.Cluster = reach{}

func (r reach) RemoveTPUNodes(ctx context.Context) error  { return r.c.nodes.remove(ctx) }
func (r reach) RestoreTPUNodes(ctx context.Context) error { return r.c.nodes.restore(ctx) }

func (r reach) CrashTPUNode(context.Context) error      { return r.c.nodes.crash() }
func (r reach) ReviveTPUNode(ctx context.Context) error { return r.c.nodes.revive(ctx) }

func (r reach) KillContainers(match func(namespace, pod, container string, labels map[string]string) bool, exitCode int) int {
	return r.c.kubelet.KillContainers(match, exitCode)
}
