// Package watch observes one deployment and tells its state as snapshots.
//
// Run keeps local copies of the deployment's objects, follows the logs of its
// containers and asks its leaders for their health. Whatever changes marks the
// state dirty; one goroutine waits a moment for more, rebuilds the snapshot
// from all that is known and publishes it if it differs. The state is never
// pieced together from events, so a missed one cannot corrupt it.
//
// Snapshots are latest-wins: a slow receiver misses intermediate ones and
// always gets the newest. The channel is closed when the context is done and
// everything that Run started has ended. Findings and milestones that came
// from the logs of pods that are gone stay in the snapshots that follow.
//
// What may not be read (nodes, events, logs, port-forward) is named in the
// snapshot's notes; only pods and the LeaderWorkerSet itself are
// indispensable. Lost connections are mended; the snapshot says since when the
// API server has not answered.
package watch

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// coalesce is how long a change waits for others: the pods of a group
	// change together.
	coalesce = 50 * time.Millisecond
	// heartbeat is how often the snapshot is rebuilt without a change, because
	// some findings depend on how long a state has lasted.
	heartbeat = time.Second
	// restless is how long after a change that goes on: longer than any state
	// has to last before it is judged.
	restless = 45 * time.Second
	// slowHeartbeat takes its place after that, for what depends on a longer
	// time, or on the clocks of cluster and user that differ.
	slowHeartbeat = 10 * time.Second
	// share is the part of the time that rebuilding may take while one change
	// follows another, as one in so many.
	share = 10
	// firstAnswer bounds how long the first snapshot waits for the leaders'
	// answers.
	firstAnswer = 3 * time.Second
)

// ErrNotInstalled says that the cluster does not know LeaderWorkerSets.
var ErrNotInstalled = errors.New("the LeaderWorkerSet API is not installed in the cluster")

// Prober asks a leader for its health. *health.Prober is one.
type Prober interface {
	Probe(ctx context.Context, pod health.Target) health.Health
}

// Options are what to observe, and with what.
type Options struct {
	Client  kubernetes.Interface
	Dynamic dynamic.Interface
	// Namespace and Name are those of the LeaderWorkerSet.
	Namespace, Name string
	// Prober may be nil: health stays unknown then.
	Prober Prober
	// Profile returns the name of the profile that a LeaderWorkerSet records,
	// or nothing. It may be nil.
	Profile func(lws *unstructured.Unstructured) string
	// Lines is told every line of every log that is followed, in batches: those
	// of one run of a container in their order and once each, those of several
	// runs at the same time. Milestones and causes have had them before. The
	// slice is the receiver's to keep. Lines must not block: until it returns
	// nothing more is read of that log. It may be nil.
	Lines func(origin status.Origin, ref podlog.Ref, lines []podlog.Line)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// lwsResource is the resource of LeaderWorkerSets, the same in every released
// version.
var lwsResource = schema.GroupVersionResource{
	Group: "leaderworkerset.x-k8s.io", Version: "v1", Resource: "leaderworkersets",
}
