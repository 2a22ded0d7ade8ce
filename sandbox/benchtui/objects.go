package main

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// The deployment that the objects describe.
const (
	namespace  = "default"
	deployment = "jetstream-pathways"
	size       = 65 // pods of a group
)

// Labels of LeaderWorkerSet.
const (
	labelName     = "leaderworkerset.sigs.k8s.io/name"
	labelGroup    = "leaderworkerset.sigs.k8s.io/group-index"
	labelWorker   = "leaderworkerset.sigs.k8s.io/worker-index"
	labelRevision = "leaderworkerset.sigs.k8s.io/template-revision-hash"
	labelSize     = "leaderworkerset.sigs.k8s.io/size"
)

// containersOf are the containers of a leader and of a worker.
var (
	leaderContainers = []string{"pathways-rm", "pathways-proxy", "jax-tpu", "jetstream-http"}
	workerContainers = []string{"pathways-worker"}
)

// objects are those of a deployment that runs, as an API server describes them: by the
// plural of their kind.
type objects map[string][]runtime.Object

// newObjects makes a deployment of many groups.
func newObjects(groups int, now time.Time) objects {
	begun := metav1.NewTime(now.Add(-time.Hour).Truncate(time.Second))
	o := objects{}
	add := func(kind string, object runtime.Object) { o[kind] = append(o[kind], object) }
	add("leaderworkersets", newLWS(groups, begun))
	add("statefulsets", newSet(deployment, "", begun))
	for g := range groups {
		leader := fmt.Sprintf("%s-%d", deployment, g)
		add("statefulsets", newSet(leader, leader, begun))
		for i := range size {
			name, containers := leader, leaderContainers
			if i > 0 {
				name, containers = fmt.Sprintf("%s-%d", leader, i), workerContainers
			}
			add("pods", newPod(name, g, i, containers, begun))
			add("nodes", newNode(nodeOf(name), g, begun))
			add("events", newEvent(name, begun))
		}
	}
	return o
}

func nodeOf(pod string) string { return "gke-tpu-" + strings.TrimPrefix(pod, deployment+"-") }

func newLWS(groups int, begun metav1.Time) *unstructured.Unstructured {
	template := func(containers []string) map[string]any {
		var list []any
		for _, name := range containers {
			list = append(list, map[string]any{"name": name, "image": image(name)})
		}
		return map[string]any{"spec": map[string]any{"containers": list}}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet",
		"metadata": map[string]any{
			"name": deployment, "namespace": namespace, "uid": "uid-" + deployment, "resourceVersion": "1",
			"creationTimestamp": begun.UTC().Format(time.RFC3339), "generation": int64(1),
		},
		"spec": map[string]any{
			"replicas": int64(groups),
			"leaderWorkerTemplate": map[string]any{
				"size": int64(size), "leaderTemplate": template(leaderContainers), "workerTemplate": template(workerContainers),
			},
		},
		"status": map[string]any{"replicas": int64(groups), "readyReplicas": int64(groups), "updatedReplicas": int64(groups)},
	}}
}

func image(container string) string {
	return "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/" + container + ":jax-0.5.3"
}

// managed is bookkeeping of a usual length.
func managed(length int) []metav1.ManagedFieldsEntry {
	fields := metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:` + strings.Repeat("x", length) + `":{}}}}`)
	return []metav1.ManagedFieldsEntry{{
		Manager: "kubelet", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1",
		FieldsType: "FieldsV1", FieldsV1: fields,
	}}
}

func newSet(name, leader string, begun metav1.Time) *appsv1.StatefulSet {
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: namespace, UID: types.UID("uid-sts-" + name), ResourceVersion: "1", CreationTimestamp: begun,
			Labels: map[string]string{labelName: deployment}, ManagedFields: managed(2 << 10),
		},
	}
	if leader != "" {
		controller := true
		set.Labels[labelGroup] = strings.TrimPrefix(leader, deployment+"-")
		set.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "v1", Kind: "Pod", Name: leader, UID: types.UID("uid-" + leader), Controller: &controller,
		}}
	}
	set.Spec.Template.Spec.Containers = []corev1.Container{{Name: "pathways-worker", Image: image("worker")}}
	return set
}

