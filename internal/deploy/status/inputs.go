package status

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/cause"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// Inputs are what a snapshot is built from. Build changes none of them.
type Inputs struct {
	Namespace, Name string
	// Profile is the recorded profile name; may be empty.
	Profile string
	// LWS is nil when there is none of that name.
	LWS *lwsv1.LeaderWorkerSet
	// StatefulSets and Pods are those labelled with the LeaderWorkerSet's name.
	StatefulSets []*appsv1.StatefulSet
	Pods         []*corev1.Pod
	// Events may be all events of the namespace; Build picks its own.
	Events []*corev1.Event
	// Nodes are all nodes of the cluster, if NodesKnown.
	Nodes      []*corev1.Node
	NodesKnown bool
	// Health is by the leader pod's UID, as names outlive pods.
	Health map[types.UID]health.Health
	// Milestones are by the leader pod's UID.
	Milestones map[types.UID][]milestone.Milestone
	// Evidence are findings in the logs of containers, also of pods that are
	// gone.
	Evidence []Evidence
	// Exits are ends of containers, also of pods that are gone. Build adds
	// those that the pods themselves still tell of.
	Exits []Exit
	// Recreations is how often each group has been seen to be recreated in its
	// present revision, by index.
	Recreations map[int]int
	Notes       []Note
	// DisconnectedSince is zero while the API server answers.
	DisconnectedSince time.Time
	Now               time.Time
}

// Origin says which container of which incarnation of a group something
// comes from.
type Origin struct {
	Group int
	// Revision is the template revision hash of the pod.
	Revision string
	// LeaderUID is the incarnation of the group.
	LeaderUID types.UID
	Pod       string
	PodUID    types.UID
	Container string
	// Restart counts the runs of the container before this one.
	Restart int32
}

// Evidence is a finding in a container's log.
type Evidence struct {
	Origin
	At      time.Time
	Finding cause.Finding
}

// Exit is the end of one run of a container.
type Exit struct {
	Origin
	At       time.Time
	ExitCode int32
	Reason   string
	// Finding explains it from the log, where the log was read; nil otherwise.
	Finding *cause.Finding
	// Pending is true while the log is being read: the end is not reported
	// before it can be explained.
	Pending bool
}
