package kubelet

import (
	"context"
	"fmt"
	"hash/fnv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
)

// eventShards is how many events can be under way to the API server at once. A
// cluster has one sender per node; a handful does for any number of simulated ones.
const eventShards = 4

// eventSink sends events in the name of the nodes' kubelets, with client-go's
// counting of repetitions and its limit on spam. Events are dropped when the API
// server cannot follow, as everywhere.
type eventSink struct {
	client kubernetes.Interface
	shards [eventShards]record.EventBroadcaster
}

func newEventSink(client kubernetes.Interface) *eventSink {
	return &eventSink{client: client}
}

func (s *eventSink) start(all *crew) error {
	for i := range s.shards {
		b := record.NewBroadcaster(record.WithContext(all.ctx))
		b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: s.client.CoreV1().Events("")})
		s.shards[i] = b
	}
	all.run(func(ctx context.Context) {
		<-ctx.Done()
		for _, b := range s.shards {
			b.Shutdown()
		}
	})
	return nil
}

// recorder returns the event recorder of a node's kubelet.
func (s *eventSink) recorder(node string) record.EventRecorder {
	h := fnv.New32a()
	_, _ = h.Write([]byte(node)) // a hash never fails
	b := s.shards[h.Sum32()%eventShards]
	return b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: node})
}

// containerRef names a container of a pod as the object of an event.
func containerRef(pod *corev1.Pod, c *containerState) *corev1.ObjectReference {
	field := fmt.Sprintf("spec.containers{%s}", c.spec.Name)
	if c.kind != regularContainer {
		field = fmt.Sprintf("spec.initContainers{%s}", c.spec.Name)
	}
	ref := podRef(pod)
	ref.FieldPath = field
	return ref
}

func podRef(pod *corev1.Pod) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		Kind: "Pod", APIVersion: "v1",
		Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
	}
}
