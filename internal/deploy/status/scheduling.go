package status

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/cause"
)

// The scheduler explains itself in one sentence that lists reasons with the
// number of nodes for each.
var (
	noSelector = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(\d+)/(\d+) nodes are available: (\d+) node\(s\) didn't match (?:Pod's )?node affinity/selector`)
	})
	poolTaken = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`didn't (?:match|satisfy) (?:existing )?(?:pod|pods)(?: |')*(?:anti-)?affinity rules`)
	})
	insufficient = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`Insufficient ([\w./-]+)`)
	})
)

// scheduling judges a pod that the scheduler found no node for.
func (b *builder) scheduling(f Finding, pod *corev1.Pod) (Finding, bool) {
	c := condition(pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse || c.Reason != corev1.PodReasonUnschedulable {
		return f, false
	}
	f.Time = c.LastTransitionTime.Time
	f.Evidence = []string{oneLine(c.Message)}
	f.rank = cause.RankRoot
	scaling := b.scaling(pod)
	wanted := labels.Set(pod.Spec.NodeSelector).String()
	message := strings.ToLower(c.Message)
	taint := b.taint(pod, c.Message)

	switch counts := noSelector().FindStringSubmatch(c.Message); {
	case b.in.NodesKnown && wanted != "" && !b.anyNode(pod.Spec.NodeSelector):
		f.Code = "no-matching-node"
		f.Summary = fmt.Sprintf("no node has %s", b.missingLabels(pod.Spec.NodeSelector))
		f.Cause = "the node pool does not exist, is still being created, or has another topology"
		f.Remedy = "create a node pool with these labels; only a new node can end this wait"
		f.Fatal = b.lasted(f.Time) && !scaling
	case !b.in.NodesKnown && counts != nil && counts[2] == counts[3]:
		f.Code = "no-matching-node"
		f.Summary = fmt.Sprintf("none of %s nodes matches %s", counts[2], orElse(wanted, "the pod's node affinity"))
		f.Cause = "the node pool does not exist, is still being created, or has another topology (nodes may not be listed, so this is the scheduler's word)"
		f.Remedy = "create a node pool with these labels"
	case taint != "":
		f.Code = "untolerated-taint"
		f.Summary = fmt.Sprintf("the matching nodes are tainted %s and the pod does not tolerate it", taint)
		if taint == tpuTaint {
			f.Cause = "only pods that ask for google.com/tpu get the toleration by themselves"
		}
		f.Remedy = fmt.Sprintf("add the toleration %s to the pod template", taint)
		f.Fatal = b.lasted(f.Time) && !scaling
	case poolTaken().MatchString(message):
		f.Code = "node-pool-taken"
		f.Summary = "every matching node pool is taken by another group"
		f.Cause = "groups are placed exclusively, one to a node pool, and a group that is still ending counts"
		f.Remedy = "wait for the other group's end, delete it, or add a node pool"
	case insufficient().MatchString(c.Message):
		what := insufficient().FindStringSubmatch(c.Message)[1]
		what = strings.TrimRight(what, ".,")
		f.Code = "insufficient-resources"
		f.Summary = fmt.Sprintf("the matching nodes have not enough %s left", what)
		f.Cause = "other pods use it; a fresh TPU node also reports none for its first 30 seconds"
		f.Remedy = "wait, free the nodes, or add a node pool"
	default:
		f.Code = "unschedulable"
		f.Summary = "not scheduled: " + oneLine(c.Message)
	}
	if scaling {
		f.Cause += "; the cluster autoscaler is adding nodes"
	}
	return f, true
}

// scaling reports whether the autoscaler said that it is adding a node for the
// pod, and did not say later that it cannot.
func (b *builder) scaling(pod *corev1.Pod) bool {
	var up, not time.Time
	for _, e := range b.in.Events {
		if e.InvolvedObject.UID != pod.UID {
			continue
		}
		switch at := eventTime(e); e.Reason {
		case "TriggeredScaleUp":
			up = later(up, at)
		case "NotTriggerScaleUp", "FailedScaleUp":
			not = later(not, at)
		}
	}
	return !up.IsZero() && up.After(not)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// anyNode reports whether a node carries all the labels.
func (b *builder) anyNode(selector map[string]string) bool {
	want := labels.SelectorFromSet(selector)
	return slices.ContainsFunc(b.in.Nodes, func(n *corev1.Node) bool {
		return want.Matches(labels.Set(n.Labels))
	})
}

// missingLabels names the labels of the selector that no node has by itself,
// or all of them when only their combination is missing.
func (b *builder) missingLabels(selector map[string]string) string {
	missing := labels.Set{}
	for key, value := range selector {
		if !b.anyNode(map[string]string{key: value}) {
			missing[key] = value
		}
	}
	if len(missing) == 0 {
		return labels.Set(selector).String() + " together"
	}
	return missing.String()
}
