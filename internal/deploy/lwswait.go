package deploy

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// LWSWait says where and how to wait for the LeaderWorkerSet controller.
type LWSWait struct {
	// Namespace is where a LeaderWorkerSet is created on trial, as a dry run
	// that keeps nothing. It has to exist.
	Namespace string
	// FailFast ends the wait with a *LWSBlockedError when the controller's
	// image cannot be pulled, which waiting does not heal.
	FailFast bool
}

// LWSBlockedError says why LeaderWorkerSets cannot be created.
type LWSBlockedError struct{ Cause string }

// Error names the cause.
func (e *LWSBlockedError) Error() string {
	return "the LeaderWorkerSet controller does not start: " + e.Cause
}

const (
	// lwsPoll is how often the controller is looked at; it takes about ten
	// seconds to start.
	lwsPoll = 500 * time.Millisecond
	// lwsPatience is how long it may take with slow nodes and pulls, twice
	// what the guide allows.
	lwsPatience = 10 * time.Minute
)

// pending is what is waited for. The detail belongs to the end of a wait in
// vain: it names single pods and addresses, which change from look to look.
type pending struct {
	text   string // empty if there is nothing to wait for
	detail string
}

func (p pending) String() string {
	if p.detail == "" {
		return p.text
	}
	return p.text + ": " + p.detail
}

// WaitLWS waits until LeaderWorkerSets can be created: one pod of the
// controller's Deployment is available, and then the webhook answers, which
// can be seconds later. One pod is enough, since the second often finds no
// room in a small system pool. It calls report with what it waits for whenever
// that changes. It is bounded by ctx, and ends with a *LWSBlockedError after ten
// minutes.
func WaitLWS(ctx context.Context, kube kubernetes.Interface, client dynamic.Interface, wait LWSWait, report func(waitingFor string)) error {
	reported, begun := "", time.Now()
	for _, look := range []func() (pending, error){
		func() (pending, error) { return controllerPending(ctx, kube, wait.FailFast) },
		func() (pending, error) { return webhookPending(ctx, client, wait.Namespace) },
	} {
		for {
			now, err := look()
			if err != nil {
				return err
			}
			if now.text == "" {
				break
			}
			if now.text != reported {
				reported = now.text
				report(reported)
			}
			if time.Since(begun) >= lwsPatience {
				return &LWSBlockedError{Cause: fmt.Sprintf("waited %s for %s", lwsPatience, now)}
			}
			if err := sleep(ctx, lwsPoll); err != nil {
				return fmt.Errorf("waiting for %s: %w", now, err)
			}
		}
	}
	return nil
}

// controllerPending says what the controller's Deployment still lacks. A
// user who may not read it goes straight on to the webhook.
func controllerPending(ctx context.Context, kube kubernetes.Interface, failFast bool) (pending, error) {
	deployment, err := findController(ctx, kube)
	switch {
	case apierrors.IsForbidden(err):
		return pending{}, nil
	case transient(err):
		return pending{"the API server to answer", err.Error()}, nil
	case err != nil:
		return pending{}, err
	case deployment == nil:
		return pending{text: "the LeaderWorkerSet controller's Deployment to appear"}, nil
	case deployment.Status.AvailableReplicas > 0 && deployment.Status.ObservedGeneration >= deployment.Generation:
		return pending{}, nil
	}
	cause, blocked := podsPending(ctx, kube, deployment)
	if blocked && failFast {
		return pending{}, &LWSBlockedError{Cause: cause.String()}
	}
	text := fmt.Sprintf("deployment %s/%s to become available", deployment.Namespace, deployment.Name)
	if cause.text != "" {
		text += ": " + cause.text
	}
	return pending{text, cause.detail}, nil
}

// podsPending says why the pods of a Deployment are not ready, as far as the
// user may see them, and whether waiting is in vain.
func podsPending(ctx context.Context, kube kubernetes.Interface, deployment *appsv1.Deployment) (cause pending, blocked bool) {
	pods, err := kube.CoreV1().Pods(deployment.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: metav1.FormatLabelSelector(deployment.Spec.Selector),
	})
	if err != nil {
		return pending{}, false // the Deployment's own state has to do
	}
	for i := range pods.Items {
		if cause, blocked := podPending(&pods.Items[i]); cause.text != "" {
			return cause, blocked
		}
	}
	return pending{}, false
}

