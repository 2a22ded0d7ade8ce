// Package forecast says how long a start-up still takes.
//
// It lays what is expected of each milestone, from the profile or from earlier
// runs of the same deployment, over how far the milestones have come. An
// estimate is a range with its basis; where nothing is known there is none,
// since a guess would be taken for a promise.
//
// The package is pure.
package forecast

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// Basis says where an expectation comes from.
type Basis string

// The bases of expectations.
const (
	// FromProfile: documented for the model, see the profile's source.
	FromProfile Basis = "profile"
	// FromHistory: measured in earlier runs of this deployment.
	FromHistory Basis = "history"
)

// Range is how long a milestone usually takes. The zero Range expects
// nothing.
type Range struct {
	Min, Max time.Duration
	Basis    Basis
	// Runs is the number of earlier runs behind a range from history.
	Runs int
}

// Known reports whether anything is expected.
func (r Range) Known() bool { return r.Max > 0 }

// Expectations are by milestone; one that is missing is not known. That of
// Serving is the whole load, from the end of Images to the first good health
// check, since that is what documentation tells of; all others are of the
// milestone itself.
type Expectations map[milestone.ID]Range

// Run is one start-up that reached Ready, as history keeps it.
type Run struct {
	// Started is when the leader was created: what was before, such as the
	// LeaderWorkerSet, may belong to earlier start-ups.
	Started time.Time `json:"started"`
	// Leader is the UID of the leader pod, which has one start-up.
	Leader string `json:"leader,omitempty"`
	// Profile and Checkpoint are what was started; empty where they are not
	// known.
	Profile    string `json:"profile,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"`
	// Revision is the pod template's revision hash.
	Revision string `json:"revision,omitempty"`
	// Steps holds how long each milestone took; Serving is the whole load, as
	// in Expectations.
	Steps map[milestone.ID]time.Duration `json:"steps"`
}

// Step is a milestone with what is expected of it.
type Step struct {
	milestone.Milestone

	// Elapsed is how long it runs, or took; zero before it begins.
	Elapsed time.Duration
	// Expected is how long it should take. Serving has one only where nothing
	// is known of the steps of the load, so that it stands for all of them.
	Expected Range
	// Stalled is true when it runs longer than is plausible.
	Stalled bool
	// Hint says what to check when it is stalled.
	Hint string
}

// Forecast is the outlook of one group's start-up.
type Forecast struct {
	Steps []Step
	// ReadyEarliest and ReadyLatest bound when the model can answer; both are
	// zero where that cannot be estimated or where it answers already.
	ReadyEarliest, ReadyLatest time.Time
}
