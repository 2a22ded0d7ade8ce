// Package status projects the API objects of one deployment onto what people
// and programs want to know of it: its groups and pods in kubectl's words, how
// far it has come, what stands in its way.
//
// Build is a pure function of its inputs. It reads no clock, no cluster and no
// earlier snapshot, so a missed event cannot make it wrong; only Inputs.Exits
// and Inputs.Evidence carry history, because pods that are gone cannot be
// listed.
//
// Readiness is the pods' own and the model server's, never a condition of the
// LeaderWorkerSet: those have counted created pods as ready ones.
//
// The JSON form of Snapshot is stable: fields may be added, none is renamed or
// changes its meaning. Times are RFC 3339, empty fields are left out unless
// their zero is information.
package status

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// Phase is the headline of a deployment or of one of its groups.
type Phase string

// The phases. A deployment of several groups is in the phase of its most
// advanced group, except that Ready needs all of them and Degraded takes the
// place of Serving when something stands against the rest.
const (
	// NotFound: no LeaderWorkerSet of the name, and no pod of one.
	NotFound Phase = "NotFound"
	// Stopped: scaled to zero groups, and no pod is left.
	Stopped Phase = "Stopped"
	// Pending: pods are missing or have no node yet.
	Pending Phase = "Pending"
	// Starting: every pod has a node, and not every container runs yet.
	Starting Phase = "Starting"
	// Loading: every container runs, and the model does not answer yet.
	Loading Phase = "Loading"
	// Serving: a leader answers /healthcheck, and not all pods are ready.
	Serving Phase = "Serving"
	// Ready: every leader answers /healthcheck and every pod is ready. Where
	// port-forward is not permitted the pods alone decide, and Confirmed is
	// false.
	Ready Phase = "Ready"
	// Degraded: a leader serves, and another group or a pod of the serving one
	// is broken.
	Degraded Phase = "Degraded"
	// Failed: nothing serves, for a reason that waiting cannot heal.
	Failed Phase = "Failed"
	// Terminating: the deployment is being deleted.
	Terminating Phase = "Terminating"
)

// Snapshot is a deployment at one moment.
type Snapshot struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Profile is the profile that it was deployed from, where it is recorded.
	Profile string `json:"profile,omitempty"`
	// Model and Checkpoint are what the model server was told to serve; empty
	// where its arguments do not say.
	Model      string `json:"model,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"`
	// MaxPrefill and MaxTarget are the longest prompt, and the longest prompt
	// and answer together, that the model server was told to take, in tokens; 0
	// where its arguments do not say.
	MaxPrefill int `json:"maxPrefill,omitempty"`
	MaxTarget  int `json:"maxTarget,omitempty"`
	// Chips is how many TPU chips the groups take that should exist.
	Chips int `json:"chips,omitempty"`
	// Manual is true for a deployment that was not made by this plugin, such
	// as one made by hand from the guide.
	Manual bool `json:"manual,omitempty"`

	Phase Phase `json:"phase"`
	// Confirmed is true when every leader answered /healthcheck with 200.
	Confirmed bool `json:"confirmed"`
	// Cause says in one line why the phase is what it is; empty when Ready.
	Cause string `json:"cause,omitempty"`
	// Since is when the phase began, as far as the objects tell; zero where
	// they do not.
	Since time.Time `json:"since,omitzero"`

	// Desired, Created and Ready count pods of all groups.
	Desired int `json:"desired"`
	Created int `json:"created"`
	Ready   int `json:"ready"`

	Groups  []Group `json:"groups"`
	Rollout Rollout `json:"rollout"`

	// Findings are what is wrong, the one to act on first. Those of Fatal
	// severity end a wait.
	Findings []Finding `json:"findings,omitempty"`
	// Events are the latest warnings and group events of the deployment, the
	// oldest first.
	Events []Event `json:"events,omitempty"`
	// Notes say what could not be seen, and why.
	Notes []Note `json:"notes,omitempty"`

	// DisconnectedSince is when the API server stopped answering; what the
	// snapshot shows is from before that time. Zero while it answers.
	DisconnectedSince time.Time `json:"disconnectedSince,omitzero"`
	ObservedAt        time.Time `json:"observedAt"`
}

