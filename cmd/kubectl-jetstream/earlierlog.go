package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// whoIsPresent bounds the question which incarnation is the present one:
// without an answer the latest that is kept is taken for it.
const whoIsPresent = 3 * time.Second

// earlierLog returns the end of the kept log of a container from the latest
// incarnation of its group before the present one in which it said anything,
// and when that incarnation began. Nothing kept is no lines and a zero time.
func (a *app) earlierLog(ctx context.Context, d deploymentRef, stream logtail.Stream) ([]logtail.Line, time.Time, error) {
	clients, err := a.cluster.clients()
	if err != nil {
		return nil, time.Time{}, err
	}
	kept, err := a.keepLogs(d)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer kept.close()
	asking, cancel := context.WithTimeout(ctx, whoIsPresent)
	defer cancel()
	present, err := a.lookAtPods(asking, clients, d)
	if ctx.Err() != nil {
		return nil, time.Time{}, context.Cause(ctx)
	}
	if err != nil {
		present = presentPods{}
	}
	return earlierOf(ctx, kept.kept(), present, stream)
}

func earlierOf(ctx context.Context, kept *logstore.Deployment, present presentPods, stream logtail.Stream) ([]logtail.Line, time.Time, error) {
	// What is damaged is told by reading it.
	incarnations, _ := kept.Incarnations()
	var leader types.UID
	var began time.Time
	for _, in := range earlierIncarnations(present, incarnations) {
		if slices.ContainsFunc(in.Runs, func(o status.Origin) bool { return streamOf(o) == stream }) {
			leader, began = in.LeaderUID, in.Began
		}
	}
	if leader == "" {
		return nil, time.Time{}, nil
	}
	// As much as is kept of a log in memory.
	last := make([]logtail.Line, 0, 2*logtail.DefaultLines)
	filter := logstore.Filter{Want: func(o status.Origin) bool { return o.LeaderUID == leader && streamOf(o) == stream }}
	err := kept.Read(ctx, filter, func(e logstore.Entry) bool {
		if len(last) == cap(last) {
			last = last[:copy(last, last[len(last)-logtail.DefaultLines:])]
		}
		last = append(last, tailLine(e))
		return true
	})
	last = last[max(0, len(last)-logtail.DefaultLines):]
	for i := range last {
		last[i].Seq = uint64(i + 1)
	}
	return last, began, err
}

func streamOf(o status.Origin) logtail.Stream {
	return logtail.Stream{Pod: o.Pod, Container: o.Container}
}

// tailLine is an entry as the dashboard shows it. A gap is a line that says so.
func tailLine(e logstore.Entry) logtail.Line {
	l := logtail.Line{
		Stream: streamOf(*e.Origin), UID: string(e.Origin.PodUID), Restart: e.Origin.Restart,
		Time: e.Line.Time, Text: e.Line.Text, Cut: e.Line.Cut,
	}
	if e.Gap != nil {
		l.Text = "(" + gapText(e.Gap) + ")"
	}
	if len(l.Text) > logtail.MaxText {
		l.Text, l.Cut = strings.ToValidUTF8(l.Text[:logtail.MaxText], ""), true
	}
	return l
}
