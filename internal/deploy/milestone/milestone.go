// Package milestone turns a group's objects and log lines into progress.
//
// What the logs tell is a table of rules (rules.go): which line of which
// container begins or completes which milestone. Every line is optional
// evidence: the images print different ones, so patterns are searched for
// anywhere in a line, and a milestone that must have happened for a later one
// to happen is completed by it ("implied"). No line says that a model serves;
// /healthcheck alone does.
//
// Compose lays the milestones of the logs among those that the API objects and
// the health check tell of, and says which one is being waited for.
//
// The package is pure: no clock, no input but lines and facts. A Tracker
// belongs to one incarnation of one group and to one goroutine at a time.
package milestone

import (
	"fmt"
	"time"
)

// ID names a milestone in output that programs read.
type ID string

// The milestones, in the order in which they are usually reached. The first
// three and the last two are told by objects and the health check, the others
// by logs.
const (
	Applied         ID = "applied"
	Scheduled       ID = "scheduled"
	Images          ID = "images"
	ResourceManager ID = "resource-manager"
	Workers         ID = "workers"
	Slices          ID = "slices"
	Proxy           ID = "proxy"
	Process         ID = "process"
	Backend         ID = "backend"
	Mesh            ID = "mesh"
	Restore         ID = "restore"
	Weights         ID = "weights"
	WarmUp          ID = "warm-up"
	Driver          ID = "driver"
	Server          ID = "server"
	Serving         ID = "serving"
	Ready           ID = "ready"
)

// State is how far a milestone has come.
type State string

// The states of a milestone.
const (
	Pending State = "pending"
	Active  State = "active"
	Done    State = "done"
)

// Milestone is one step of a start-up.
type Milestone struct {
	ID    ID     `json:"id"`
	Title string `json:"title"`
	// Container is the container whose log tells of the milestone; empty for
	// one that no log tells of.
	Container string `json:"container,omitempty"`
	State     State  `json:"state"`
	// Started is when it began: at a line that said so, else at the end of what
	// comes before it. Finished is when it was complete. Both are zero where
	// nothing told.
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	// Count of Of parts are complete; both are 0 for a milestone without parts.
	Count int `json:"count,omitempty"`
	Of    int `json:"of,omitempty"`
	// Detail is what the line said: a path, a number of devices.
	Detail string `json:"detail,omitempty"`
	// Implied marks a milestone that is complete because a later one is; no
	// line of its own was seen.
	Implied bool `json:"implied,omitempty"`
	// Short marks a milestone whose end was logged with fewer than Of parts
	// complete: the server swallows a failed warm-up compilation and goes on.
	Short bool `json:"short,omitempty"`
	// Awaited marks an active milestone of which nothing said that it began:
	// all that comes before it is done, so it is what is waited for.
	Awaited bool `json:"awaited,omitempty"`
}

// Label is the title with the parts that are complete: "workers 3/4". Of what
// is only implied nobody counted the parts.
func (m Milestone) Label() string {
	if m.Of == 0 || m.Implied {
		return m.Title
	}
	return fmt.Sprintf("%s %d/%d", m.Title, m.Count, m.Of)
}

// Plan is what is known of a group before its first line: how many parts the
// milestones with parts have.
type Plan struct {
	// Workers is the number of worker pods.
	Workers int
	// Slices is the number of TPU slices that the resource manager waits for.
	Slices int
	// Engines is 2 for a disaggregated server, which builds and loads a
	// prefill and a decode engine one after the other, otherwise 1.
	Engines int
	// Buckets is the number of prompt lengths that warm-up compiles for, or 0
	// when the server was not told to warm up.
	Buckets int
}