// Group is one group of the LeaderWorkerSet: a leader and its workers, which
// together serve one copy of the model.
type Group struct {
	Index int   `json:"index"`
	Phase Phase `json:"phase"`
	// Cause says in one line why the phase is what it is.
	Cause string `json:"cause,omitempty"`
	// Desired, Created and Ready count the group's pods, the leader included.
	Desired int `json:"desired"`
	Created int `json:"created"`
	Ready   int `json:"ready"`
	// Revision is the pod template's revision hash that the leader runs.
	Revision string `json:"revision,omitempty"`
	// Leader is nil while it does not exist.
	Leader  *Pod  `json:"leader,omitempty"`
	Workers []Pod `json:"workers"`
	// Health is the leader's answer to /healthcheck.
	Health health.Health `json:"health"`
	// Milestones tell how far the start-up has come. Those that the logs tell
	// of are missing where no log can be read; there are none for a group that
	// is on its way out.
	Milestones []milestone.Milestone `json:"milestones,omitempty"`
	// Recreations counts how often the group has been seen to be recreated in
	// its present revision.
	Recreations int `json:"recreations,omitempty"`
}

// Pods returns the group's pods, the leader first.
func (g Group) Pods() []Pod {
	var pods []Pod
	if g.Leader != nil {
		pods = append(pods, *g.Leader)
	}
	return append(pods, g.Workers...)
}

// Rollout is the progress of a change of the pod template.
type Rollout struct {
	// Revision is the revision hash that the groups should run.
	Revision string `json:"revision,omitempty"`
	// Updated of Total existing groups run it.
	Updated int `json:"updated"`
	Total   int `json:"total"`
}

// InProgress reports whether a group still runs an older revision.
func (r Rollout) InProgress() bool { return r.Updated < r.Total }

// Event is a Kubernetes event of an object of the deployment.
type Event struct {
	Time time.Time `json:"time"`
	// Type is Normal or Warning.
	Type string `json:"type"`
	// Object is kind/name, as "pod/jetstream-pathways-0".
	Object  string `json:"object"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Count is how often it occurred.
	Count int `json:"count"`
}

// Note is something that could not be observed. The snapshot is complete but
// for what its notes name.
type Note struct {
	// Topic is one of the Topic constants.
	Topic string `json:"topic"`
	// Message says what is missing, why, and what the snapshot does instead.
	Message string `json:"message"`
}

// Topics of notes.
const (
	TopicNodes       = "nodes"
	TopicEvents      = "events"
	TopicLogs        = "logs"
	TopicHealth      = "health"
	TopicStatefulSet = "statefulsets"
	TopicConnection  = "connection"
)

// Finding is something that is wrong, with its evidence.
type Finding struct {
	// Code names the kind for programs, as "image-denied".
	Code string `json:"code"`
	// Summary says what happened, in one line.
	Summary string `json:"summary"`
	// Cause explains why; "cause unknown" where nothing does.
	Cause string `json:"cause,omitempty"`
	// Remedy says what to do about it, where something is known to help.
	Remedy string `json:"remedy,omitempty"`
	// Group, Pod and Container say where; Pod and Container may be empty.
	Group     int    `json:"group"`
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
	// Evidence holds the lines, conditions or events that show it.
	Evidence []string `json:"evidence,omitempty"`
	// Time is when it was first seen, where that is known.
	Time time.Time `json:"time,omitzero"`
	// Times is how often it happened, where that is counted.
	Times int `json:"times,omitempty"`
	// Fatal is true when waiting cannot heal it.
	Fatal bool `json:"fatal"`
	// Provisional is true for the few seconds in which the end of another
	// container may come to light as the reason. It is never fatal then.
	Provisional bool `json:"provisional,omitempty"`

	// rank orders findings: the lowest is closest to the root.
	rank int
	// past marks what happened to an earlier incarnation of the group: it does
	// not explain what the present one waits for.
	past bool
}

// Fatal returns the finding that makes waiting pointless, or nil.
func (s Snapshot) Fatal() *Finding {
	for i := range s.Findings {
		if s.Findings[i].Fatal {
			return &s.Findings[i]
		}
	}
	return nil
}

// Headline is the phase as people read it.
func (s Snapshot) Headline() string {
	if s.Phase == Ready && !s.Confirmed {
		return "Ready (unconfirmed)"
	}
	return string(s.Phase)
}
