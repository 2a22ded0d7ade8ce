package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// UninstallLWS removes a LeaderWorkerSet installation that this plugin made,
// once nothing uses it any more: no LeaderWorkerSet and no DisaggregatedSet is
// left in any namespace. Deleting the definitions would delete those too, so
// being unable to look is a refusal. It deletes in the reverse order of the
// manifest, the webhooks first, and waits until all is gone, bounded by ctx.
func UninstallLWS(ctx context.Context, kube kubernetes.Interface, client dynamic.Interface, report func(Result)) error {
	state, err := DetectLWS(ctx, kube, client)
	if err != nil {
		return err
	}
	if !state.Installed && state.Controller == "" {
		return fmt.Errorf("uninstalling LeaderWorkerSet: it is not installed")
	}
	if !state.ManagedByUs {
		return fmt.Errorf("uninstalling LeaderWorkerSet: this plugin did not install it; it was left alone")
	}
	if err := checkUnused(ctx, client); err != nil {
		return err
	}
	refs, err := lwsRefs(state.Version)
	if err != nil {
		return err
	}
	var deleted []ObjectRef
	for _, ref := range slices.Backward(refs) {
		found, err := deleteLWSObject(ctx, client, ref)
		if err != nil {
			return err
		}
		if found {
			deleted = append(deleted, ref)
		}
	}
	for _, ref := range deleted {
		if err := waitGone(ctx, client, ref); err != nil {
			return err
		}
		report(Result{Ref: ref, Action: ActionDeleted})
	}
	return nil
}

// checkUnused returns an error that names what still uses LeaderWorkerSet.
func checkUnused(ctx context.Context, client dynamic.Interface) error {
	var users []string
	for _, resource := range []schema.GroupVersionResource{
		lwsGroupResource,
		{Group: "disaggregatedset.x-k8s.io", Version: lwsv1.GroupVersion.Version, Resource: "disaggregatedsets"},
	} {
		list, err := client.Resource(resource).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue // not every release defines both
		}
		if err != nil {
			return fmt.Errorf("uninstalling LeaderWorkerSet: looking whether anything uses it: %w", err)
		}
		for i := range list.Items {
			users = append(users, fmt.Sprintf("%s in namespace %s", RefOf(&list.Items[i]), list.Items[i].GetNamespace()))
		}
	}
	if len(users) == 0 {
		return nil
	}
	const shown = 5
	text := strings.Join(users[:min(shown, len(users))], ", ")
	if len(users) > shown {
		text += fmt.Sprintf(" and %d more", len(users)-shown)
	}
	return fmt.Errorf("uninstalling LeaderWorkerSet: still used by %s; it was left alone", text)
}

// deleteLWSObject deletes one object if it is of our installation, and
// reports whether it was.
func deleteLWSObject(ctx context.Context, client dynamic.Interface, ref ObjectRef) (bool, error) {
	resource := resourceOf(client, ref)
	live, err := getLive(ctx, resource, ref)
	if err != nil || live == nil || !isOurs(live) {
		return false, err
	}
	err = resource.Delete(ctx, ref.Name, deleteOptions(live))
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("deleting %s: %w", ref, err)
	}
	return true, nil
}

// deleteOptions delete the very object that was looked at and its dependents
// in the background.
func deleteOptions(live *unstructured.Unstructured) metav1.DeleteOptions {
	uid, background := live.GetUID(), metav1.DeletePropagationBackground
	return metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}}
}
