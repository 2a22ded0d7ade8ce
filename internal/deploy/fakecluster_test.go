package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/dynamic/fake"
	k8stesting "k8s.io/client-go/testing"
)

// fakeCluster is a dynamic client with server-side apply by the API server's
// own field management, including dry runs, which the official fake lacks.
type fakeCluster struct {
	*fake.FakeDynamicClient
	served map[schema.GroupVersionKind]bool // kind → namespaced
}

// served are the kinds of the release manifests and of a workload.
func servedKinds() map[schema.GroupVersionKind]bool {
	kinds := map[schema.GroupVersionKind]bool{}
	for gv, scopes := range map[string]map[string]bool{
		"v1":                              {"Namespace": false, "Service": true, "ServiceAccount": true, "ConfigMap": true, "Secret": true, "Pod": true, "Node": false},
		"apps/v1":                         {"Deployment": true},
		"apiextensions.k8s.io/v1":         {"CustomResourceDefinition": false},
		"admissionregistration.k8s.io/v1": {"MutatingWebhookConfiguration": false, "ValidatingWebhookConfiguration": false},
		"rbac.authorization.k8s.io/v1":    {"Role": true, "RoleBinding": true, "ClusterRole": false, "ClusterRoleBinding": false},
		"leaderworkerset.x-k8s.io/v1":     {kindLWS: true},
		"disaggregatedset.x-k8s.io/v1":    {"DisaggregatedSet": true},
	} {
		for kind, namespaced := range scopes {
			kinds[schema.FromAPIVersionAndKind(gv, kind)] = namespaced
		}
	}
	return kinds
}

func newFakeCluster(t *testing.T, objects ...*unstructured.Unstructured) *fakeCluster {
	t.Helper()
	cluster := &fakeCluster{served: servedKinds()}
	listKinds := map[schema.GroupVersionResource]string{}
	for kind := range cluster.served {
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		listKinds[resource] = kind.Kind + "List"
	}
	stored := make([]runtime.Object, len(objects))
	for i, object := range objects {
		stored[i] = object.DeepCopy()
	}
	cluster.FakeDynamicClient = fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), listKinds, stored...)
	cluster.PrependReactor("patch", "*", cluster.apply)
	cluster.PrependReactor("create", "*", dryRunCreate)
	return cluster
}

// resources answers discovery.
func (c *fakeCluster) resources(_ context.Context, gv schema.GroupVersion) (*metav1.APIResourceList, error) {
	list := &metav1.APIResourceList{GroupVersion: gv.String()}
	for kind, namespaced := range c.served {
		if kind.GroupVersion() == gv {
			resource, _ := meta.UnsafeGuessKindToResource(kind)
			list.APIResources = append(list.APIResources, metav1.APIResource{Name: resource.Resource, Kind: kind.Kind, Namespaced: namespaced})
		}
	}
	if len(list.APIResources) == 0 {
		return nil, apierrors.NewNotFound(schema.GroupResource{}, gv.String())
	}
	return list, nil
}

func (c *fakeCluster) applier(options ApplyOptions) *Applier {
	return newApplier(c, c.resources, options)
}

func (c *fakeCluster) apply(action k8stesting.Action) (bool, runtime.Object, error) {
	patch, ok := action.(k8stesting.PatchActionImpl)
	if !ok || patch.GetPatchType() != types.ApplyPatchType {
		return false, nil, nil
	}
	wanted, err := parseDocument(patch.GetPatch())
	if err != nil {
		return true, nil, err
	}
	var live runtime.Object = &unstructured.Unstructured{Object: map[string]any{}}
	live.GetObjectKind().SetGroupVersionKind(wanted.GroupVersionKind())
	stored, err := c.Tracker().Get(patch.GetResource(), patch.GetNamespace(), patch.GetName())
	exists := err == nil
	if exists {
		live = stored.DeepCopyObject()
	}
	manager, err := managedfields.NewDefaultFieldManager(managedfields.NewDeducedTypeConverter(), asIs{}, asIs{}, asIs{},
		wanted.GroupVersionKind(), wanted.GroupVersionKind().GroupVersion(), "", nil)
	if err != nil {
		return true, nil, err
	}
	force := patch.PatchOptions.Force != nil && *patch.PatchOptions.Force
	applied, err := manager.Apply(live, wanted, patch.PatchOptions.FieldManager, force)
	if err != nil || slices.Contains(patch.PatchOptions.DryRun, metav1.DryRunAll) {
		return true, applied, err
	}
	if exists {
		err = c.Tracker().Update(patch.GetResource(), applied, patch.GetNamespace())
	} else {
		err = c.Tracker().Create(patch.GetResource(), applied, patch.GetNamespace())
	}
	return true, applied.DeepCopyObject(), err
}

