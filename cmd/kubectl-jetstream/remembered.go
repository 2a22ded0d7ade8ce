package main

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// liveDeployment is the LeaderWorkerSet as it is in the cluster, or nil.
func liveDeployment(ctx context.Context, c *clients, d deploymentRef) (*unstructured.Unstructured, error) {
	live, err := c.dynamic.Resource(lwsGroupResource()).Namespace(d.namespace).Get(ctx, d.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", objectName(d.name), err)
	}
	return live, nil
}

// rememberedBy returns the values a deployment was made with; one that does
// not exist or was made by hand remembers none.
func rememberedBy(live *unstructured.Unstructured) (deploy.Values, error) {
	if live == nil {
		return deploy.Values{}, nil
	}
	values, _, err := deploy.RememberedValues(live)
	return values, err
}

// currentRevision is the revision of the pod templates that runs.
func currentRevision(ctx context.Context, c *clients, d deploymentRef) (string, error) {
	list, err := c.kube.AppsV1().StatefulSets(d.namespace).List(ctx, metav1.ListOptions{
		LabelSelector: lwsv1.SetNameLabelKey + "=" + d.name,
	})
	if err != nil {
		return "", fmt.Errorf("listing statefulsets in %s: %w", d.namespace, err)
	}
	for _, s := range list.Items {
		if s.Name == d.name {
			return s.Labels[lwsv1.RevisionKey], nil
		}
	}
	return "", nil
}

// plan is what has been decided to be in the cluster.
type plan struct {
	profile *deploy.Profile
	values  deploy.Values
	objects []*unstructured.Unstructured
}

// planFrom lays what was given over what is remembered or configured, and renders
// it.
func (a *app) planFrom(base, given deploy.Values) (plan, error) {
	values := base.Merge(given)
	if values.Profile == "" {
		return plan{}, a.noProfile()
	}
	profile, err := loadProfile(values.Profile)
	if err != nil && given.Profile == "" {
		return plan{}, fmt.Errorf("the deployment was made from a profile that is not here; pass --profile: %w", err)
	}
	if err != nil {
		return plan{}, asChoice(err)
	}
	objects, err := deploy.Render(profile, values)
	if err != nil {
		return plan{}, err
	}
	return plan{profile: profile, values: values, objects: objects}, nil
}

// asChoice makes the error of a profile that does not exist one of the command
// line that named it.
func asChoice(err error) error {
	if errors.As(err, new(*deploy.NoProfileError)) {
		return &usageError{err: err}
	}
	return err
}

// printObjects writes the objects of a deployment as YAML. A cluster is asked
// only where no profile is given: then for the values that it remembers. Where
// there is no deployment, or none was asked for, what is configured takes their
// place.
func (a *app) printObjects(ctx context.Context, given deploy.Values, withNamespace bool) error {
	var base deploy.Values
	var from origins
	exists := false
	var err error
	if given.Profile == "" {
		if base, exists, err = a.recall(ctx, deploymentRef{namespace: given.Namespace, name: given.Name}); err != nil {
			return err
		}
	}
	if !exists {
		if base, from, err = a.forNew(given); err != nil {
			return err
		}
	}
	p, err := a.planFrom(base, given)
	if err != nil {
		return from.blame(err)
	}
	objects := p.objects
	if withNamespace {
		objects = append([]*unstructured.Unstructured{namespaceObject(given.Namespace)}, objects...)
	}
	return deploy.WriteYAML(a.Out, objects)
}

// recall asks the cluster for the values of a deployment, and whether there is
// one. Where there is no cluster to ask, there is none.
func (a *app) recall(ctx context.Context, d deploymentRef) (values deploy.Values, exists bool, err error) {
	c, err := a.cluster.clients()
	if errors.As(err, new(*kubeconfigError)) {
		return deploy.Values{}, false, nil
	}
	if err != nil {
		return deploy.Values{}, false, err
	}
	live, err := liveDeployment(ctx, c, d)
	if err != nil {
		return deploy.Values{}, false, err
	}
	values, err = rememberedBy(live)
	return values, live != nil, err
}
