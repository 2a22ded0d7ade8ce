package status

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/duration"
)

// Pod is a pod as "kubectl get pods -o wide" shows it, with its containers.
type Pod struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	// Index is the pod's place in its group; the leader's is 0.
	Index int `json:"index"`
	// Status is kubectl's STATUS column.
	Status string `json:"status"`
	// ReadyContainers of TotalContainers are ready: kubectl's READY column.
	ReadyContainers int `json:"readyContainers"`
	TotalContainers int `json:"totalContainers"`
	// Ready is the pod's own Ready condition; a pod that is being deleted is
	// not ready.
	Ready bool `json:"ready"`
	// Restarts counts as kubectl's RESTARTS column does; LastRestart is the
	// end of the last container that was restarted.
	Restarts    int       `json:"restarts"`
	LastRestart time.Time `json:"lastRestart,omitzero"`
	Created     time.Time `json:"created"`
	// Node is empty while the pod has none; NodePool also when nodes may not
	// be read.
	Node     string `json:"node,omitempty"`
	NodePool string `json:"nodePool,omitempty"`
	// Topology is that of the TPU slice which the node is a host of, as "4x4".
	// A node pool of several hosts is one slice, so NodePool names the slice.
	Topology string `json:"topology,omitempty"`
	// Subgroup is the pod's part of the group where the group is divided, one
	// part to a slice; nil where it is not.
	Subgroup *int   `json:"subgroup,omitempty"`
	IP       string `json:"ip,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Reason says in one line why the pod is not ready; empty when it is.
	Reason string `json:"reason,omitempty"`
	// Blocks names what waits for this pod; empty when nothing does.
	Blocks     string      `json:"blocks,omitempty"`
	Containers []Container `json:"containers"`

	phase       corev1.PodPhase
	terminating bool
}

// Age is kubectl's AGE column at the time now.
func (p Pod) Age(now time.Time) string { return age(now, p.Created) }

// ReadyText is kubectl's READY column.
func (p Pod) ReadyText() string {
	return fmt.Sprintf("%d/%d", p.ReadyContainers, p.TotalContainers)
}

// RestartsText is kubectl's RESTARTS column at the time now.
func (p Pod) RestartsText(now time.Time) string {
	if p.Restarts == 0 || p.LastRestart.IsZero() {
		return fmt.Sprint(p.Restarts)
	}
	return fmt.Sprintf("%d (%s ago)", p.Restarts, age(now, p.LastRestart))
}

// Container is one container of a pod, init containers and sidecars included.
type Container struct {
	Name string `json:"name"`
	// Init is true for init containers that end before the others start.
	Init bool `json:"init,omitempty"`
	// Sidecar is true for init containers that keep running.
	Sidecar bool `json:"sidecar,omitempty"`
	// State is Waiting, Running or Terminated.
	State string `json:"state"`
	// Reason and Message are the state's, as the kubelet gives them.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// ExitCode is that of a terminated container.
	ExitCode *int32 `json:"exitCode,omitempty"`
	Ready    bool   `json:"ready"`
	Restarts int    `json:"restarts"`
	// Started is when the present state began to run.
	Started time.Time `json:"started,omitzero"`
	// LastExitCode and LastReason are those of the run before this one.
	LastExitCode *int32 `json:"lastExitCode,omitempty"`
	LastReason   string `json:"lastReason,omitempty"`
	Image        string `json:"image,omitempty"`
}

// The states of a container.
const (
	Waiting    = "Waiting"
	Running    = "Running"
	Terminated = "Terminated"
)

func age(now, then time.Time) string {
	if then.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(then))
}
