package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
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

// milestones tells of the steps of a group's start-up that began, advanced
// or ended. A step that a later one implies is not told: no line said so. Of
// what happened before the command began only the step that goes on is told.
func (p *progress) milestones(s status.Snapshot, g status.Group) []event {
	if g.Leader == nil {
		return nil
	}
	var out []event
	for _, m := range g.Milestones {
		key := stepKey{g.Leader.UID, m.ID}
		was := p.steps[key]
		is := toldStep{state: m.State, count: m.Count}
		p.steps[key] = is
		if !p.told || m.Implied || m.State == milestone.Pending || was == is || (m.State == milestone.Done && p.isHistory(m.Finished)) {
			continue
		}
		out = append(out, event{
			Type: eventMilestone, Object: "pod/" + g.Leader.Name, Container: m.Container,
			Message: p.milestoneText(m, was, len(s.Groups) > 1, g.Index),
			Data:    p.milestoneData(m, g.Index),
		})
	}
	return out
}

// isHistory says whether something happened before the command began.
func (p *progress) isHistory(at time.Time) bool { return !at.IsZero() && at.Before(p.begun) }

func (p *progress) milestoneText(m milestone.Milestone, was toldStep, several bool, group int) string {
	words := []string{m.Title}
	if several {
		words[0] = fmt.Sprintf("group %d: %s", group, m.Title)
	}
	switch {
	case m.State == milestone.Done:
		words[0] += " done"
	case was.state != milestone.Active && p.isHistory(m.Started):
		words[0] += " since " + m.Started.Local().Format(time.TimeOnly)
	case was.state != milestone.Active:
		words[0] += " started"
	}
	if m.Of > 0 {
		words = append(words, fmt.Sprintf("%d/%d", m.Count, m.Of))
	}
	if m.Detail != "" && was.state != milestone.Active {
		words = append(words, m.Detail)
	}
	switch {
	case m.State == milestone.Done && m.Finished.After(m.Started):
		words = append(words, clock(m.Finished.Sub(m.Started)))
	case m.State == milestone.Active && was.state != milestone.Active && p.expected[m.ID].known():
		r := p.expected[m.ID]
		words = append(words, "(expected "+span(r.low, r.high)+")")
	}
	if m.Short {
		words = append(words, "(parts are missing)")
	}
	return strings.Join(words, "  ")
}

func (p *progress) milestoneData(m milestone.Milestone, group int) milestoneData {
	d := milestoneData{
		ID: string(m.ID), State: string(m.State), Group: group,
		Count: m.Count, Of: m.Of, Detail: m.Detail,
	}
	if m.State == milestone.Done && m.Finished.After(m.Started) {
		d.Seconds = seconds(m.Finished.Sub(m.Started))
	}
	if r := p.expected[m.ID]; r.known() {
		d.Expected = &expectedData{MinSeconds: seconds(r.low), MaxSeconds: seconds(r.high)}
	}
	return d
}
