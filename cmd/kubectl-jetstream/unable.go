package main

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/generate"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// newsTime is how long a failure waits for news of what caused it.
const newsTime = 2 * time.Second

// unable says why prompts to a deployment, or to one group of it, come to nothing; it
// is empty where they do not.
func (a *app) unable(s status.Snapshot, group int, expected forecast.Expectations) string {
	for _, c := range leadersOf(s) {
		if (group == anyGroup || c.Group == group) && c.Running && (c.Serving || c.Ready) {
			return ""
		}
	}
	if group != anyGroup && (len(s.Groups) > 1 || group > 0) {
		_, text := groupState(s, group)
		return strings.ToLower(text[:1]) + text[1:]
	}
	view := statusText{now: a.now(), expected: expected}
	return "the model is not ready: " + view.headline(s)
}

// groupLedBy is the group of a leader pod, or else another one.
func groupLedBy(s status.Snapshot, pod string, other int) int {
	for _, g := range s.Groups {
		if g.Leader != nil && g.Leader.Name == pod {
			return g.Index
		}
	}
	return other
}

// doesNotServe says whether an error of asking means that the model does not serve.
func doesNotServe(err error) bool {
	var (
		server     *generate.ServerError
		refused    *tunnel.PortRefusedError
		notServing *tunnel.NotServingError
	)
	return errors.As(err, &server) && server.NotServing() || errors.As(err, &refused) ||
		errors.As(err, &notServing) || errors.Is(err, tunnel.ErrNoLeader)
}

// brokeOff says whether an error of asking is one of the connection, which breaks
// when the model goes away.
func brokeOff(err error) bool {
	var (
		cut        *generate.TruncatedError
		lost       *tunnel.LostError
		notRunning *tunnel.PodNotRunningError
		failed     *tunnel.ForwardError
	)
	return errors.As(err, &cut) || errors.As(err, &lost) || errors.As(err, &notRunning) || errors.As(err, &failed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
