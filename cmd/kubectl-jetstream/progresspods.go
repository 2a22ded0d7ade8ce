package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// placedPod is a pod with the index of its group.
type placedPod struct {
	group int
	pod   status.Pod
}

// newPods tells what happened to pods and to the containers that need a
// word of their own. What was there before the command began is not told
// again: the phase says what it amounts to.
func (p *progress) newPods(s status.Snapshot) []event {
	var now []placedPod
	var out []event
	for _, g := range s.Groups {
		if g.Recreations > p.groups[g.Index] && p.told {
			out = append(out, event{
				Type: eventGroup, Message: fmt.Sprintf("group %d is recreated (%d so far)", g.Index, g.Recreations),
				Data: groupData{Group: g.Index, Recreations: g.Recreations},
			})
		}
		p.groups[g.Index] = g.Recreations
		for _, pod := range g.Pods() {
			now = append(now, placedPod{g.Index, pod})
		}
	}
	slices.SortFunc(now, byPlace)

	seen := map[string]status.Pod{}
	for _, n := range now {
		seen[n.pod.Name] = n.pod
		if p.told {
			out = append(out, p.podEvents(n)...)
		}
	}
	if p.told {
		for _, name := range sortedKeys(p.pods) {
			if _, ok := seen[name]; !ok {
				delete(p.leaving, p.pods[name].UID)
				out = append(out, event{
					Type: eventPod, Object: "pod/" + name, Message: "deleted",
					Data: podData{Status: "Deleted", Previous: p.pods[name].Status},
				})
			}
		}
	}
	p.pods = seen
	return out
}

// podEvents tells what happened to one pod. Of a pod that is being deleted
// only that is told: its containers are ended one by one, as they should.
func (p *progress) podEvents(n placedPod) []event {
	pod := n.pod
	before, known := p.pods[pod.Name]
	if known && before.UID != pod.UID {
		before = status.Pod{}
	}
	if p.leaving[pod.UID] {
		return nil
	}
	var out []event
	if pod.Status != before.Status || pod.ReadyContainers != before.ReadyContainers {
		out = append(out, event{
			Type: eventPod, Object: "pod/" + pod.Name, Message: podMessage(before, pod),
			Data: podData{
				Status: pod.Status, Previous: before.Status, Ready: pod.ReadyText(), Restarts: pod.Restarts,
				Node: pod.Node, Group: n.group, Worker: pod.Index,
			},
		})
	}
	if pod.Status == podTerminating {
		p.leaving[pod.UID] = true
		return out
	}
	for _, c := range pod.Containers {
		i := slices.IndexFunc(before.Containers, func(b status.Container) bool { return b.Name == c.Name })
		var was status.Container
		if i >= 0 {
			was = before.Containers[i]
		}
		if message := containerNews(was, c); message != "" {
			out = append(out, event{
				Type: eventContainer, Object: "pod/" + pod.Name, Container: c.Name, Message: message,
				Data: containerData{
					State: c.State, Previous: was.State, Reason: c.Reason, ExitCode: exitOf(c), Restarts: c.Restarts,
					Group: n.group, Worker: pod.Index,
				},
			})
		}
	}
	return out
}

// podTerminating is kubectl's status of a pod that is being deleted.
const podTerminating = "Terminating"

// podMessage is the status of a pod, where it is, and what a running one
// lacks. Why another one does not run is told by its containers and findings.
func podMessage(before, pod status.Pod) string {
	message := pod.Status
	if pod.Status == status.Running || (pod.ReadyContainers > 0 && pod.Status != podTerminating) {
		message += " " + pod.ReadyText()
	}
	if pod.Node != "" && before.Node == "" {
		message += " on " + pod.Node
	}
	if pod.Status == status.Running && pod.Reason != "" {
		message += "  " + pod.Reason
	}
	return message
}

// containerNews says what is worth a line about a container beyond its
// pod's status: that it ended, that it cannot start, that it was restarted.
func containerNews(was, is status.Container) string {
	same := was.State == is.State && was.Reason == is.Reason && was.Restarts == is.Restarts
	switch {
	case same, is.Init && is.State == status.Terminated && exitCodeOf(is) == 0:
		return ""
	case is.State == status.Terminated:
		return fmt.Sprintf("ended: %s, exit code %d", cmp.Or(is.Reason, "no reason given"), exitCodeOf(is))
	case is.State == status.Waiting && is.Reason != "" && is.Reason != "ContainerCreating" && is.Reason != "PodInitializing":
		// Of a back-off the kubelet repeats which container and pod it is about.
		why, _, _ := strings.Cut(is.Message, " restarting failed container")
		return strings.TrimSuffix(is.Reason+": "+why, ": ")
	case is.State == status.Running && is.Restarts > was.Restarts:
		text := fmt.Sprintf("restarted (%d so far)", is.Restarts)
		if is.LastExitCode != nil {
			text += fmt.Sprintf(" after exit code %d", *is.LastExitCode)
		}
		return text
	}
	return ""
}

func exitOf(c status.Container) *int32 {
	if c.State == status.Terminated {
		return c.ExitCode
	}
	return c.LastExitCode
}

func exitCodeOf(c status.Container) int32 {
	if c.ExitCode == nil {
		return 0
	}
	return *c.ExitCode
}
