package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// progress tells what happened between snapshots, as events. It keeps only
// what has been told, so that a snapshot that was skipped costs detail and
// never truth. It belongs to one goroutine.
type progress struct {
	object string // the LeaderWorkerSet, as kubectl writes it
	begun  time.Time
	// expected is nil until the profile is known.
	expected forecast.Expectations

	told     bool // a snapshot was seen
	phase    string
	cause    string
	pods     map[string]status.Pod // by name
	leaving  map[string]bool       // pods that are being deleted, by UID
	steps    map[stepKey]toldStep
	stalled  map[stallKey]bool
	findings map[findingKey]bool
	events   map[string]bool
	notes    map[string]bool
	groups   map[int]int // recreations, by group
	lost     time.Time   // since when the API server does not answer
}

type stepKey struct {
	leader string // UID: another incarnation starts from the beginning
	id     milestone.ID
}

type toldStep struct {
	state   milestone.State
	count   int
	implied bool // nothing has been told, since no line of its own said so
}

type findingKey struct {
	code, pod, container, summary string
	group                         int
	fatal                         bool // what turns out not to heal is told again
}

func newProgress(object string, begun time.Time, expected forecast.Expectations) *progress {
	return &progress{
		object: object, begun: begun, expected: expected,
		pods:     map[string]status.Pod{},
		leaving:  map[string]bool{},
		steps:    map[stepKey]toldStep{},
		stalled:  map[stallKey]bool{},
		findings: map[findingKey]bool{},
		events:   map[string]bool{},
		notes:    map[string]bool{},
		groups:   map[int]int{},
	}
}

// observe returns what is new in s, in the order in which it is best read:
// what was found missing, what happened to the pods, how far the start-up
// has come, what that means for the whole, and what is wrong.
func (p *progress) observe(s status.Snapshot) []event {
	if p.expected == nil {
		p.expected = expectedOf(s.Profile)
	}
	var out []event
	out = append(out, p.connection(s)...)
	out = append(out, p.newNotes(s)...)
	out = append(out, p.newPods(s)...)
	out = append(out, p.kubernetesEvents(s)...)
	for _, g := range s.Groups {
		out = append(out, p.milestones(s, g)...)
	}
	out = append(out, p.phaseChange(s)...)
	out = append(out, p.newFindings(s)...)
	for _, found := range p.newStalls(s, s.ObservedAt) {
		out = append(out, p.tellStall(found, len(s.Groups) > 1, s.ObservedAt))
	}
	for i := range out {
		if out[i].Time.IsZero() {
			out[i].Time = s.ObservedAt
		}
		if out[i].Object == "" {
			out[i].Object = p.object
		}
	}
	p.told = true
	return out
}

// connection tells when the API server stops answering and answers again.
func (p *progress) connection(s status.Snapshot) []event {
	was := p.lost
	p.lost = s.DisconnectedSince
	switch {
	case was.IsZero() && !p.lost.IsZero():
		return []event{{Type: eventNotice, Message: "the API server does not answer; what follows may be old"}}
	case !was.IsZero() && p.lost.IsZero():
		return []event{{Type: eventNotice, Message: "the API server answers again after " + forecast.Clock(s.ObservedAt.Sub(was))}}
	}
	return nil
}

// newNotes tells once of each thing that cannot be seen.
func (p *progress) newNotes(s status.Snapshot) []event {
	var out []event
	for _, n := range s.Notes {
		key := n.Topic + ": " + n.Message
		if !p.notes[key] {
			p.notes[key] = true
			out = append(out, event{Type: eventNotice, Message: n.Message})
		}
	}
	return out
}

// phaseChange tells of a new phase, and of a new cause of a bad one. While a
// start-up goes on, its cause repeats what pods and milestones say.
func (p *progress) phaseChange(s status.Snapshot) []event {
	headline := s.Headline()
	bad := s.Phase == status.Degraded || s.Phase == status.Failed
	if p.told && headline == p.phase && (s.Cause == p.cause || !bad) {
		return nil
	}
	message := strings.ToUpper(headline)
	switch {
	case headline == p.phase:
	case p.told:
		message += " after " + forecast.Clock(s.ObservedAt.Sub(p.begun))
	case s.Since.Before(p.begun.Truncate(time.Second)) && !s.Since.IsZero():
		message += " for " + forecast.Clock(s.ObservedAt.Sub(s.Since))
	}
	if s.Cause != "" {
		message += "  " + s.Cause
	}
	previous := p.phase
	p.phase, p.cause = headline, s.Cause
	data := phaseData{
		Phase: string(s.Phase), Previous: previous, Cause: s.Cause, Confirmed: s.Confirmed,
		Ready: s.Ready, Desired: s.Desired, Seconds: seconds(s.ObservedAt.Sub(p.begun)),
	}
	if out, ok := outlookOf(s, p.expected, s.ObservedAt); ok {
		data.ReadyEarliest, data.ReadyLatest = out.ReadyEarliest.UTC(), out.ReadyLatest.UTC()
		message += out.readyText("  ", s.ObservedAt)
	}
	return []event{{Type: eventPhase, Message: message, Data: data}}
}

