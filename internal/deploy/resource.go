package deploy

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// listResources returns the resources of one group-version.
type listResources func(ctx context.Context, gv schema.GroupVersion) (*metav1.APIResourceList, error)

// listFromServer asks the API server's discovery endpoint of the
// group-version; the discovery client's own methods take no context.
func listFromServer(client rest.Interface) listResources {
	return func(ctx context.Context, gv schema.GroupVersion) (*metav1.APIResourceList, error) {
		path := "/apis/" + gv.String()
		if gv.Group == "" {
			path = "/api/" + gv.Version
		}
		list := &metav1.APIResourceList{}
		if err := client.Get().AbsPath(path).Do(ctx).Into(list); err != nil {
			return nil, err
		}
		return list, nil
	}
}

// resourceMap remembers the resources of the group-versions asked for.
type resourceMap struct {
	list  listResources
	known map[schema.GroupVersion][]metav1.APIResource
}

func newResourceMap(list listResources) *resourceMap {
	return &resourceMap{list: list, known: map[schema.GroupVersion][]metav1.APIResource{}}
}

// find returns the resource of a kind. What the server does not have is a
// *meta.NoKindMatchError and is asked for again the next time, since its
// definition may be on the way.
func (m *resourceMap) find(ctx context.Context, ref ObjectRef) (metav1.APIResource, error) {
	gv := ref.groupVersion()
	if _, ok := m.known[gv]; !ok {
		list, err := m.list(ctx, gv)
		if err != nil && !apierrors.IsNotFound(err) {
			return metav1.APIResource{}, fmt.Errorf("discovering %s: %w", gv, err)
		}
		if err == nil {
			m.known[gv] = list.APIResources
		}
	}
	i := slices.IndexFunc(m.known[gv], func(r metav1.APIResource) bool {
		return r.Kind == ref.Kind && !slices.Contains([]byte(r.Name), '/')
	})
	if i < 0 {
		delete(m.known, gv)
		err := error(&meta.NoKindMatchError{
			GroupKind:        schema.GroupKind{Group: gv.Group, Kind: ref.Kind},
			SearchedVersions: []string{gv.Version},
		})
		if ref.Kind == kindLWS {
			err = fmt.Errorf("LeaderWorkerSet is not installed in this cluster: %w", err)
		}
		return metav1.APIResource{}, err
	}
	return m.known[gv][i], nil
}

// clientFor returns the client of an object's resource and namespace.
func (a *Applier) clientFor(ctx context.Context, ref ObjectRef) (dynamic.ResourceInterface, error) {
	resource, err := a.resource.find(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("finding the resource of %s: %w", ref, err)
	}
	client := a.client.Resource(ref.groupVersion().WithResource(resource.Name))
	if !resource.Namespaced {
		return client, nil
	}
	if ref.Namespace == "" {
		return nil, fmt.Errorf("%s: the object needs a namespace and has none", ref)
	}
	return client.Namespace(ref.Namespace), nil
}

// splitDefinitions separates what others depend on, namespaces and custom
// resource definitions, from the rest.
func splitDefinitions(objects []*unstructured.Unstructured) (definitions, rest []*unstructured.Unstructured) {
	for _, object := range objects {
		if ref := RefOf(object); isNamespace(ref) || isDefinition(ref) {
			definitions = append(definitions, object)
		} else {
			rest = append(rest, object)
		}
	}
	return definitions, rest
}

func isNamespace(ref ObjectRef) bool { return ref.APIVersion == "v1" && ref.Kind == "Namespace" }

func isDefinition(ref ObjectRef) bool {
	return ref.groupVersion().Group == "apiextensions.k8s.io" && ref.Kind == "CustomResourceDefinition"
}

// splitByScope separates cluster-scoped objects from namespaced ones, each in
// the order given.
func (a *Applier) splitByScope(ctx context.Context, objects []*unstructured.Unstructured) (clusterScoped, namespaced []*unstructured.Unstructured, err error) {
	for _, object := range objects {
		ref := RefOf(object)
		resource, err := a.resource.find(ctx, ref)
		if err != nil {
			return nil, nil, fmt.Errorf("finding the resource of %s: %w", ref, err)
		}
		if resource.Namespaced {
			namespaced = append(namespaced, object)
		} else {
			clusterScoped = append(clusterScoped, object)
		}
	}
	return clusterScoped, namespaced, nil
}

// waitEstablished waits until the custom resources that were just defined are
// served. It asks discovery, whose answer is small, and is bounded by ctx.
func (a *Applier) waitEstablished(ctx context.Context, definitions []*unstructured.Unstructured, report func(Result)) error {
	for _, definition := range definitions {
		ref := RefOf(definition)
		if a.DryRun || !isDefinition(ref) {
			continue
		}
		waiting := false
		for _, defined := range definedKinds(definition) {
			for {
				_, err := a.resource.find(ctx, defined)
				if err == nil {
					break
				}
				if !meta.IsNoMatchError(err) {
					return fmt.Errorf("waiting for %s to be served: %w", ref, err)
				}
				if !waiting {
					waiting = true
					report(Result{Ref: ref, Action: ActionWaiting, Err: fmt.Errorf("%s is not served yet", defined.Kind)})
				}
				if err := sleep(ctx, establishedInterval); err != nil {
					return fmt.Errorf("waiting for %s to be served: %w", ref, err)
				}
			}
		}
	}
	return nil
}

// definedKinds returns the kind that a definition defines, once for each
// version that it serves.
func definedKinds(definition *unstructured.Unstructured) []ObjectRef {
	text := func(fields ...string) string {
		value, _, _ := unstructured.NestedString(definition.Object, fields...)
		return value
	}
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	var kinds []ObjectRef
	for _, element := range versions {
		if version, ok := element.(map[string]any); ok && version["served"] == true {
			gv := schema.GroupVersion{Group: text("spec", "group"), Version: fmt.Sprint(version["name"])}
			kinds = append(kinds, ObjectRef{APIVersion: gv.String(), Kind: text("spec", "names", "kind")})
		}
	}
	return kinds
}
