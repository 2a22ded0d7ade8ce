package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Action is what happened to an object, in kubectl's words.
type Action string

// The actions of applying and deleting.
const (
	ActionCreated    Action = "created"
	ActionConfigured Action = "configured"
	ActionUnchanged  Action = "unchanged"
	ActionDeleted    Action = "deleted"
	// ActionWaiting is no end: the object is tried again, and Err says why.
	ActionWaiting Action = "waiting"
	// ActionFailed goes with Err.
	ActionFailed Action = "failed"

	serverDryRun = " (server dry run)"
	// unchecked is what the server says nothing of in a dry run, because the
	// namespace is not there.
	unchecked = " unchecked, for want of its namespace"
)

// Result is what happened to one object.
type Result struct {
	Ref    ObjectRef `json:"ref"`
	Action Action    `json:"action"`
	Err    error     `json:"-"`
}

// ApplyOptions change how objects are applied.
type ApplyOptions struct {
	// Force takes over fields that another manager holds with another value.
	Force bool
	// DryRun lets the API server check and default everything, webhooks
	// included, and keep nothing.
	DryRun bool
	// SetReplicas makes the replica count of a LeaderWorkerSet that exists
	// what the objects say. Without it the count stays as it is, whoever
	// scaled last.
	SetReplicas bool
}

// Applier brings objects into a cluster by server-side apply. It discovers
// only the group-versions of the objects it is given, since discovering all of
// them is slow where there are many custom resources.
//
// An Applier is for one goroutine.
type Applier struct {
	ApplyOptions
	client   dynamic.Interface
	resource *resourceMap
	// imagined are the namespaces that a dry run would have created.
	imagined map[string]bool
}

// Retries of a webhook that does not answer, which is normal for some seconds
// after its controller has started.
const (
	webhookPatience = time.Minute
	webhookInterval = time.Second
	// establishedInterval is how often a new definition is looked at; it takes a
	// fraction of a second.
	establishedInterval = 200 * time.Millisecond
)

// NewApplier returns an Applier for the cluster of a client configuration.
func NewApplier(cfg *rest.Config, options ApplyOptions) (*Applier, error) {
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("configuring the client: %w", err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("configuring the client: %w", err)
	}
	return newApplier(client, listFromServer(disco.RESTClient()), options), nil
}

func newApplier(client dynamic.Interface, list listResources, options ApplyOptions) *Applier {
	return &Applier{ApplyOptions: options, client: client, resource: newResourceMap(list), imagined: map[string]bool{}}
}

// Apply brings the objects into the cluster, cluster-scoped ones first, and
// calls report with the result of each. Custom resource definitions are waited
// for before anything else is applied. An object that belongs to somebody else
// is an *OwnershipError, found before anything is applied; a field that another
// manager holds is a *ConflictError. The first failure ends it, and applying
// again continues where it ended.
func (a *Applier) Apply(ctx context.Context, objects []*unstructured.Unstructured, report func(Result)) error {
	first, rest := splitDefinitions(objects)
	live, err := a.readLive(ctx, objects)
	if err != nil {
		return err
	}
	if err := checkOwnership(objects, live); err != nil {
		return err
	}
	if err := a.applyEach(ctx, first, live, report); err != nil {
		return err
	}
	if err := a.waitEstablished(ctx, first, report); err != nil {
		return err
	}
	clusterScoped, namespaced, err := a.splitByScope(ctx, rest)
	if err != nil {
		return err
	}
	if err := a.applyEach(ctx, clusterScoped, live, report); err != nil {
		return err
	}
	return a.applyEach(ctx, namespaced, live, report)
}

// liveObjects are the objects as they were in the cluster before any was
// applied; one that was not there is missing.
type liveObjects map[ObjectRef]*unstructured.Unstructured

// readLive reads every object once: the definitions of LeaderWorkerSet are
// more than a megabyte each. What the cluster has no resource for yet, because
// its definition comes with the objects, is not there either.
func (a *Applier) readLive(ctx context.Context, objects []*unstructured.Unstructured) (liveObjects, error) {
	live := liveObjects{}
	for _, object := range objects {
		ref := RefOf(object)
		client, err := a.clientFor(ctx, ref)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found, err := getLive(ctx, client, ref)
		if err != nil {
			return nil, err
		}
		if found != nil {
			live[ref] = found
		}
	}
	return live, nil
}

func (a *Applier) applyEach(ctx context.Context, objects []*unstructured.Unstructured, live liveObjects, report func(Result)) error {
	for _, object := range objects {
		ref := RefOf(object)
		action, err := a.applyOne(ctx, object, live[ref], report)
		if err != nil {
			report(Result{Ref: ref, Action: ActionFailed, Err: err})
			return err
		}
		if a.DryRun {
			action += serverDryRun
		}
		report(Result{Ref: ref, Action: action})
	}
	return nil
}

func (a *Applier) applyOne(ctx context.Context, object, live *unstructured.Unstructured, report func(Result)) (Action, error) {
	ref := RefOf(object)
	client, err := a.clientFor(ctx, ref)
	if err != nil {
		return "", err
	}
	if live != nil && isNamespace(ref) && !isOurs(live) {
		return ActionUnchanged, nil
	}
	wanted := a.withReplicas(object, live)
	var applied *unstructured.Unstructured
	err = a.retryWebhook(ctx, ref, report, func() (err error) {
		applied, err = client.Apply(ctx, ref.Name, wanted, a.options())
		return err
	})
	switch {
	case a.imagined[ref.Namespace] && isMissingNamespace(err):
		return ActionCreated + unchecked, nil
	case err != nil:
		return "", applyError(ref, err)
	case live == nil:
		a.imagined[ref.Name] = a.DryRun && isNamespace(ref)
		return ActionCreated, nil
	case sameContent(live, applied):
		return ActionUnchanged, nil
	default:
		return ActionConfigured, nil
	}
}

func (a *Applier) options() metav1.ApplyOptions {
	options := metav1.ApplyOptions{FieldManager: FieldManager, Force: a.Force}
	if a.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	return options
}

// getLive returns the object as it is in the cluster, nil if it is not.
func getLive(ctx context.Context, client dynamic.ResourceInterface, ref ObjectRef) (*unstructured.Unstructured, error) {
	live, err := client.Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", ref, err)
	}
	return live, nil
}

// sameContent reports whether two states of an object differ in nothing that
// was applied: bookkeeping of the API server and status do not count.
func sameContent(a, b *unstructured.Unstructured) bool {
	return len(Diff(a.GetKind(), content(a), content(b))) == 0
}

func content(object *unstructured.Unstructured) map[string]any {
	copied := object.DeepCopy().Object
	delete(copied, "status")
	if metadata, ok := copied["metadata"].(map[string]any); ok {
		delete(metadata, "managedFields")
		delete(metadata, "resourceVersion")
		delete(metadata, "generation")
	}
	return copied
}

// retryWebhook repeats a request while an admission webhook does not answer.
func (a *Applier) retryWebhook(ctx context.Context, ref ObjectRef, report func(Result), request func() error) error {
	deadline := time.Now().Add(webhookPatience)
	for {
		err := request()
		if !isWebhookDown(err) || time.Now().After(deadline) {
			return err
		}
		report(Result{Ref: ref, Action: ActionWaiting, Err: err})
		if sleepErr := sleep(ctx, webhookInterval); sleepErr != nil {
			return errors.Join(sleepErr, err)
		}
	}
}

// sleep waits for a while or until ctx is done, which is an error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
