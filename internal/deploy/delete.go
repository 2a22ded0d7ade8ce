package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// ErrNotDeployed says that there is no deployment of a name, nor a pod left
// of one.
var ErrNotDeployed = errors.New("there is no such deployment")

// deletePoll is how often it is looked whether what was deleted is gone; pods
// take some seconds.
const deletePoll = 500 * time.Millisecond

// Delete deletes what up made for a deployment, the LeaderWorkerSet and its
// Service, and waits until its pods are gone, bounded by ctx. Interrupted and
// repeated it goes on waiting. What somebody else made is an *OwnershipError
// and stays; nothing found is ErrNotDeployed. The namespace and
// LeaderWorkerSet itself are left alone.
func Delete(ctx context.Context, kube kubernetes.Interface, client dynamic.Interface, namespace, name string, report func(Result)) error {
	lws := ObjectRef{APIVersion: lwsv1.GroupVersion.String(), Kind: kindLWS, Namespace: namespace, Name: name}
	service := ObjectRef{APIVersion: "v1", Kind: kindService, Namespace: namespace, Name: ServiceName(name)}
	deletedLWS, err := deleteOwn(ctx, client, lws, name, metav1.DeletePropagationForeground)
	if err != nil {
		return err
	}
	deletedService, err := deleteOwn(ctx, client, service, name, metav1.DeletePropagationBackground)
	if owned := (*OwnershipError)(nil); errors.As(err, &owned) {
		deletedService, err = false, nil // somebody else's Service of that name is none of ours
	}
	if err != nil {
		return err
	}
	if deletedService {
		report(Result{Ref: service, Action: ActionDeleted})
	}
	waited, err := waitPodsGone(ctx, kube, namespace, name, report)
	if err != nil {
		return err
	}
	if deletedLWS {
		if err := waitGone(ctx, client, lws); err != nil {
			return err
		}
		report(Result{Ref: lws, Action: ActionDeleted})
	}
	if !deletedLWS && !deletedService && !waited {
		return fmt.Errorf("%s in namespace %s: %w", name, namespace, ErrNotDeployed)
	}
	return nil
}

// deleteOwn deletes an object that this plugin made for a deployment, and
// reports whether there was one.
func deleteOwn(ctx context.Context, client dynamic.Interface, ref ObjectRef, instance string, propagation metav1.DeletionPropagation) (bool, error) {
	resource := resourceOf(client, ref)
	live, err := getLive(ctx, resource, ref)
	if err != nil || live == nil {
		return false, err
	}
	other := instanceOf(live)
	switch {
	case !isOurs(live):
		return false, &OwnershipError{Ref: ref, Owner: ownerOf(live), Instance: instance}
	case other != "" && other != instance:
		return false, &OwnershipError{Ref: ref, Owner: fmt.Sprintf("deployment %q", other), Instance: instance}
	}
	if live.GetDeletionTimestamp() != nil {
		return true, nil
	}
	uid := live.GetUID()
	err = resource.Delete(ctx, ref.Name, metav1.DeleteOptions{
		PropagationPolicy: &propagation,
		Preconditions:     &metav1.Preconditions{UID: &uid},
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("deleting %s: %w", ref, err)
	}
	return true, nil
}

// waitGone waits until an object is no longer there, or is another one of
// the same name.
func waitGone(ctx context.Context, client dynamic.Interface, ref ObjectRef) error {
	resource := resourceOf(client, ref)
	var uid types.UID
	for {
		live, err := getLive(ctx, resource, ref)
		if err != nil && !transient(err) {
			return err
		}
		if err == nil && (live == nil || (uid != "" && live.GetUID() != uid)) {
			return nil
		}
		if err == nil {
			uid = live.GetUID()
		}
		if err := sleep(ctx, deletePoll); err != nil {
			return fmt.Errorf("waiting until %s is gone: %w", ref, err)
		}
	}
}

// waitPodsGone waits until no pod of a deployment is left and reports each
// that goes. It reports whether there was any. A user who may not list pods
// waits for the LeaderWorkerSet alone, which goes after them.
func waitPodsGone(ctx context.Context, kube kubernetes.Interface, namespace, name string, report func(Result)) (waited bool, err error) {
	left := map[string]bool{}
	for {
		pods, err := kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{
			LabelSelector: lwsv1.SetNameLabelKey + "=" + name,
		})
		switch {
		case apierrors.IsForbidden(err):
			return waited, nil
		case err != nil && !transient(err):
			return waited, fmt.Errorf("listing the pods of %s: %w", name, err)
		case err == nil:
			reportGone(left, pods.Items, report)
			if len(pods.Items) == 0 {
				return waited, nil
			}
			waited = true
		}
		if err := sleep(ctx, deletePoll); err != nil {
			return waited, fmt.Errorf("waiting until the pods of %s are gone (left: %s): %w", name, podsLeft(pods), err)
		}
	}
}

// reportGone reports the pods that were there before and are not now, and
// notes those that are.
func reportGone(left map[string]bool, pods []corev1.Pod, report func(Result)) {
	now := map[string]bool{}
	for _, pod := range pods {
		now[pod.Namespace+"/"+pod.Name] = true
	}
	var gone []string
	for key := range left {
		if !now[key] {
			gone = append(gone, key)
			delete(left, key)
		}
	}
	slices.Sort(gone)
	for _, key := range gone {
		namespace, name, _ := strings.Cut(key, "/")
		report(Result{Ref: ObjectRef{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: name}, Action: ActionDeleted})
	}
	for key := range now {
		left[key] = true
	}
}

// podsLeft names the pods that remain with their nodes: a pod whose node is
// gone stays until somebody deletes it by force.
func podsLeft(pods *corev1.PodList) string {
	if pods == nil || len(pods.Items) == 0 {
		return "unknown"
	}
	var names []string
	for _, pod := range pods.Items {
		names = append(names, fmt.Sprintf("%s on %s", pod.Name, pod.Spec.NodeName))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
