package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/watch"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// sight is what a command needs to look at one deployment: clients, and a
// tunnel to ask its leaders through. close ends the tunnel.
type sight struct {
	*clients

	tunnel   *tunnel.Tunnel
	complain func(error)      // tells that logs are not kept
	keep     func() *keptLogs // opens what is kept; nil where somebody else keeps it
	kept     *keptLogs        // while there is a stream; nil where none can be
	options  watch.Options
}

func (a *app) sight(d deploymentRef) (*sight, error) {
	c, err := a.cluster.clients()
	if err != nil {
		return nil, err
	}
	t, err := tunnel.New(c.config)
	if err != nil {
		return nil, err
	}
	complain := func(err error) {
		fmt.Fprintf(a.ErrOut, "Logs are not kept: %s\n", safetext.Line(err.Error()))
	}
	return &sight{clients: c, tunnel: t, complain: complain, keep: func() *keptLogs {
		kept, err := a.keepLogs(d)
		if err != nil {
			complain(err)
		}
		return kept
	}, options: watch.Options{
		Client:    c.kube,
		Dynamic:   c.dynamic,
		Namespace: d.namespace,
		Name:      d.name,
		Prober:    &health.Prober{Dial: dialHealth(t), Now: a.now},
		Profile:   recordedProfile,
		Now:       a.now,
	}}, nil
}

// close ends the tunnel and its connections.
func (s *sight) close() { _ = s.tunnel.Close() }

// look takes one snapshot. A cluster that does not know LeaderWorkerSets has
// no deployment.
func (s *sight) look(ctx context.Context) (status.Snapshot, error) {
	snapshot, err := watch.Get(ctx, s.options)
	if errors.Is(err, watch.ErrNotInstalled) {
		return status.Snapshot{
			Namespace: s.options.Namespace, Name: s.options.Name, Groups: []status.Group{},
			Phase: status.NotFound, Cause: watch.ErrNotInstalled.Error(), ObservedAt: s.options.Now(),
		}, nil
	}
	return snapshot, err
}

// observe hands the stream of snapshots to use, and ends it when use returns.
func (s *sight) observe(ctx context.Context, use func(<-chan status.Snapshot) error) error {
	ctx, cancel := context.WithCancel(ctx)
	snapshots, err := s.stream(ctx, nil)
	if err != nil {
		cancel()
		return err
	}
	// The channel closes when everything behind it has ended.
	defer func() {
		cancel()
		for range snapshots {
		}
	}()
	return use(snapshots)
}

// stream observes the deployment until ctx ends. Its logs are kept on disk and,
// if there is one, in the book; a start-up that becomes ready enters the history.
// Snapshots are latest-wins. The channel is closed when all has ended.
func (s *sight) stream(ctx context.Context, book *logtail.Book) (<-chan status.Snapshot, error) {
	if s.keep != nil {
		s.kept = s.keep()
	}
	options := s.options
	options.Lines = func(origin status.Origin, ref podlog.Ref, lines []podlog.Line) {
		s.kept.Append(origin, ref, lines)
		if s.options.Lines != nil {
			s.options.Lines(origin, ref, lines)
		}
		if book != nil {
			book.Append(ref, lines)
		}
	}
	snapshots, err := watch.Run(ctx, options)
	if err != nil {
		s.kept.close()
		return nil, err
	}
	out := newLatest[status.Snapshot]()
	go guarded(func() {
		defer close(out)
		defer s.endKeeping()
		var past history
		if s.kept != nil && !s.kept.off {
			past.kept = s.kept.kept()
		}
		for snapshot := range snapshots {
			past.see(snapshot)
			out.put(snapshot)
		}
	})
	return out, nil
}

// endKeeping writes what waits for the disk, and tells what it did not take.
func (s *sight) endKeeping() {
	s.kept.close()
	if err := s.kept.trouble(); err != nil {
		s.complain(err)
	}
}

func dialHealth(t *tunnel.Tunnel) func(context.Context, health.Target, int) (net.Conn, error) {
	return func(ctx context.Context, pod health.Target, port int) (net.Conn, error) {
		return t.DialContext(ctx, tunnel.Pod{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}, port)
	}
}

// recordedProfile is the profile that a deployment remembers, if any.
func recordedProfile(lws *unstructured.Unstructured) string {
	values, ok, err := deploy.RememberedValues(lws)
	if err != nil || !ok {
		return ""
	}
	return values.Profile
}
