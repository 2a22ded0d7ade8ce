package main

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// liveCluster is a fake cluster with one deployment, whose pods all have the
// same log.
type liveCluster struct {
	*clients

	mu  sync.Mutex
	log string
}

func newLiveCluster(t *testing.T) *liveCluster {
	t.Helper()
	kube := fake.NewClientset()
	c := &liveCluster{clients: &clients{kube: kube}}
	kube.PrependReactor("get", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if action.GetSubresource() != "log" {
			return false, nil, nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return true, &runtime.Unknown{Raw: []byte(c.log)}, nil
	})
	lws := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet",
		"metadata": map[string]any{"name": "jetstream-pathways", "namespace": "models"},
		"spec":     map[string]any{"replicas": int64(1)},
	}}
	c.dynamic = dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
		map[schema.GroupVersionResource]string{lwsGroupResource(): "LeaderWorkerSetList"}, lws)
	return c
}

func (c *liveCluster) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log += time.Now().Format(time.RFC3339Nano) + " " + text + "\n"
}

// change creates a pod, or replaces the one of its name.
func (c *liveCluster) change(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	pods := c.kube.CoreV1().Pods("models")
	if err := pods.Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err == nil {
		time.Sleep(time.Second)
		c.mu.Lock()
		c.log = ""
		c.mu.Unlock()
	}
	if _, err := pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestFollowedLogsGoOnWhereTheEarlierOnesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, stderr := testApp(t)
		out := &bytes.Buffer{}
		a.Out = out
		o := &logsOptions{app: a, deployment: deploymentRef{"models", "jetstream-pathways"}, follow: true}
		c := newLiveCluster(t)
		first := leaderPod("a", 0, "jax-tpu")
		c.change(t, &first)
		c.say("one")
		time.Sleep(10 * time.Second)
		c.say("two")

		present, err := o.lookAtPods(t.Context(), c.clients, o.deployment)
		if err != nil {
			t.Fatal(err)
		}
		p := o.printer(present, nil)
		far, err := o.printSoFar(t.Context(), c.clients, present, p)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- o.printOn(t.Context(), c.clients, p, far) }()
		time.Sleep(time.Minute)
		c.say("three")
		time.Sleep(time.Minute)
		second := leaderPod("b", 0, "jax-tpu")
		c.change(t, &second)
		c.say("two")
		time.Sleep(time.Minute)

		for _, gone := range []func() error{
			func() error {
				return c.kube.CoreV1().Pods("models").Delete(t.Context(), "jetstream-pathways-0", metav1.DeleteOptions{})
			},
			func() error {
				return c.dynamic.Resource(lwsGroupResource()).Namespace("models").Delete(t.Context(), "jetstream-pathways", metav1.DeleteOptions{})
			},
		} {
			if err := gone(); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-ended; err != nil {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff("one\ntwo\nthree\ntwo\n", out.String()); diff != "" {
			t.Errorf("printed (-want +got):\n%s", diff)
		}
		if got := stderr.String(); got != "jetstream-pathways in namespace models was deleted\n" {
			t.Errorf("remarks %q", got)
		}
	})
}