// update changes an object as another field manager does.
func (c *fakeCluster) update(t *testing.T, object *unstructured.Unstructured, manager string, change func(*unstructured.Unstructured)) {
	t.Helper()
	resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
	stored, err := c.Tracker().Get(resource, object.GetNamespace(), object.GetName())
	if err != nil {
		t.Fatal(err)
	}
	changed := stored.DeepCopyObject().(*unstructured.Unstructured)
	change(changed)
	fields, err := managedfields.NewDefaultFieldManager(managedfields.NewDeducedTypeConverter(), asIs{}, asIs{}, asIs{},
		object.GroupVersionKind(), object.GroupVersionKind().GroupVersion(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	updated, err := fields.Update(stored.DeepCopyObject(), changed, manager)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Tracker().Update(resource, updated, object.GetNamespace()); err != nil {
		t.Fatal(err)
	}
}

// live returns an object of the cluster, nil if it is not there.
func (c *fakeCluster) live(t *testing.T, ref ObjectRef) *unstructured.Unstructured {
	t.Helper()
	live, err := getLive(t.Context(), resourceOf(c, ref), ref)
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// dryRunCreate keeps nothing, and fills in what the webhook of
// LeaderWorkerSet does.
func dryRunCreate(action k8stesting.Action) (bool, runtime.Object, error) {
	create, ok := action.(k8stesting.CreateActionImpl)
	if !ok || !slices.Contains(create.CreateOptions.DryRun, metav1.DryRunAll) {
		return false, nil, nil
	}
	created := create.GetObject().DeepCopyObject().(*unstructured.Unstructured)
	if created.GetKind() == kindLWS {
		created.Object["spec"].(map[string]any)["networkConfig"] = map[string]any{"subdomainPolicy": "Shared"}
	}
	return true, created, nil
}

// writes returns the objects that requests tried to change, in order.
func (c *fakeCluster) writes() []string {
	var names []string
	for _, action := range c.Actions() {
		switch action := action.(type) {
		case k8stesting.PatchActionImpl:
			names = append(names, action.GetResource().Resource+"/"+action.GetName())
		case k8stesting.CreateActionImpl, k8stesting.UpdateActionImpl, k8stesting.DeleteActionImpl:
			names = append(names, action.GetVerb()+" "+action.GetResource().Resource)
		}
	}
	return names
}

// asIs converts, defaults and creates unstructured objects by leaving them
// as they are.
type asIs struct{}

func (asIs) Convert(in, out, _ any) error { return fmt.Errorf("converting %T to %T", in, out) }

func (asIs) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}

func (asIs) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

func (asIs) Default(runtime.Object) {}

func (asIs) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetGroupVersionKind(kind)
	return object, nil
}

// results collects what is reported.
type results []string

func (r *results) report(result Result) {
	text := fmt.Sprintf("%s %s", result.Ref, result.Action)
	if len(*r) == 0 || (*r)[len(*r)-1] != text {
		*r = append(*r, text)
	}
}

// parseObject reads one object of YAML, with labels added.
func parseObject(t *testing.T, text string, labels ...string) *unstructured.Unstructured {
	t.Helper()
	objects, err := ParseYAML([]byte(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("reading %q: %d objects, %v", text, len(objects), err)
	}
	added := map[string]string{}
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		added[key] = value
	}
	if len(added) > 0 {
		all := objects[0].GetLabels()
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, added)
		objects[0].SetLabels(all)
	}
	return objects[0]
}
