package tunnel

import (
	"errors"
	"fmt"
)

// Candidate is a leader that a request could go to.
type Candidate struct {
	Pod Pod
	// Group is the index of the pod's group.
	Group int
	// Running: all its containers run. Serving: it answered /healthcheck with
	// 200. Ready: the pod says so itself.
	Running, Serving, Ready bool
}

// ErrNoLeader is returned when no leader runs.
var ErrNoLeader = errors.New("no leader pod is running")

// NotServingError says that leaders run and none of them serves yet.
type NotServingError struct{ Pod Pod }

func (e *NotServingError) Error() string {
	return fmt.Sprintf("the model does not serve yet: leader pod %s runs and is not ready", e.Pod.Name)
}

// Pick chooses the leader to talk to: a running one that answers /healthcheck,
// else a ready one. The pod's own readiness lags behind by the probes' delays,
// so the answer counts for more. The first of equals is chosen.
func Pick(candidates []Candidate) (Pod, error) {
	var running *Candidate
	for i, c := range candidates {
		if c.Running && c.Serving {
			return c.Pod, nil
		}
		if c.Running && running == nil {
			running = &candidates[i]
		}
	}
	for _, c := range candidates {
		if c.Ready {
			return c.Pod, nil
		}
	}
	if running != nil {
		return Pod{}, &NotServingError{Pod: running.Pod}
	}
	return Pod{}, ErrNoLeader
}
