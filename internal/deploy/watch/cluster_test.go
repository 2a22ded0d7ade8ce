package watch

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	testNamespace = "ns"
	testName      = "llama"
)

// The error handlers of apimachinery pace errors by the time between them. The
// time in a bubble is years before the process began, so they would have the
// first error wait that long.
func TestMain(m *testing.M) {
	utilruntime.ErrorHandlers = nil
	os.Exit(m.Run())
}

// cluster is a fake cluster, with the logs of containers by name.
type cluster struct {
	t       *testing.T
	client  *fake.Clientset
	dynamic *dynamicfake.FakeDynamicClient

	mu      sync.Mutex
	logs    map[string]string
	down    bool // the API server refuses connections
	watches []apiwatch.Interface

	prober *scriptedProber
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{
		t:      t,
		client: fake.NewClientset(),
		dynamic: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
			map[schema.GroupVersionResource]string{lwsResource: "LeaderWorkerSetList"}),
		logs:   map[string]string{},
		prober: &scriptedProber{states: map[string]health.State{}},
	}
	c.client.PrependWatchReactor("*", func(action clienttesting.Action) (bool, apiwatch.Interface, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.down {
			return true, nil, syscall.ECONNREFUSED
		}
		w, err := c.client.Tracker().Watch(action.GetResource(), action.GetNamespace())
		c.watches = append(c.watches, w)
		return true, w, err
	})
	c.client.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.down {
			return true, nil, syscall.ECONNREFUSED
		}
		return false, nil, nil
	})
	c.client.PrependReactor("get", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if action.GetSubresource() != "log" {
			return false, nil, nil
		}
		opts, _ := action.(clienttesting.GenericAction).GetValue().(*corev1.PodLogOptions)
		c.mu.Lock()
		defer c.mu.Unlock()
		return true, &runtime.Unknown{Raw: []byte(c.logs[opts.Container])}, nil
	})
	return c
}

// log appends lines to the log of all containers of a name.
func (c *cluster) log(container string, lines ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range lines {
		c.logs[container] += time.Now().Format(time.RFC3339Nano) + " " + line + "\n"
	}
}

// clearLog empties the log of all containers of a name, as a restart does.
func (c *cluster) clearLog(container string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logs[container] = ""
}

// setDown takes the API server down, which ends all watches, or up again.
func (c *cluster) setDown(down bool) {
	c.mu.Lock()
	watches := c.watches
	c.down, c.watches = down, nil
	c.mu.Unlock()
	for _, w := range watches {
		w.Stop()
	}
}

// forbid denies a verb on a resource.
func (c *cluster) forbid(verb, resource string) {
	c.client.PrependReactor(verb, resource, func(action clienttesting.Action) (bool, runtime.Object, error) {
		if resource == "pods/log" && action.GetSubresource() != "log" {
			return false, nil, nil
		}
		return true, nil, denied(verb, resource)
	})
}

func (c *cluster) options() Options {
	return Options{
		Client: c.client, Dynamic: c.dynamic, Namespace: testNamespace, Name: testName, Prober: c.prober,
		Profile: func(lws *unstructured.Unstructured) string { return lws.GetAnnotations()["profile"] },
	}
}

// run starts an observation that ends with the test.
func (c *cluster) run() *view {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	snapshots, err := Run(ctx, c.options())
	if err != nil {
		c.t.Fatal(err)
	}
	return &view{t: c.t, snapshots: snapshots, stop: func() {
		cancel()
		for range snapshots {
			// The channel is closed when the producer has ended.
		}
	}}
}

// view is the receiver's end of an observation.
type view struct {
	t         *testing.T
	snapshots <-chan status.Snapshot
	stop      func()
	last      status.Snapshot
	observer  *observer // where the test made it
}

// settle lets time pass and returns the newest snapshot.
func (v *view) settle(d time.Duration) status.Snapshot {
	v.t.Helper()
	pass(d)
	select {
	case s, ok := <-v.snapshots:
		if !ok {
			v.t.Fatal("the snapshots ended")
		}
		v.last = s
	default:
	}
	return v.last
}

