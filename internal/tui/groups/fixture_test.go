package groups

import (
	"fmt"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

var now = time.Date(2026, 3, 1, 14, 46, 7, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// pod returns a pod of a group that runs and is not ready.
func pod(group, index int) status.Pod {
	p := status.Pod{
		Name: fmt.Sprintf("jetstream-pathways-%d", group), Index: index, Status: "Running",
		Created: ago(8 * time.Minute), Node: fmt.Sprintf("gke-tpu-multihost-np-%d%02d", group, index),
		NodePool: "multihost-np", Revision: "r1", Topology: "4x4",
	}
	names := []string{"pathways-rm", "pathways-proxy", "jax-tpu", "jetstream-http"}
	if index > 0 {
		p.Name = fmt.Sprintf("%s-%d", p.Name, index)
		names = []string{"worker"}
	}
	for _, name := range names {
		p.Containers = append(p.Containers, status.Container{
			Name: name, State: status.Running, Started: ago(7 * time.Minute), Image: "example.com/" + name + ":v1",
		})
	}
	p.TotalContainers = len(names)
	p.Reason = "not ready"
	return p
}

// ready makes pods ready.
func ready(pods ...*status.Pod) {
	for _, p := range pods {
		p.Ready, p.ReadyContainers, p.Reason = true, p.TotalContainers, ""
		for i := range p.Containers {
			p.Containers[i].Ready = true
		}
	}
}

// deployment has groups whose pods run and of which the workers are ready.
func deployment(groups, size int) status.Snapshot {
	s := status.Snapshot{Namespace: "default", Name: "jetstream-pathways", Phase: status.Loading}
	for i := range groups {
		leader := pod(i, 0)
		leader.ReadyContainers, leader.Reason = 3, "jax-tpu not ready"
		g := status.Group{
			Index: i, Phase: status.Loading, Cause: "restore (gs://models/int8)", Desired: size, Created: size, Ready: size - 1,
			Revision: "r1", Leader: &leader, Health: health.Health{State: health.NotServing},
			Milestones: milestones(),
		}
		for w := 1; w < size; w++ {
			worker := pod(i, w)
			ready(&worker)
			g.Workers = append(g.Workers, worker)
		}
		s.Groups = append(s.Groups, g)
		s.Desired, s.Created, s.Ready = s.Desired+size, s.Created+size, s.Ready+size-1
	}
	s.Rollout = status.Rollout{Revision: "r1", Updated: groups, Total: groups}
	return s
}

// milestones are those of a server that restores its checkpoint.
func milestones() []milestone.Milestone {
	done := func(id milestone.ID, title, container string, of int) milestone.Milestone {
		return milestone.Milestone{
			ID: id, Title: title, Container: container, State: milestone.Done,
			Started: ago(7 * time.Minute), Finished: ago(7 * time.Minute), Count: of, Of: of,
		}
	}
	return []milestone.Milestone{
		done(milestone.ResourceManager, "resource manager", "pathways-rm", 0),
		done(milestone.Workers, "workers", "worker", 4),
		done(milestone.Slices, "slices", "pathways-rm", 1),
		done(milestone.Proxy, "proxy", "pathways-proxy", 0),
		done(milestone.Backend, "backend", "jax-tpu", 0),
		{
			ID: milestone.Restore, Title: "restore", Container: "jax-tpu", State: milestone.Active,
			Started: ago(6*time.Minute + 12*time.Second), Detail: "gs://models/int8",
		},
		{ID: milestone.Server, Title: "server", Container: "jax-tpu", State: milestone.Pending},
	}
}

// serve makes a group ready.
func serve(g *status.Group) {
	ready(g.Leader)
	for i := range g.Workers {
		ready(&g.Workers[i])
	}
	g.Ready, g.Phase, g.Cause, g.Health.State = g.Desired, status.Ready, "", health.Serving
	for i := range g.Milestones {
		g.Milestones[i].State = milestone.Done
	}
}

// end makes a container of a pod end in a crash loop.
func end(p *status.Pod, container int) {
	code := int32(1)
	c := &p.Containers[container]
	*c = status.Container{
		Name: c.Name, State: status.Waiting, Reason: "CrashLoopBackOff", Restarts: 3, LastExitCode: &code, LastReason: "Error",
		Image: c.Image, Message: "back-off 40s restarting failed container",
	}
	p.Status, p.Restarts, p.LastRestart, p.Ready = "CrashLoopBackOff", 3, ago(3*time.Minute), false
	p.ReadyContainers = max(p.ReadyContainers-1, 0)
	p.Reason = c.Name + ": CrashLoopBackOff: back-off 40s restarting failed container"
}

// pendingLeader is a group whose leader has no node, and no workers yet.
func pendingLeader() status.Snapshot {
	s := deployment(1, 5)
	g := &s.Groups[0]
	g.Phase, g.Workers, g.Created, g.Ready, g.Milestones = status.Pending, nil, 1, 0, nil
	g.Health.State = health.Unknown
	leader := g.Leader
	leader.Status, leader.ReadyContainers, leader.Node, leader.NodePool = "Pending", 0, "", ""
	leader.Reason = "not scheduled: 0/5 nodes are available: 5 node(s) didn't match Pod's node affinity/selector. \x1b]0;evil\x07preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling."
	leader.Blocks = "4 workers not created until this pod has a node"
	for i := range leader.Containers {
		leader.Containers[i].State, leader.Containers[i].Started = status.Waiting, time.Time{}
	}
	g.Cause = "pod " + leader.Name + ": " + leader.Reason
	return s
}

// slice is a group of 65 pods whose hosts are in all states.
func slice() status.Snapshot {
	s := deployment(1, 65)
	g := &s.Groups[0]
	for i := 40; i < 50; i++ {
		g.Workers[i].Ready, g.Workers[i].ReadyContainers, g.Workers[i].Reason = false, 0, "worker not ready"
	}
	g.Workers[20].Status, g.Workers[20].Ready, g.Workers[20].Node = "Pending", false, ""
	g.Workers[20].Reason = "not scheduled: 0/64 nodes are available"
	end(&g.Workers[21], 0)
	g.Workers = g.Workers[:60]
	g.Created, g.Ready = 61, 49
	return s
}

// disaggregated is a group on two slices.
func disaggregated() status.Snapshot {
	s := deployment(1, 5)
	g := &s.Groups[0]
	for i := range g.Workers {
		g.Workers[i].Subgroup = new(i / 2)
		g.Workers[i].NodePool, g.Workers[i].Topology = fmt.Sprintf("pool-%d", i/2), "2x4"
	}
	g.Milestones[2].Count, g.Milestones[2].Of, g.Milestones[2].State = 1, 2, milestone.Active
	return s
}

func rollout() status.Snapshot {
	s := deployment(2, 5)
	s.Groups[1].Leader.Revision = "r2"
	for i := range s.Groups[1].Workers {
		s.Groups[1].Workers[i].Revision = "r2"
	}
	s.Groups[1].Revision = "r2"
	serve(&s.Groups[0])
	s.Rollout = status.Rollout{Revision: "r2", Updated: 1, Total: 2}
	s.Groups[0].Recreations = 2
	return s
}

func twoGroups() status.Snapshot {
	s := deployment(2, 5)
	serve(&s.Groups[0])
	s.Groups[1].Phase, s.Groups[1].Cause = status.Failed, "the checkpoint gs://models/int9 was not found"
	end(s.Groups[1].Leader, 2)
	return s
}

func readyDeployment() status.Snapshot {
	s := deployment(1, 5)
	s.Phase, s.Confirmed = status.Ready, true
	serve(&s.Groups[0])
	return s
}

func degraded() status.Snapshot {
	s := readyDeployment()
	s.Phase = status.Degraded
	g := &s.Groups[0]
	g.Phase, g.Cause, g.Ready = status.Degraded, "container worker of pod jetstream-pathways-0-3 ended with exit code 1", 4
	end(&g.Workers[2], 0)
	g.Recreations = 1
	return s
}
