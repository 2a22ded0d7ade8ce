package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var lwsResource = schema.GroupVersionResource{Group: "leaderworkerset.x-k8s.io", Version: "v1", Resource: "leaderworkersets"}

// group is a LeaderWorkerSet with one group that occupies a slice and does nothing.
func group(name, topology string, size int) *unstructured.Unstructured {
	pod := func(tpus string) map[string]any {
		container := map[string]any{"name": "wait", "image": "sandbox.invalid/echo:v1", "args": []any{"--wait"}}
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

func (s *sandbox) create(ctx context.Context, object *unstructured.Unstructured) error {
	_, err := s.objects.Resource(lwsResource).Namespace(corev1.NamespaceDefault).Create(ctx, object, metav1.CreateOptions{})
	return err
}

func (s *sandbox) pods(ctx context.Context, name string) ([]corev1.Pod, error) {
	list, err := s.client.CoreV1().Pods(corev1.NamespaceDefault).List(ctx, metav1.ListOptions{
		LabelSelector: "leaderworkerset.sigs.k8s.io/name=" + name, ResourceVersion: "0",
	})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

func (s *sandbox) running(ctx context.Context, name string, want int) error {
	return s.until(ctx, "the pods of "+name, func() error {
		pods, err := s.pods(ctx, name)
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

func (s *sandbox) delete(ctx context.Context, name string) error {
	if err := s.objects.Resource(lwsResource).Namespace(corev1.NamespaceDefault).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return s.until(ctx, "the end of "+name, func() error {
		pods, err := s.pods(ctx, name)
		if err == nil && len(pods) > 0 {
			err = fmt.Errorf("%d pods are left", len(pods))
		}
		return err
	})
}