// pass lets time pass. In a bubble it does when nothing is left to do.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// createLWS creates a LeaderWorkerSet of one group of two pods.
func (c *cluster) createLWS() {
	c.t.Helper()
	leader := &corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{
		{Name: "pathways-rm", Args: []string{"--instance_count=1"}},
		{Name: "jax-tpu", Args: []string{"enable_model_warmup=true", "max_prefill_predict_length=1024"}},
	}}}
	lws := &lwsv1.LeaderWorkerSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "leaderworkerset.x-k8s.io/v1", Kind: "LeaderWorkerSet"},
		ObjectMeta: metav1.ObjectMeta{
			Name: testName, Namespace: testNamespace, CreationTimestamp: metav1.Now(),
			Annotations: map[string]string{"profile": "small"},
		},
		Spec: lwsv1.LeaderWorkerSetSpec{
			Replicas:             new(int32(1)),
			LeaderWorkerTemplate: lwsv1.LeaderWorkerTemplate{Size: new(int32(2)), LeaderTemplate: leader},
		},
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(lws)
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = c.dynamic.Resource(lwsResource).Namespace(testNamespace).
		Create(c.t.Context(), &unstructured.Unstructured{Object: object}, metav1.CreateOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
}

// pod returns a pod of group 0 in its n-th incarnation.
func pod(index, incarnation int, containers ...string) *corev1.Pod {
	name := testName + "-0"
	if index > 0 {
		name = fmt.Sprintf("%s-%d", name, index)
	}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: testNamespace, UID: types.UID(fmt.Sprintf("%s/%d", name, incarnation)),
			CreationTimestamp: metav1.Now(),
			Labels: map[string]string{
				lwsv1.SetNameLabelKey: testName, lwsv1.GroupIndexLabelKey: "0",
				lwsv1.WorkerIndexLabelKey: fmt.Sprint(index), lwsv1.RevisionKey: "r1",
			},
		},
		Spec:   corev1.PodSpec{NodeName: "node"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	if index > 0 {
		p.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "StatefulSet", Name: testName + "-0",
			UID: types.UID(fmt.Sprintf("sts/%d", incarnation)), Controller: new(true),
		}}
	}
	for _, c := range containers {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: c, Args: []string{"--x"}})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
		})
	}
	return p
}

// createGroup creates the pods of a group of two.
func (c *cluster) createGroup(incarnation int) {
	c.t.Helper()
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{
		Name: testName + "-0", Namespace: testNamespace, UID: types.UID(fmt.Sprintf("sts/%d", incarnation)),
		Labels: map[string]string{lwsv1.SetNameLabelKey: testName},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: "v1", Kind: "Pod", Name: testName + "-0",
			UID: types.UID(fmt.Sprintf("%s-0/%d", testName, incarnation)), Controller: new(true),
		}},
	}}
	if _, err := c.client.AppsV1().StatefulSets(testNamespace).Create(c.t.Context(), set, metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
	c.create(pod(0, incarnation, "pathways-rm", "jax-tpu"))
	c.create(pod(1, incarnation, "worker"))
}

func (c *cluster) deleteGroup() {
	c.t.Helper()
	ctx := c.t.Context()
	for _, name := range []string{testName + "-0", testName + "-0-1"} {
		if err := c.client.CoreV1().Pods(testNamespace).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := c.client.AppsV1().StatefulSets(testNamespace).Delete(ctx, testName+"-0", metav1.DeleteOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) create(p *corev1.Pod) {
	c.t.Helper()
	if _, err := c.client.CoreV1().Pods(testNamespace).Create(c.t.Context(), p, metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// change edits a pod.
func (c *cluster) change(name string, edit func(*corev1.Pod)) {
	c.t.Helper()
	pods := c.client.CoreV1().Pods(testNamespace)
	p, err := pods.Get(c.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	edit(p)
	if _, err := pods.Update(c.t.Context(), p, metav1.UpdateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// makeReady makes the pods of the group ready.
func (c *cluster) makeReady() {
	c.t.Helper()
	for _, name := range []string{testName + "-0", testName + "-0-1"} {
		c.change(name, func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
			}}
			for i := range p.Status.ContainerStatuses {
				p.Status.ContainerStatuses[i].Ready = true
			}
		})
	}
}

// exited gives a container of a pod its end and a new run.
func exited(container string, code int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for i := range p.Status.ContainerStatuses {
			if s := &p.Status.ContainerStatuses[i]; s.Name == container {
				s.RestartCount++
				s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
					ExitCode: code, Reason: "Error", FinishedAt: metav1.Now(),
				}
			}
		}
	}
}

// scriptedProber answers as it was told to, by pod name.
type scriptedProber struct {
	mu     sync.Mutex
	states map[string]health.State
	asked  int
}

func (p *scriptedProber) set(state health.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.states[testName+"-0"] = state
}

// count returns how often it was asked.
func (p *scriptedProber) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *scriptedProber) Probe(_ context.Context, pod health.Target) health.Health {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	h := health.Health{State: p.states[pod.Name], Since: time.Now()}
	if h.State == "" {
		h.State = health.Unknown
	}
	if h.State != health.Serving {
		h.Detail = strings.ToLower(string(h.State))
	}
	return h
}