func podPending(pod *corev1.Pod) (cause pending, blocked bool) {
	detail := func(message string) string { return fmt.Sprintf("pod %s: %s", pod.Name, message) }
	for _, status := range pod.Status.ContainerStatuses {
		waiting := status.State.Waiting
		if waiting == nil || waiting.Reason == "ContainerCreating" {
			continue
		}
		switch waiting.Reason {
		case "ErrImagePull", "ImagePullBackOff", "InvalidImageName":
			text := fmt.Sprintf("its image %s cannot be pulled", status.Image)
			return pending{text, detail(waiting.Message)}, waiting.Reason != "ErrImagePull"
		default:
			return pending{waiting.Reason, detail(waiting.Message)}, false
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return pending{fmt.Sprintf("%s: %s", condition.Reason, condition.Message), "pod " + pod.Name}, false
		}
	}
	return pending{}, false
}

// webhookPending creates a LeaderWorkerSet on trial and says why that does
// not work yet.
func webhookPending(ctx context.Context, client dynamic.Interface, namespace string) (pending, error) {
	created, err := client.Resource(lwsGroupResource).Namespace(namespace).Create(ctx, trialLWS(), metav1.CreateOptions{
		DryRun:       []string{metav1.DryRunAll},
		FieldManager: FieldManager,
	})
	switch {
	case err == nil && !passedWebhook(created):
		return pending{
			"the LeaderWorkerSet webhook to be registered",
			"until then LeaderWorkerSets are stored, and nothing acts on them",
		}, nil
	case err == nil, apierrors.IsAlreadyExists(err):
		return pending{}, nil
	case isWebhookDown(err):
		return pending{"the LeaderWorkerSet webhook to answer", err.Error()}, nil
	case apierrors.IsNotFound(err) && !isMissingNamespace(err):
		return pending{text: "LeaderWorkerSets to be served"}, nil
	case transient(err):
		return pending{"the API server to answer", err.Error()}, nil
	default:
		return pending{}, fmt.Errorf("creating a LeaderWorkerSet on trial (dry run) in namespace %s: %w", namespace, err)
	}
}

// passedWebhook reports whether a LeaderWorkerSet went through the mutating
// webhook, which fills in what the definition's own defaults do not. A cluster
// with the definition alone accepts it too.
func passedWebhook(created *unstructured.Unstructured) bool {
	for _, fields := range [][]string{{"spec", "networkConfig"}, {"spec", "rolloutStrategy", "rollingUpdateConfiguration"}} {
		if _, set, err := unstructured.NestedMap(created.Object, fields...); set && err == nil {
			return true
		}
	}
	return false
}

// trialLWS is the smallest LeaderWorkerSet that the webhooks accept.
func trialLWS() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": lwsv1.GroupVersion.String(),
		"kind":       kindLWS,
		"metadata":   map[string]any{"name": "kubectl-jetstream-trial"},
		"spec": map[string]any{
			"replicas": int64(0),
			"leaderWorkerTemplate": map[string]any{
				"size": int64(1),
				"workerTemplate": map[string]any{"spec": map[string]any{
					"containers": []any{map[string]any{"name": "trial", "image": "registry.k8s.io/pause"}},
				}},
			},
		},
	}}
}

// isMissingNamespace tells a namespace that does not exist from a resource
// that is not served; both are NotFound.
func isMissingNamespace(err error) bool {
	status, ok := apiStatus(err)
	return ok && apierrors.IsNotFound(err) && status.Details != nil && status.Details.Kind == "namespaces"
}

// transient reports whether a request failed on its way or because the API
// server was busy, so that the same request may succeed a moment later.
func transient(err error) bool {
	return err != nil && (apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err) ||
		utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsHTTP2ConnectionLost(err))
}
