package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// fromCache reads a list from the API server's cache, which is fast, and fresh
// enough for the names that a person chooses from.
func fromCache() metav1.ListOptions { return metav1.ListOptions{ResourceVersion: "0"} }

// deploymentNames lists the deployments of the namespace: every
// LeaderWorkerSet, as one made by hand can be looked at too.
func (a *app) deploymentNames(ctx context.Context) ([]string, error) {
	c, err := a.cluster.clients()
	if err != nil {
		return nil, err
	}
	ns, err := a.cluster.namespace()
	if err != nil {
		return nil, err
	}
	list, err := c.dynamic.Resource(lwsGroupResource()).Namespace(ns).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(list.Items))
	for _, lws := range list.Items {
		names = append(names, lws.GetName())
	}
	return names, nil
}

func (a *app) namespaceNames(ctx context.Context) ([]string, error) {
	c, err := a.cluster.clients()
	if err != nil {
		return nil, err
	}
	list, err := c.kube.CoreV1().Namespaces().List(ctx, fromCache())
	if err != nil {
		return nil, err
	}
	names := make([]string, len(list.Items))
	for i := range list.Items {
		names[i] = list.Items[i].Name
	}
	return names, nil
}

// ofPods collects words of the pods of the deployment that the arguments name.
func (a *app) ofPods(words func(*corev1.Pod) []string) func(args []string) candidates {
	return func(args []string) candidates {
		return func(ctx context.Context) ([]string, error) {
			d, err := a.deploymentNamed(args)
			if err != nil {
				return nil, err
			}
			c, err := a.cluster.clients()
			if err != nil {
				return nil, err
			}
			opts := fromCache()
			opts.LabelSelector = labels.Set{lwsv1.SetNameLabelKey: d.name}.String()
			pods, err := c.kube.CoreV1().Pods(d.namespace).List(ctx, opts)
			if err != nil {
				return nil, err
			}
			all := map[string]bool{}
			for i := range pods.Items {
				for _, word := range words(&pods.Items[i]) {
					all[word] = true
				}
			}
			return sortedKeys(all), nil
		}
	}
}

func podName(p *corev1.Pod) []string { return []string{p.Name} }

// podGroup is the index of a pod's group.
func podGroup(p *corev1.Pod) []string {
	if group := p.Labels[lwsv1.GroupIndexLabelKey]; group != "" {
		return []string{group}
	}
	return nil
}

// containersOf are the containers of one pod, or of every pod if it is not named.
func containersOf(pod string) func(*corev1.Pod) []string {
	pod = strings.TrimPrefix(pod, "pod/")
	return func(p *corev1.Pod) []string {
		if pod != "" && p.Name != pod {
			return nil
		}
		var names []string
		for _, containers := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
			for i := range containers {
				names = append(names, containers[i].Name)
			}
		}
		return names
	}
}

// inKubeconfig lists names that the kubeconfig has. No cluster is asked.
func (a *app) inKubeconfig(names func(*clientcmdapi.Config) []string) func([]string) candidates {
	return func([]string) candidates {
		return func(context.Context) ([]string, error) {
			raw, err := a.cluster.raw()
			if err != nil {
				return nil, err
			}
			return names(raw), nil
		}
	}
}

func contextNames(c *clientcmdapi.Config) []string { return slices.Collect(maps.Keys(c.Contexts)) }
func clusterNames(c *clientcmdapi.Config) []string { return slices.Collect(maps.Keys(c.Clusters)) }
func userNames(c *clientcmdapi.Config) []string    { return slices.Collect(maps.Keys(c.AuthInfos)) }
