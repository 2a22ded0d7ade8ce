package status

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const (
	// tpuTaint is the taint of GKE's TPU nodes.
	tpuTaint = "google.com/tpu"
	// statePrefix begins the taints by which Kubernetes marks a node's passing
	// state: not ready, unreachable, cordoned, short of a resource.
	statePrefix = "node.kubernetes.io/"
)

// taint returns the taint that keeps a pod off every node that it selects, if
// the scheduler complains of taints at all. Where nodes may not be listed only
// the TPU nodes' own is recognised, by schedulers that still name taints. It
// is empty for taints that come and go.
func (b *builder) taint(pod *corev1.Pod, message string) string {
	if !strings.Contains(message, "had untolerated taint") {
		return ""
	}
	if !b.in.NodesKnown {
		if strings.Contains(message, "{"+tpuTaint+":") {
			return tpuTaint
		}
		return ""
	}
	want := labels.SelectorFromSet(pod.Spec.NodeSelector)
	found := ""
	for _, node := range b.in.Nodes {
		if !want.Matches(labels.Set(node.Labels)) {
			continue
		}
		key := obstacle(node, pod)
		if key == "" {
			return ""
		}
		found = key
	}
	return found
}

// obstacle returns a lasting taint of the node that the pod does not tolerate.
func obstacle(node *corev1.Node, pod *corev1.Pod) string {
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectPreferNoSchedule || lasting(taint.Key) == "" {
			continue
		}
		tolerated := slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool { return tolerates(t, taint) })
		if !tolerated {
			return taint.Key
		}
	}
	return ""
}

func lasting(key string) string {
	if strings.HasPrefix(key, statePrefix) {
		return ""
	}
	return key
}

// tolerates follows the API's rules: what a toleration leaves empty it does
// not restrict.
func tolerates(t corev1.Toleration, taint corev1.Taint) bool {
	if t.Effect != "" && t.Effect != taint.Effect {
		return false
	}
	if t.Key != "" && t.Key != taint.Key {
		return false
	}
	return t.Operator == corev1.TolerationOpExists || t.Value == taint.Value
}
