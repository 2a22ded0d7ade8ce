package watch

import (
	"slices"
	"strings"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What no snapshot needs is dropped before an object is kept. A deployment may
// have a thousand pods, its cluster thousands of nodes; of most of them the
// larger part is bookkeeping.

// ownAnnotations begin the annotations that are kept.
const ownAnnotations = "leaderworkerset.sigs.k8s.io/"

func trimMeta(m *metav1.ObjectMeta) {
	m.ManagedFields = nil
	for key := range m.Annotations {
		if !strings.HasPrefix(key, ownAnnotations) {
			delete(m.Annotations, key)
		}
	}
	m.Labels = shared(m.Labels)
	for i := range m.OwnerReferences {
		o := &m.OwnerReferences[i]
		o.APIVersion, o.Kind = one(o.APIVersion), one(o.Kind)
	}
}

// shared returns a map whose strings share their memory with equal ones of
// other objects: the labels of pods and nodes are the same but for a few.
func shared(from map[string]string) map[string]string {
	if from == nil {
		return nil
	}
	out := make(map[string]string, len(from))
	for key, value := range from {
		out[one(key)] = one(value)
	}
	return out
}

// one returns the one string of all that are equal.
func one(s string) string { return unique.Make(s).Value() }

// trimPod keeps what is told of a pod: who it is and whose, what its containers
// are and how they are asked for their health, where it may run, and its whole
// state.
func trimPod(p *corev1.Pod) {
	trimMeta(&p.ObjectMeta)
	s := &p.Spec
	s.Volumes, s.Affinity, s.TopologySpreadConstraints = nil, nil, nil
	s.SecurityContext, s.DNSConfig, s.HostAliases, s.ImagePullSecrets, s.ReadinessGates = nil, nil, nil, nil, nil
	s.NodeSelector = shared(s.NodeSelector)
	for i := range s.Tolerations {
		t := &s.Tolerations[i]
		t.Key, t.Value = one(t.Key), one(t.Value)
	}
	for _, containers := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range containers {
			trimContainer(&containers[i])
		}
	}
	p.Status.HostIPs, p.Status.PodIPs = nil, nil
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range statuses {
			c := &statuses[i]
			c.Name, c.Image = one(c.Name), one(c.Image)
			c.ImageID, c.Resources, c.AllocatedResources = "", nil, nil
			c.VolumeMounts, c.User, c.AllocatedResourcesStatus = nil, nil, nil
		}
	}
}

func trimContainer(c *corev1.Container) {
	c.Name, c.Image = one(c.Name), one(c.Image)
	c.Env, c.EnvFrom, c.VolumeMounts, c.VolumeDevices = nil, nil, nil, nil
	c.Lifecycle, c.SecurityContext, c.LivenessProbe = nil, nil, nil
	c.Resources = corev1.ResourceRequirements{}
	for _, texts := range [][]string{c.Command, c.Args} {
		for i := range texts {
			texts[i] = one(texts[i])
		}
	}
}

// trimSet keeps whose a StatefulSet is; what it makes is seen in its pods.
func trimSet(s *appsv1.StatefulSet) {
	trimMeta(&s.ObjectMeta)
	s.Spec.Template, s.Spec.VolumeClaimTemplates = corev1.PodTemplateSpec{}, nil
}

// trimNode keeps what decides whether a pod may run on a node and whether the
// node lives. The times of its conditions' heartbeats are left out, so that a
// node that only says so again has not changed.
func trimNode(n *corev1.Node) {
	n.ManagedFields, n.Annotations = nil, nil
	n.Labels = shared(n.Labels)
	n.Status = corev1.NodeStatus{Conditions: n.Status.Conditions}
	for i := range n.Status.Conditions {
		c := &n.Status.Conditions[i]
		c.LastHeartbeatTime = metav1.Time{}
		c.Reason, c.Message = one(c.Reason), one(c.Message)
	}
}

// sameNode reports whether a change of a node is none for a snapshot. Nodes
// report every few minutes, and there may be thousands.
func sameNode(a, b *corev1.Node) bool {
	return a.UID == b.UID &&
		equality.Semantic.DeepEqual(a.Labels, b.Labels) &&
		equality.Semantic.DeepEqual(a.Spec, b.Spec) &&
		slices.Equal(a.Status.Conditions, b.Status.Conditions)
}

func trimEvent(e *corev1.Event) { trimMeta(&e.ObjectMeta) }
