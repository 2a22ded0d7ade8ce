package watch

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// Topics of the connection that are no topics of notes: without them there is
// no snapshot.
const (
	topicLWS  = "leaderworkersets"
	topicPods = "pods"
)

// topicWorkerLogs is the topic of a note that is no reason to doubt what the
// logs of leaders tell, unlike those under status.TopicLogs.
const topicWorkerLogs = "worker-logs"

// decodeLWS sets the LeaderWorkerSet of the inputs and its profile.
func decodeLWS(obj *unstructured.Unstructured, o Options, in *status.Inputs) error {
	lws := &lwsv1.LeaderWorkerSet{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, lws); err != nil {
		return fmt.Errorf("reading LeaderWorkerSet %s: %w", o.Name, err)
	}
	in.LWS = lws
	if o.Profile != nil {
		in.Profile = o.Profile(obj)
	}
	return nil
}

// sorted puts objects in an order that does not depend on chance, so that equal
// inputs make equal snapshots.
func sorted[T metav1.Object](objects []T) []T {
	slices.SortFunc(objects, func(a, b T) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return objects
}

// notes name what could not be observed.
func (w *observer) notes(known map[types.UID]health.Health) []status.Note {
	var notes []status.Note
	if f := w.conn.failing(topicLWS, topicPods); f.err != nil {
		notes = append(notes, status.Note{
			Topic: status.TopicConnection, Message: fmt.Sprintf("what is shown is from before the API server stopped answering: %v", f.err),
		})
	}
	for _, topic := range []string{status.TopicNodes, status.TopicEvents, status.TopicStatefulSet} {
		if err := w.conn.denial(topic); err != nil {
			notes = append(notes, deniedNote(topic, err))
		}
	}
	if err := w.logs.denied(); err != nil {
		notes = append(notes, deniedNote(status.TopicLogs, err))
	}
	if leaders, workers := w.logs.unfollowed(); leaders {
		notes = append(notes, status.Note{
			Topic:   status.TopicLogs,
			Message: fmt.Sprintf("milestones and causes may be missing, as the logs of only %d containers are followed", maxFollowed),
		})
	} else if workers {
		notes = append(notes, status.Note{
			Topic:   topicWorkerLogs,
			Message: fmt.Sprintf("causes in the logs of some workers may be missing, as those of only %d containers are followed", maxWorkers),
		})
	}
	if ref, err := w.logs.troubled(); err != nil {
		notes = append(notes, troubleNote(ref, err))
	}
	return append(notes, healthNotes(known, w.o.now())...)
}

// troubleNote says that a log that is there cannot be read.
func troubleNote(ref podlog.Ref, err error) status.Note {
	return status.Note{
		Topic: status.TopicLogs,
		Message: fmt.Sprintf("milestones and causes may be missing, as the log of %s in pod %s cannot be read: %v",
			ref.Container, ref.Pod, err),
	}
}

// deniedNote says what follows from not being permitted to read something.
func deniedNote(topic string, err error) status.Note {
	consequence := map[string]string{
		status.TopicNodes:       "node pools are not shown, and whether a fitting node exists is not known",
		status.TopicEvents:      "events are not shown, and some causes stay unknown",
		status.TopicStatefulSet: "the progress of rollouts is not shown",
		status.TopicLogs:        "milestones are not shown, and some causes stay unknown",
	}[topic]
	return status.Note{Topic: topic, Message: fmt.Sprintf("%s: %v", consequence, err)}
}

// unasked is how long a leader may go without an answer before that is told.
const unasked = 15 * time.Second

// healthNotes says once that nobody could be asked, for whichever leader.
func healthNotes(known map[types.UID]health.Health, now time.Time) []status.Note {
	detail := ""
	lost := false
	for _, h := range known {
		switch {
		case h.State == health.Forbidden && (detail == "" || h.Detail < detail):
			detail = h.Detail
		case h.State == health.Unknown && h.Detail != "" && now.Sub(h.Since) >= unasked:
			lost = true
		}
	}
	var notes []status.Note
	if detail != "" {
		notes = append(notes, status.Note{
			Topic:   status.TopicHealth,
			Message: "the model server cannot be asked, so readiness is the pods' own and not confirmed: " + detail,
		})
	}
	if lost {
		notes = append(notes, status.Note{
			Topic:   status.TopicHealth,
			Message: "the model server gives no answer at the moment, so whether it serves is not known",
		})
	}
	return notes
}