func newPod(name string, group, index int, containers []string, begun metav1.Time) *corev1.Pod {
	controller := true
	owner := fmt.Sprintf("%s-%d", deployment, group)
	if index == 0 {
		owner = deployment
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: namespace, UID: types.UID("uid-" + name), ResourceVersion: "1", CreationTimestamp: begun,
			Labels: map[string]string{
				labelName: deployment, labelGroup: fmt.Sprint(group), labelWorker: fmt.Sprint(index), labelRevision: "7d9f8",
				"apps.kubernetes.io/pod-index": fmt.Sprint(index), "statefulset.kubernetes.io/pod-name": name,
				"controller-revision-hash": owner + "-5c9d", "leaderworkerset.sigs.k8s.io/group-key": strings.Repeat("a", 40),
			},
			Annotations:   map[string]string{labelSize: fmt.Sprint(size), "leaderworkerset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool"},
			ManagedFields: managed(6 << 10),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "StatefulSet", Name: owner, UID: types.UID("uid-sts-" + owner), Controller: &controller,
			}},
		},
		Spec: corev1.PodSpec{
			NodeName:     nodeOf(name),
			NodeSelector: map[string]string{"cloud.google.com/gke-tpu-topology": "16x16", "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice"},
			Tolerations:  []corev1.Toleration{{Key: "google.com/tpu", Operator: corev1.TolerationOpExists}},
			Volumes:      []corev1.Volume{{Name: "kube-api-access"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", HostIP: "10.128.0.7", StartTime: &begun},
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: begun})
	}
	for _, c := range containers {
		addContainer(pod, c, begun)
	}
	return pod
}

func addContainer(pod *corev1.Pod, name string, begun metav1.Time) {
	started := true
	spec := corev1.Container{
		Name: name, Image: image(name),
		Args: []string{"--server_port=38679", "--resource_manager_address=$(PATHWAYS_HEAD):38677", "--gcs_scratch_location=gs://bucket/tmp"},
		Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{
			"google.com/tpu": resource.MustParse("4"), "memory": resource.MustParse("100Gi"),
		}},
		VolumeMounts: make([]corev1.VolumeMount, 2),
	}
	for i := range 15 {
		spec.Env = append(spec.Env, corev1.EnvVar{Name: fmt.Sprint("VARIABLE_NUMBER_", i), Value: "a value of some length that nobody reads"})
	}
	pod.Spec.Containers = append(pod.Spec.Containers, spec)
	digest := strings.Repeat("0123456789abcdef", 4)
	pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
		Name: name, Ready: true, Started: &started, Image: spec.Image, ImageID: spec.Image + "@sha256:" + digest,
		ContainerID: "containerd://" + digest,
		State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: begun}},
	})
}

func newNode(name string, pool int, begun metav1.Time) *corev1.Node {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID("uid-" + name), ResourceVersion: "1", CreationTimestamp: begun, ManagedFields: managed(4 << 10),
			Labels: map[string]string{
				"cloud.google.com/gke-nodepool": fmt.Sprintf("multihost-np-%d", pool), "cloud.google.com/gke-tpu-topology": "16x16",
				"cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice", "kubernetes.io/hostname": name,
			},
			Annotations: map[string]string{"node.gke.io/last-applied-node-labels": strings.Repeat("x", 2<<10)},
		},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "google.com/tpu", Value: "present", Effect: corev1.TaintEffectNoSchedule}}},
	}
	for i := range 12 {
		node.Labels[fmt.Sprint("cloud.google.com/some-label-number-", i)] = "some-value-of-a-label"
	}
	for i := range 50 {
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{image(fmt.Sprint("image-", i))}, SizeBytes: 1 << 30})
	}
	for _, kind := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		status := corev1.ConditionFalse
		if kind == corev1.NodeReady {
			status = corev1.ConditionTrue
		}
		node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: kind, Status: status, LastHeartbeatTime: begun})
	}
	return node
}

func newEvent(pod string, begun metav1.Time) *corev1.Event {
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Name: pod + ".17a", Namespace: namespace, UID: types.UID("uid-event-" + pod), ResourceVersion: "1",
			CreationTimestamp: begun, ManagedFields: managed(1 << 10),
		},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: pod, UID: types.UID("uid-" + pod)},
		Reason:         "Scheduled", Message: "Successfully assigned default/" + pod + " to " + nodeOf(pod),
		Source: corev1.EventSource{Component: "default-scheduler"}, Type: corev1.EventTypeNormal,
		FirstTimestamp: begun, LastTimestamp: begun, Count: 1,
	}
}
