package status

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/cause"
)

// Registries answer in many words. What they say when asking again may help
// is looked for first, as it often comes with a status code as well.
var (
	pullPassing = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)time-?out|connection (?:refused|reset)|no such host|temporary failure|\bEOF\b|toomanyrequests|too many requests|service unavailable|internal server error|\b(?:429|50[0234])\b`)
	})
	pullDenied = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\b40[13]\b|forbidden|denied|unauthorized`)
	})
	pullMissing = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\b404\b|not ?found|manifest unknown|name unknown|does not exist`)
	})
)

// podFindings looks for what is wrong with the pods of a group as they are.
func (b *builder) podFindings(g Group) []Finding {
	var out []Finding
	for _, p := range g.Pods() {
		pod := b.pods[types.UID(p.UID)]
		at := Finding{Group: g.Index, Pod: p.Name}
		if p.terminating {
			// What is wrong with it ends with it, unless nobody is there to end it.
			if isUnreachable(b.nodes[pod.Spec.NodeName]) {
				out = append(out, b.stranded(at, pod))
			}
			continue
		}
		if f, ok := b.scheduling(at, pod); ok {
			out = append(out, f)
		}
		for _, c := range p.Containers {
			at.Container = c.Name
			if f, ok := b.waiting(at, pod, c); ok {
				out = append(out, f)
			}
		}
		at.Container = ""
		if f, ok := b.lost(at, pod); ok {
			out = append(out, f)
		}
	}
	return out
}

// waiting judges a container that cannot be started.
func (b *builder) waiting(f Finding, pod *corev1.Pod, c Container) (Finding, bool) {
	if c.State != Waiting {
		return f, false
	}
	f.rank = cause.RankRoot
	if pod.Status.StartTime != nil {
		f.Time = pod.Status.StartTime.Time
	}
	switch c.Reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull":
		return b.pull(f, pod, c), true
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		f.Code = "container-config"
		f.Summary = fmt.Sprintf("%s cannot be created: %s", c.Name, orElse(oneLine(c.Message), c.Reason))
		f.Cause = "the pod's spec needs something that is missing or does not fit: a Secret, a ConfigMap, a key, a command"
		f.Remedy = "create what the message names, or correct the spec"
		f.Evidence = []string{c.Reason + ": " + oneLine(c.Message)}
		f.Fatal = b.lasted(f.Time)
		return f, true
	}
	return f, false
}

// pull judges an image that could not be pulled. The kubelet's own message is
// short after the first attempt on older versions, hence the events.
func (b *builder) pull(f Finding, pod *corev1.Pod, c Container) Finding {
	text := c.Message
	for _, e := range b.in.Events {
		if e.InvolvedObject.UID == pod.UID && e.Reason == "Failed" && strings.Contains(e.Message, c.Image) {
			text += "\n" + e.Message
			f.Evidence = append(f.Evidence, oneLine(e.Message))
		}
	}
	if len(f.Evidence) == 0 && c.Message != "" {
		f.Evidence = []string{oneLine(c.Message)}
	}
	f.Evidence = f.Evidence[:min(len(f.Evidence), maxEvidence)]
	switch {
	case c.Reason == "InvalidImageName":
		f.Code, f.Fatal = "image-name", true
		f.Summary = fmt.Sprintf("%q is not an image name", c.Image)
		f.Remedy = "correct the image"
	case c.Reason == "ErrImageNeverPull":
		f.Code, f.Fatal = "image-absent", true
		f.Summary = fmt.Sprintf("image %s is not on the node, and the pull policy is Never", c.Image)
		f.Remedy = "use another imagePullPolicy"
	case pullPassing().MatchString(text):
		f.Code = "image-pull"
		f.Summary = fmt.Sprintf("image %s could not be pulled yet", c.Image)
		f.Cause = "the registry could not be reached or was busy; the kubelet tries again"
	case pullDenied().MatchString(text):
		f.Code, f.Fatal = "image-denied", true
		f.Summary = fmt.Sprintf("image %s may not be pulled", c.Image)
		f.Cause = "the registry refuses the node's service account, or the image does not exist"
		f.Remedy = "grant the NODE service account roles/artifactregistry.reader on the image's repository"
		if strings.Contains(c.Image, "cloud-tpu-v2-images/pathways") {
			f.Cause = "the Pathways images are open only to projects on their allowlist"
			f.Remedy = "ask Google for access to Pathways for the project, or correct the image"
		}
	case pullMissing().MatchString(text):
		f.Code, f.Fatal = "image-not-found", true
		f.Summary = fmt.Sprintf("image %s does not exist", c.Image)
		f.Cause = "the registry knows no such repository or tag"
		f.Remedy = "correct the image"
	default:
		f.Code = "image-pull"
		f.Summary = fmt.Sprintf("image %s could not be pulled yet", c.Image)
		f.Cause = "no reason was given that says whether it can be; the kubelet tries again"
	}
	return f
}

// lost judges pods whose node or kubelet gave up on them.
func (b *builder) lost(f Finding, pod *corev1.Pod) (Finding, bool) {
	f.rank = cause.RankRoot
	switch {
	case pod.Status.Reason == "Evicted" || b.evicted(pod):
		f.Code = "evicted"
		f.Summary = fmt.Sprintf("pod %s was evicted from node %s", pod.Name, pod.Spec.NodeName)
		f.Cause = orElse(oneLine(pod.Status.Message), "the node ran short of a resource")
		f.Remedy = "give the node more of what it ran short of, usually ephemeral storage or memory"
		return f, true
	case pod.Status.Reason == nodeLost || isUnreachable(b.nodes[pod.Spec.NodeName]):
		f.Code = "node-lost"
		f.Summary = fmt.Sprintf("node %s of pod %s does not answer", pod.Spec.NodeName, pod.Name)
		f.Cause = "the machine or its kubelet is down; the pod is replaced only after the node controller's time-out"
		f.Remedy = "wait for the node pool's repair, or delete the node"
		return f, true
	}
	return f, false
}

// stranded is a pod that is to end on a node where nothing can end it. A group that is
// created anew waits for each of its pods.
func (b *builder) stranded(f Finding, pod *corev1.Pod) Finding {
	f.rank = cause.RankRoot
	f.Code = "node-lost"
	f.Summary = fmt.Sprintf("node %s of pod %s does not answer", pod.Spec.NodeName, pod.Name)
	f.Cause = "the machine or its kubelet is down, so the pod cannot end, and its group is created anew only when it has"
	f.Remedy = "wait for the node pool's repair, or delete the node"
	return f
}

// evicted recognises an eviction by its event: a container that ends well on
// SIGTERM leaves the pod Succeeded and without a reason.
func (b *builder) evicted(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded && slices.ContainsFunc(b.in.Events, func(e *corev1.Event) bool {
		return e.InvolvedObject.UID == pod.UID && e.Reason == "Evicted"
	})
}

func isUnreachable(node *corev1.Node) bool {
	return node != nil && slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionUnknown
	})
}
