package main

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// The payloads of events, one a type. docs/events.md describes each field.

type appliedData struct {
	Action string `json:"action"` // created, configured, unchanged, deleted, …
	Error  string `json:"error,omitempty"`
}

type phaseData struct {
	Phase    string `json:"phase"`
	Previous string `json:"previous,omitempty"`
	Cause    string `json:"cause,omitempty"`
	// Confirmed is true when each leader answered /healthcheck.
	Confirmed bool `json:"confirmed"`
	Ready     int  `json:"ready"`   // pods
	Desired   int  `json:"desired"` // pods
	// Seconds since the command began.
	Seconds float64 `json:"seconds"`
	// ReadyEarliest and ReadyLatest are when the model can probably answer.
	ReadyEarliest time.Time `json:"readyEarliest,omitzero"`
	ReadyLatest   time.Time `json:"readyLatest,omitzero"`
}

// stallData is that of a notice about a step that takes too long; other
// notices have none.
type stallData struct {
	ID       string        `json:"id"` // of the milestone
	Group    int           `json:"group"`
	Seconds  float64       `json:"seconds"`
	Expected *expectedData `json:"expected,omitempty"`
	Hint     string        `json:"hint"` // what to check
}

type podData struct {
	Status   string `json:"status"`
	Previous string `json:"previous,omitempty"`
	Ready    string `json:"ready"` // "3/4"
	Restarts int    `json:"restarts"`
	Node     string `json:"node,omitempty"`
	Group    int    `json:"group"`
	Worker   int    `json:"worker"` // 0 is the leader
}

type groupData struct {
	Group       int `json:"group"`
	Recreations int `json:"recreations"`
}

type kubernetesData struct {
	Type   string    `json:"type"` // Normal, Warning
	Reason string    `json:"reason"`
	Time   time.Time `json:"time"`
	Count  int       `json:"count"`
}

type containerData struct {
	State    string `json:"state"`
	Previous string `json:"previous,omitempty"`
	Reason   string `json:"reason,omitempty"`
	ExitCode *int32 `json:"exitCode,omitempty"`
	Restarts int    `json:"restarts"`
	Group    int    `json:"group"`
	Worker   int    `json:"worker"` // 0 is the leader
}

type milestoneData struct {
	ID    string `json:"id"`
	State string `json:"state"` // active, done
	Group int    `json:"group"`
	Count int    `json:"count,omitempty"`
	Of    int    `json:"of,omitempty"`
	// Seconds from begin to end of a milestone that is done.
	Seconds float64 `json:"seconds,omitempty"`
	// Expected bounds of Seconds.
	Expected *expectedData `json:"expected,omitempty"`
	Detail   string        `json:"detail,omitempty"`
}

type expectedData struct {
	MinSeconds float64 `json:"minSeconds"`
	MaxSeconds float64 `json:"maxSeconds"`
	Basis      string  `json:"basis"` // profile, history
}

type findingData struct {
	Code     string   `json:"code"`
	Summary  string   `json:"summary"`
	Cause    string   `json:"cause,omitempty"`
	Remedy   string   `json:"remedy,omitempty"`
	Evidence []string `json:"evidence,omitempty"`
	Fatal    bool     `json:"fatal"` // waiting cannot heal it
	Group    int      `json:"group"`
	Times    int      `json:"times,omitempty"`
}

type resultData struct {
	Result   string   `json:"result"` // ready, applied, failed, timeout, interrupted, deleted, …
	Phase    string   `json:"phase,omitempty"`
	ExitCode int      `json:"exitCode"`
	Seconds  float64  `json:"seconds"`
	Next     []string `json:"next,omitempty"` // commands that lead on
	// Costs is what down leaves behind.
	Costs []deploy.Cost `json:"costs,omitempty"`
}
