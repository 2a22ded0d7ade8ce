package kubelet

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// images is a registry made of a map.
type images map[string]container.ProgramFunc

func (i images) Lookup(image string) (container.Program, error) {
	if p, ok := i[image]; ok {
		return p, nil
	}
	return nil, fmt.Errorf("rpc error: code = NotFound desc = failed to pull and unpack image %q: not found", image)
}

// bench is a kubelet with one node in front of a fake API server.
type bench struct {
	*Kubelet
	t      *testing.T
	client *fake.Clientset

	mu   sync.Mutex
	next int
}

const testNode = "node-a"

// startBench runs a kubelet until the test ends. It must be called in a bubble.
func startBench(t *testing.T, registry images) *bench {
	t.Helper()
	client := fake.NewClientset()
	k, err := New(Config{
		Client: client, Network: simnet.New(), World: world.New(world.Options{}), Images: registry,
		Dir: t.TempDir(), PodCIDR: netip.MustParsePrefix("10.244.0.0/16"), ServingCert: tls.Certificate{},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("running the kubelet: %v", err)
		}
	})
	synctest.Wait()
	err = k.AddNodes(t.Context(), []NodeSpec{{
		Name: testNode, IP: netip.MustParseAddr("10.128.0.1"),
		Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("16Gi")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{Kubelet: k, t: t, client: client}
	b.pass(time.Second) // the informers fill
	return b
}

// podWith returns a pod bound to the node.
func podWith(name string, containers ...corev1.Container) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
		Spec: corev1.PodSpec{
			NodeName: testNode, RestartPolicy: corev1.RestartPolicyAlways, Containers: containers,
			TerminationGracePeriodSeconds: new(int64(30)),
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, QOSClass: corev1.PodQOSBestEffort},
	}
}

func (b *bench) create(pod *corev1.Pod) {
	b.t.Helper()
	b.mu.Lock()
	b.next++
	pod.UID = types.UID(fmt.Sprintf("uid-%d", b.next))
	b.mu.Unlock()
	if _, err := b.client.CoreV1().Pods(pod.Namespace).Create(b.t.Context(), pod, metav1.CreateOptions{}); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

// pass lets time go by and everything settle.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

func (b *bench) get(name string) *corev1.Pod {
	b.t.Helper()
	pod, err := b.client.CoreV1().Pods("default").Get(b.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return pod
}

// untilStopped is a program that runs until it is asked to stop.
func untilStopped(code int) container.ProgramFunc {
	return func(ctx context.Context, p *container.Process) int {
		select {
		case <-ctx.Done():
			return -1
		case <-p.Term:
			return code
		}
	}
}
