package main

import (
	"context"
	"errors"
	"net"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/watch"
)

// sight is what a command needs to look at one deployment: clients, and a
// tunnel to ask its leaders through. close ends the tunnel.
type sight struct {
	*clients

	tunnel  *tunnel.Tunnel
	options watch.Options
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
	return &sight{clients: c, tunnel: t, options: watch.Options{
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
	snapshots, err := watch.Run(ctx, s.options)
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
