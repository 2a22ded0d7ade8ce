package watch

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// large is a deployment of many groups as an API server describes it, with all
// that a snapshot does not need.
type large struct {
	lws    *unstructured.Unstructured
	pods   []any
	sets   []any
	nodes  []any
	events []any
}

func newLarge(groups, size int, now time.Time) *large {
	l := &large{lws: &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet",
		"metadata": map[string]any{
			"name": testName, "namespace": testNamespace,
			"creationTimestamp": now.Add(-time.Hour).Format(time.RFC3339),
		},
		"spec": map[string]any{
			"replicas": int64(groups),
			"leaderWorkerTemplate": map[string]any{
				"size":           int64(size),
				"workerTemplate": map[string]any{"spec": map[string]any{"containers": []any{}}},
			},
		},
	}}}
	begun := metav1.NewTime(now.Add(-time.Hour))
	for g := range groups {
		leader := fmt.Sprintf("%s-%d", testName, g)
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{
			Name: leader, Namespace: testNamespace, UID: types.UID("sts-" + leader),
			Labels:        map[string]string{lwsv1.SetNameLabelKey: testName, lwsv1.GroupIndexLabelKey: fmt.Sprint(g)},
			ManagedFields: managed(2 << 10),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "v1", Kind: "Pod", Name: leader, UID: types.UID("uid-" + leader), Controller: new(true),
			}},
		}}
		set.Spec.Template.Spec.Containers = make([]corev1.Container, 1)
		l.sets = append(l.sets, set)
		for i := range size {
			name, containers := leader, []string{"pathways-rm", "pathways-proxy", "jax-tpu", "jetstream-http"}
			if i > 0 {
				name, containers = fmt.Sprintf("%s-%d", leader, i), []string{"worker"}
			}
			pod := wholePod(name, g, i, begun, containers...)
			if i > 0 {
				pod.OwnerReferences = []metav1.OwnerReference{{
					APIVersion: "apps/v1", Kind: "StatefulSet", Name: leader, UID: set.UID, Controller: new(true),
				}}
			}
			l.pods = append(l.pods, pod)
			l.nodes = append(l.nodes, wholeNode("node-"+name, begun))
			l.events = append(l.events, &corev1.Event{
				ObjectMeta:     metav1.ObjectMeta{Name: name + ".event", Namespace: testNamespace, ManagedFields: managed(500)},
				InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: name, UID: pod.UID},
				Type:           corev1.EventTypeNormal, Reason: "Scheduled", Message: "Successfully assigned to a node", LastTimestamp: begun,
			})
		}
	}
	return l
}

func managed(size int) []metav1.ManagedFieldsEntry {
	return []metav1.ManagedFieldsEntry{{
		Manager: "kubelet", Operation: metav1.ManagedFieldsOperationUpdate, FieldsType: "FieldsV1",
		FieldsV1: metav1.NewFieldsV1(`"` + strings.Repeat("x", size) + `"`),
	}}
}

// wholePod is a running pod with the parts that a real one has.
func wholePod(name string, group, index int, begun metav1.Time, containers ...string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, GenerateName: name, Namespace: testNamespace, UID: types.UID("uid-" + name), CreationTimestamp: begun,
			ResourceVersion: "12345678",
			Labels: map[string]string{
				lwsv1.SetNameLabelKey: testName, lwsv1.GroupIndexLabelKey: fmt.Sprint(group),
				lwsv1.WorkerIndexLabelKey: fmt.Sprint(index), lwsv1.RevisionKey: "6d9f5c7b8",
				lwsv1.GroupUniqueHashLabelKey:        "5f8a9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b",
				"apps.kubernetes.io/pod-index":       fmt.Sprint(index),
				"controller-revision-hash":           "llama-0-5c8b7d9f6",
				"statefulset.kubernetes.io/pod-name": name,
				"app.kubernetes.io/managed-by":       "kubectl-jetstream",
				"app.kubernetes.io/name":             testName,
			},
			Annotations: map[string]string{
				lwsv1.SizeAnnotationKey:  "65",
				"example.com/last-words": strings.Repeat("x", 1<<10),
			},
			ManagedFields: managed(6 << 10),
		},
		Spec: corev1.PodSpec{
			NodeName:     "node-" + name,
			NodeSelector: map[string]string{"cloud.google.com/gke-tpu-topology": "16x16", "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice"},
			Tolerations: []corev1.Toleration{
				{Key: "google.com/tpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
				{Key: "node.kubernetes.io/not-ready", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(300))},
			},
			Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}, TopologyKey: "cloud.google.com/gke-nodepool",
			}}}},
			Volumes: []corev1.Volume{{Name: "kube-api-access", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
				Sources: make([]corev1.VolumeProjection, 3),
			}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", StartTime: &begun, HostIP: "10.128.0.7"},
	}
	for _, kind := range []corev1.PodConditionType{"PodReadyToStartContainers", corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: begun})
	}
	for _, c := range containers {
		spec := corev1.Container{
			Name: c, Image: "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server:jax-0.5.3",
			Args: []string{"--server_port=38679", "--resource_manager_address=$(PATHWAYS_HEAD):38677", "--gcs_scratch_location=gs://bucket/tmp"},
			Resources: corev1.ResourceRequirements{
				Limits:   corev1.ResourceList{"google.com/tpu": quantity.MustParse("4"), "memory": quantity.MustParse("100Gi")},
				Requests: corev1.ResourceList{"google.com/tpu": quantity.MustParse("4"), "memory": quantity.MustParse("100Gi")},
			},
			VolumeMounts: make([]corev1.VolumeMount, 2),
		}
		for i := range 15 {
			spec.Env = append(spec.Env, corev1.EnvVar{Name: fmt.Sprint("VARIABLE_NUMBER_", i), Value: "a value of some length that nobody reads"})
		}
		pod.Spec.Containers = append(pod.Spec.Containers, spec)
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c, Ready: true, Started: new(true), Image: spec.Image, ImageID: spec.Image + "@sha256:0123456789012345678901234567890123456789012345678901234567890123",
			ContainerID: "containerd://" + name + "0123456789012345678901234567890123456789012345678901234567890123",
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: begun}},
		})
	}
	return pod
}

