package status

import (
	"cmp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// Build projects the inputs onto a snapshot.
func Build(in Inputs) Snapshot {
	s := Snapshot{
		Namespace:         in.Namespace,
		Name:              in.Name,
		Profile:           in.Profile,
		Notes:             slices.SortedStableFunc(slices.Values(in.Notes), func(a, b Note) int { return cmp.Compare(a.Topic, b.Topic) }),
		DisconnectedSince: in.DisconnectedSince,
		ObservedAt:        in.Now,
	}
	s.describe(in.LWS)
	b := builder{in: in, nodes: map[string]*corev1.Node{}, pods: map[types.UID]*corev1.Pod{}}
	for _, node := range in.Nodes {
		b.nodes[node.Name] = node
	}
	for _, pod := range in.Pods {
		b.pods[pod.UID] = pod
	}
	s.Groups = b.groups()
	s.Events = b.events()
	s.Findings = b.findings(s.Groups)
	for i := range s.Groups {
		b.judgeGroup(&s.Groups[i], s.Findings)
		g := s.Groups[i]
		s.Created += g.Created
		s.Ready += g.Ready
		s.Desired += g.Desired
	}
	s.Rollout = b.rollout(s.Groups)
	b.judge(&s)
	return s
}

// builder holds the inputs in the forms in which Build looks things up.
type builder struct {
	in    Inputs
	nodes map[string]*corev1.Node
	pods  map[types.UID]*corev1.Pod
}

// size is how many pods a group should have.
func (b *builder) size() int {
	if b.in.LWS == nil {
		return 0
	}
	return sizeOf(b.in.LWS)
}

// replicas is how many groups there should be.
func (b *builder) replicas() int {
	if b.in.LWS == nil {
		return 0
	}
	return replicasOf(b.in.LWS)
}

// groups lists the groups that should exist and those that still do.
func (b *builder) groups() []Group {
	byIndex := map[int]*Group{}
	group := func(index int) *Group {
		if g := byIndex[index]; g != nil {
			return g
		}
		g := &Group{Index: index, Workers: []Pod{}}
		if index < b.replicas() {
			g.Desired = b.size()
		}
		byIndex[index] = g
		return g
	}
	for i := range b.replicas() {
		group(i)
	}
	for _, pod := range b.in.Pods {
		g := group(labelInt(pod, lwsv1.GroupIndexLabelKey))
		p := project(pod, b.nodes)
		g.Created++
		if p.Ready {
			g.Ready++
		}
		if IsLeader(pod) {
			g.Leader, g.Revision = &p, p.Revision
			g.Health = b.in.Health[pod.UID]
			// Those of the log only, until the group is judged.
			g.Milestones = b.in.Milestones[pod.UID]
		} else {
			g.Workers = append(g.Workers, p)
		}
	}
	out := make([]Group, 0, len(byIndex))
	for _, g := range byIndex {
		if g.Health.State == "" {
			g.Health.State = "Unknown"
		}
		slices.SortFunc(g.Workers, func(a, b Pod) int { return cmp.Compare(a.Index, b.Index) })
		g.Recreations = b.in.Recreations[g.Index]
		b.blame(g)
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int { return cmp.Compare(a.Index, b.Index) })
	return out
}

// IsLeader reports whether a pod of a LeaderWorkerSet leads its group.
func IsLeader(pod *corev1.Pod) bool { return pod.Labels[lwsv1.WorkerIndexLabelKey] == "0" }

// blame marks the leader that holds the other pods of its group back: workers
// are created only after the leader has a node when the group is placed
// exclusively, and there is no event that says so.
func (b *builder) blame(g *Group) {
	if b.in.LWS == nil || g.Leader == nil || g.Leader.terminating {
		return
	}
	missing := g.Desired - g.Created
	if missing <= 0 {
		return
	}
	topology := b.in.LWS.Annotations[lwsv1.ExclusiveKeyAnnotationKey]
	if topology == "" {
		topology = b.in.LWS.Annotations[lwsv1.SubGroupExclusiveKeyAnnotationKey]
	}
	if topology != "" && g.Leader.Node == "" {
		g.Leader.Blocks = plural(missing, "worker") + " not created until this pod has a node"
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// rollout compares the groups' revisions with that of the leaders' StatefulSet,
// which carries the revision that the controller is rolling out.
func (b *builder) rollout(groups []Group) Rollout {
	var r Rollout
	for _, sts := range b.in.StatefulSets {
		if sts.Name == b.in.Name {
			r.Revision = sts.Labels[lwsv1.RevisionKey]
		}
	}
	for _, g := range groups {
		if g.Leader == nil {
			continue
		}
		r.Total++
		current := func(p Pod) bool { return p.Revision == r.Revision || r.Revision == "" }
		if current(*g.Leader) && !slices.ContainsFunc(g.Workers, func(p Pod) bool { return !current(p) }) {
			r.Updated++
		}
	}
	return r
}
