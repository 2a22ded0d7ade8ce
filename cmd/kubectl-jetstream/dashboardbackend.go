package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// backend is what the dashboard sees of the cluster and of this machine.
type backend struct {
	*app

	namespace string
	up        *upOptions // what a deployment starts from
	group     int        // that prompts go to; anyGroup is the usual
	keepsChat bool       // the conversation is kept at the end
	// rolled is what was applied last; nil before.
	rolled atomic.Pointer[rolledOut]

	mu      sync.Mutex
	over    bool // nothing may be started any more
	running sync.WaitGroup
}

var _ tui.Backend = (*backend)(nil)

// errOver says that the dashboard has been left meanwhile.
var errOver = errors.New("the dashboard has been left")

// run starts f beside the dashboard, unless that has been left: the program does
// not wait for the questions that it has asked.
func (b *backend) run(f func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return errOver
	}
	b.running.Go(func() { guarded(f) })
	return nil
}

// wait returns when nothing that the backend started runs any more. The
// contexts that it was called with must have ended.
func (b *backend) wait() {
	b.mu.Lock()
	b.over = true
	b.mu.Unlock()
	b.running.Wait()
}

// newBackend prepares a backend for the namespace in use. Deployments start
// from the options of up; nil means its defaults.
func (a *app) newBackend(up *upOptions) (*backend, error) {
	ns, err := a.cluster.namespace()
	if err != nil {
		return nil, err
	}
	if up == nil {
		up = &upOptions{app: a, dryRun: dryRunNone, wait: true}
		if err := up.readManifest(); err != nil {
			return nil, err
		}
	}
	return &backend{app: a, namespace: ns, up: up, group: anyGroup}, nil
}

func (b *backend) ref(name string) deploymentRef {
	return deploymentRef{namespace: b.namespace, name: name}
}

// Deployments implements tui.Backend.
func (b *backend) Deployments(ctx context.Context) ([]tui.Deployment, error) {
	c, err := b.cluster.clients()
	if err != nil {
		return nil, b.explained(ctx, err)
	}
	list, err := c.dynamic.Resource(lwsGroupResource()).Namespace(b.namespace).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil // the cluster does not know LeaderWorkerSets, so there are none
	case err != nil:
		return nil, b.explained(ctx, fmt.Errorf("listing deployments in namespace %s: %w", b.namespace, err))
	}
	var out []tui.Deployment
	for i := range list.Items {
		lws := &list.Items[i]
		replicas, found, err := unstructured.NestedInt64(lws.Object, "spec", "replicas")
		if err != nil || !found {
			replicas = 1
		}
		// How many are ready is left to the dashboard, which asks the pods.
		out = append(out, tui.Deployment{
			Name: lws.GetName(), State: count(int(replicas), "group"), Created: lws.GetCreationTimestamp().Time,
		})
	}
	return out, nil
}

// Observe implements tui.Backend.
func (b *backend) Observe(ctx context.Context, name string) (*tui.Observation, error) {
	sight, err := b.sight(b.ref(name))
	if err != nil {
		return nil, b.explained(ctx, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	book := logtail.New(logtail.Limits{})
	snapshots, err := sight.stream(ctx, book)
	if err != nil {
		cancel()
		sight.close()
		return nil, b.explained(ctx, err)
	}
	out := newLatest[status.Snapshot]()
	known := newLeaders(status.Snapshot{Namespace: b.namespace, Name: name})
	follow := func() {
		defer sight.close()
		defer cancel()
		defer close(out)
		for s := range snapshots {
			known.see(s)
			out.put(s)
		}
	}
	if err := b.run(follow); err != nil {
		cancel()
		follow()
		return nil, err
	}
	return &tui.Observation{
		Snapshots: out, Logs: book, Expect: sight.expect,
		Chat: newExplainedAnswers(&leaderAnswerer{tunnel: sight.tunnel, candidates: known.candidates, group: b.group}, b, known, sight.expect),
	}, nil
}

// YAML implements tui.Backend. Pods are listed by name, as whoever may look at
// a deployment may list them.
func (b *backend) YAML(ctx context.Context, name, pod string) (string, error) {
	c, err := b.cluster.clients()
	if err != nil {
		return "", b.explained(ctx, err)
	}
	resource, object := lwsGroupResource(), name
	if pod != "" {
		resource, object = schema.GroupVersionResource{Version: "v1", Resource: "pods"}, pod
	}
	list, err := c.dynamic.Resource(resource).Namespace(b.namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", object).String(),
	})
	if err != nil {
		return "", b.explained(ctx, fmt.Errorf("reading %s/%s: %w", resource.Resource, object, err))
	}
	if len(list.Items) == 0 {
		return "", fmt.Errorf("%s/%s does not exist any more", resource.Resource, object)
	}
	list.Items[0].SetManagedFields(nil)
	text, err := yaml.Marshal(list.Items[0].Object)
	if err != nil {
		return "", fmt.Errorf("encoding %s/%s: %w", resource.Resource, object, err)
	}
	return string(text), nil
}

// Earlier implements tui.Backend.
func (b *backend) Earlier(ctx context.Context, name string, stream logtail.Stream) ([]logtail.Line, time.Time, error) {
	return b.earlierLog(ctx, b.ref(name), stream)
}
