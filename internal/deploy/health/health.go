// Package health asks a model server whether it serves.
//
// The question is one GET /healthcheck on the leader's HTTP container, through
// a dialer that the caller injects: the package knows neither Kubernetes nor
// how its connections come about. The answer is a value; a probe never returns
// an error, because "could not ask" is one of the answers.
//
// A Prober holds no state and may be used by many goroutines at once. Each
// probe opens one connection and closes it before returning.
package health

import (
	"time"
)

// State is what the last probe of a model server learnt.
type State string

// The states of a model server, as seen through /healthcheck.
const (
	// Unknown: not asked yet, or no answer could be had for a reason that says
	// nothing about the model (a lost tunnel, a time-out).
	Unknown State = "Unknown"
	// Refused: the pod runs, but nothing listens on the HTTP port.
	Refused State = "Refused"
	// NotServing: the HTTP container answers and the model behind it does not.
	// This is the normal state for the minutes in which a checkpoint loads.
	NotServing State = "NotServing"
	// Serving: the model answers.
	Serving State = "Serving"
	// Forbidden: the caller may not port-forward, so nobody can be asked.
	Forbidden State = "Forbidden"
)

// Health is a model server's state and since when it has been seen in it.
type Health struct {
	State State `json:"state"`
	// Since is the time of the first probe of an unbroken row of probes with
	// this state. It is the observer's time, not the server's.
	Since time.Time `json:"since,omitzero"`
	// Detail explains every state but Serving, in one line.
	Detail string `json:"detail,omitempty"`
}

// After returns h as the successor of prev: the time of the state's first
// sighting is kept while the state stays the same.
func (h Health) After(prev Health) Health {
	if h.State == prev.State && !prev.Since.IsZero() {
		h.Since = prev.Since
	}
	return h
}

// Target is the pod to ask. UID tells a pod from its successor of the same
// name.
type Target struct {
	Namespace, Name, UID string
}
