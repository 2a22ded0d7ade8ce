package built

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// LWSResource is the resource of LeaderWorkerSets.
var LWSResource = schema.GroupVersionResource{Group: "leaderworkerset.x-k8s.io", Version: "v1", Resource: "leaderworkersets"}

// Group is a LeaderWorkerSet with one group that occupies a slice. Its containers are
// of the image for tests, with these arguments; without any they do nothing.
func Group(name, topology string, size int, args ...string) *unstructured.Unstructured {
	if len(args) == 0 {
		args = []string{"--wait"}
	}
	var arguments []any
	for _, arg := range args {
		arguments = append(arguments, arg)
	}
	pod := func(tpus string) map[string]any {
		container := map[string]any{"name": "wait", "image": "sandbox.invalid/echo:v1", "args": arguments}
		if tpus != "" {
			container["resources"] = map[string]any{"limits": map[string]any{"google.com/tpu": tpus}}
		}
		return map[string]any{"spec": map[string]any{
			"nodeSelector":                  map[string]any{"cloud.google.com/gke-tpu-topology": topology},
			"tolerations":                   []any{map[string]any{"key": "google.com/tpu", "operator": "Exists"}},
			"terminationGracePeriodSeconds": int64(1),
			"containers":                    []any{container},
		}}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "leaderworkerset.x-k8s.io/v1",
		"kind":       "LeaderWorkerSet",
		"metadata": map[string]any{
			"name":        name,
			"annotations": map[string]any{"leaderworkerset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool"},
		},
		"spec": map[string]any{
			"replicas": int64(1),
			"leaderWorkerTemplate": map[string]any{
				"size": int64(size), "leaderTemplate": pod(""), "workerTemplate": pod("4"),
			},
		},
	}}
}

// Create creates a LeaderWorkerSet.
func (s *Sandbox) Create(ctx context.Context, object *unstructured.Unstructured) error {
	_, err := s.Objects.Resource(LWSResource).Namespace(corev1.NamespaceDefault).Create(ctx, object, metav1.CreateOptions{})
	return err
}

// Pods are those of a LeaderWorkerSet.
func (s *Sandbox) Pods(ctx context.Context, name string) ([]corev1.Pod, error) {
	list, err := s.Client.CoreV1().Pods(corev1.NamespaceDefault).List(ctx, metav1.ListOptions{
		LabelSelector: "leaderworkerset.sigs.k8s.io/name=" + name, ResourceVersion: "0",
	})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Running waits until so many pods of a LeaderWorkerSet run.
func (s *Sandbox) Running(ctx context.Context, name string, want int) error {
	return s.Until(ctx, "the pods of "+name, func() error {
		pods, err := s.Pods(ctx, name)
		if err != nil {
			return err
		}
		running := 0
		for _, pod := range pods {
			if pod.Status.Phase == corev1.PodRunning {
				running++
			}
		}
		if running < want {
			return fmt.Errorf("%d of %d pods are Running", running, want)
		}
		return nil
	})
}

// Delete deletes a LeaderWorkerSet and waits until its pods are gone.
func (s *Sandbox) Delete(ctx context.Context, name string) error {
	if err := s.Objects.Resource(LWSResource).Namespace(corev1.NamespaceDefault).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return s.Until(ctx, "the end of "+name, func() error {
		pods, err := s.Pods(ctx, name)
		if err == nil && len(pods) > 0 {
			err = fmt.Errorf("%d pods are left", len(pods))
		}
		return err
	})
}