func wholeNode(name string, begun metav1.Time) *corev1.Node {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID("uid-" + name), CreationTimestamp: begun, ResourceVersion: "1", ManagedFields: managed(4 << 10),
			Labels: map[string]string{
				"cloud.google.com/gke-nodepool": "multihost-np", "cloud.google.com/gke-tpu-topology": "16x16",
				"cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice", "kubernetes.io/hostname": name,
			},
			Annotations: map[string]string{"node.gke.io/last-applied-node-labels": strings.Repeat("x", 2<<10)},
		},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "google.com/tpu", Value: "present", Effect: corev1.TaintEffectNoSchedule}}},
	}
	for i := range 12 {
		node.Labels[fmt.Sprint("cloud.google.com/some-label-number-", i)] = "some-value-of-a-label"
	}
	node.Status.Images = make([]corev1.ContainerImage, 50)
	for _, kind := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: kind, Status: corev1.ConditionFalse, LastHeartbeatTime: begun})
	}
	return node
}

// decoded returns a copy of an object that shares no memory with another, as
// one that came over the wire.
func decoded[T any](tb testing.TB, obj any) *T {
	tb.Helper()
	raw, err := json.Marshal(obj)
	if err != nil {
		tb.Fatal(err)
	}
	out := new(T)
	if err := json.Unmarshal(raw, out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// load gives an observer all objects, without a cluster and without logs.
func (l *large) load(tb testing.TB, w *observer) {
	tb.Helper()
	w.logs.deniedAt = w.o.now().Add(24 * time.Hour)
	for _, err := range []error{
		w.nodes.Replace(l.nodes, "1"), w.events.Replace(l.events, "1"), w.sets.Replace(l.sets, "1"),
		w.lws.Replace([]any{l.lws}, "1"), w.pods.Replace(l.pods, "1"),
	} {
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func benchmarkBuild(b *testing.B, groups, size int) {
	b.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w := newObserver(Options{Namespace: testNamespace, Name: testName, Now: func() time.Time { return now }})
	newLarge(groups, size, now).load(b, w)
	last := w.build(b.Context())
	if last.Created != groups*size {
		b.Fatalf("%d pods", last.Created)
	}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		s := w.build(b.Context())
		if !same(last, s) {
			b.Fatal("two snapshots of the same differ")
		}
	}
}

// BenchmarkBuild65 rebuilds and compares the snapshot of one group of the
// largest slice.
func BenchmarkBuild65(b *testing.B) { benchmarkBuild(b, 1, 65) }

// BenchmarkBuild1040 does so for 16 of them.
func BenchmarkBuild1040(b *testing.B) { benchmarkBuild(b, 16, 65) }

// BenchmarkMemory1040 reports what the objects of 16 groups, as they are kept,
// take of the heap.
func BenchmarkMemory1040(b *testing.B) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	l := newLarge(16, 65, now)
	for b.Loop() {
		before := heap()
		w := newObserver(Options{Namespace: testNamespace, Name: testName, Now: func() time.Time { return now }})
		fresh := large{lws: l.lws}
		for i := range l.pods {
			fresh.pods = append(fresh.pods, decoded[corev1.Pod](b, l.pods[i]))
			fresh.nodes = append(fresh.nodes, decoded[corev1.Node](b, l.nodes[i]))
			fresh.events = append(fresh.events, decoded[corev1.Event](b, l.events[i]))
		}
		whole := heap() - before
		fresh.load(b, w)
		fresh = large{}
		kept := heap() - before
		s := w.build(b.Context())
		b.ReportMetric(float64(whole)/1e6, "MB-whole")
		b.ReportMetric(float64(kept)/1e6, "MB-kept")
		b.ReportMetric(float64(heap()-before)/1e6, "MB-with-snapshot")
		runtime.KeepAlive(w)
		runtime.KeepAlive(s)
	}
}