// newFindings tells once of each thing that is wrong. What may yet turn out
// to be the echo of something else is not told.
func (p *progress) newFindings(s status.Snapshot) []event {
	var out []event
	for _, f := range s.Findings {
		if f.Provisional {
			continue
		}
		key := findingKey{f.Code, f.Pod, f.Container, f.Summary, f.Group, f.Fatal}
		if p.findings[key] {
			continue
		}
		p.findings[key] = true
		out = append(out, findingEvent(f))
	}
	return out
}

func findingEvent(f status.Finding) event {
	e := event{
		Type: eventFinding, Container: f.Container, Message: f.Summary,
		Data: findingData{
			Code: f.Code, Summary: f.Summary, Cause: f.Cause, Remedy: f.Remedy,
			Evidence: f.Evidence, Fatal: f.Fatal, Group: f.Group, Times: f.Times,
		},
	}
	if f.Pod != "" {
		e.Object = "pod/" + f.Pod
	}
	return e
}

// kubernetesEvents tells once of each event that says more than phases, pods
// and findings do. Several pods that meet the same obstacle are one piece of
// news. Events from before the command began are history; times are compared
// in the first snapshot only, since the cluster's clock may differ from ours.
func (p *progress) kubernetesEvents(s status.Snapshot) []event {
	var out []event
	for _, k := range s.Events {
		key := k.Reason + "\x00" + k.Message
		if p.events[key] {
			continue
		}
		p.events[key] = true
		if !p.told && k.Time.Before(p.begun.Truncate(time.Second)) {
			continue
		}
		if k.Type != corev1.EventTypeWarning && k.Reason != groupRecreated || k.Reason == unscheduled || isEvidence(s, k.Message) {
			continue
		}
		out = append(out, event{
			Time: s.ObservedAt, Type: eventKubernetes, Object: k.Object,
			Message: k.Reason + ": " + k.Message,
			Data:    kubernetesData{Type: k.Type, Reason: k.Reason, Time: k.Time, Count: k.Count},
		})
	}
	return out
}

// groupRecreated is the reason under which the LeaderWorkerSet controller says
// why it recreates a group; its other events repeat what the pods show.
const groupRecreated = "RecreateGroup"

// unscheduled is the reason of the scheduler's event about a pod without a
// node. The pod's own condition says the same a moment later, as a finding.
const unscheduled = "FailedScheduling"

// isEvidence says whether a finding quotes a message.
func isEvidence(s status.Snapshot, message string) bool {
	return slices.ContainsFunc(s.Findings, func(f status.Finding) bool {
		return !f.Provisional && slices.Contains(f.Evidence, message)
	})
}

// heartbeat says that nothing happened, and for how long the step in
// progress runs, so that a silent log can be told from a dead one. What has
// become too long meanwhile is said instead, one step at a time.
func (p *progress) heartbeat(s status.Snapshot, now time.Time) event {
	if stalls := p.newStalls(s, now); len(stalls) > 0 {
		return p.tellStall(stalls[0], len(s.Groups) > 1, now)
	}
	message := "still " + s.Headline()
	e := event{Time: now, Type: eventNotice, Object: p.object}
	if out, ok := outlookOf(s, p.expected, now); ok && s.Phase == status.Loading && out.step.Elapsed > 0 {
		message = out.step.Label() + "  " + out.took("") + out.readyText("  ", now)
		e.Container = out.step.Container
	} else if s.Cause != "" {
		message += ": " + s.Cause
	}
	e.Message = message
	return e
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

// byPlace orders pods as their groups list them.
func byPlace(a, b placedPod) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.pod.Index, b.pod.Index))
}
