package chat

import "time"

// State is how far a turn has come.
type State int

// The states of a turn. The last three are final.
const (
	// Waiting: the prompt is on its way and nothing has come.
	Waiting State = iota
	// Answering: some of the answer has come.
	Answering
	// Done: the answer is complete.
	Done
	// Stopped: the person stopped it.
	Stopped
	// Failed: the Turn's Err says why.
	Failed
)

func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Answering:
		return "answering"
	case Done:
		return "done"
	case Stopped:
		return "stopped"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// Ended reports whether nothing more comes.
func (s State) Ended() bool { return s == Done || s == Stopped || s == Failed }

// Turn is what a person said and what the model answered.
type Turn struct {
	// Number counts the turns of a conversation from 1.
	Number int
	// User is the person's text, whole also where it was sent shortened.
	User string
	// Answer is what has come so far, without a stop marker and what followed
	// it.
	Answer string
	State  State
	// Err is why a turn failed.
	Err   error
	Begun time.Time
	Stats Stats
	// Dropped is how many earlier turns did not fit into the context of this
	// one.
	Dropped int
	// Cut is true when the beginning of User was not sent.
	Cut bool
}
