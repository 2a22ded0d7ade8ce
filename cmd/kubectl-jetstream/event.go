package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// event is one thing that happened during up, down or a watched status. Its
// JSON form is a documented interface (docs/events.md): fields are added,
// never renamed or removed.
type event struct {
	Time time.Time `json:"time"`
	Type eventType `json:"type"`
	// Object is what the event is about, as kubectl writes it: "pod/NAME",
	// "leaderworkerset.leaderworkerset.x-k8s.io/NAME".
	Object string `json:"object,omitempty"`
	// Container narrows a pod down.
	Container string `json:"container,omitempty"`
	// Message says in words what happened, on one line.
	Message string `json:"message"`
	// Data holds the same as fields; its shape depends on Type.
	Data any `json:"data,omitempty"`

	// quiet marks what people read in another event already.
	quiet bool
}

// eventType names an event's shape.
type eventType string

const (
	eventNotice     eventType = "notice"    // progress of the command itself
	eventApplied    eventType = "applied"   // one object's outcome
	eventPhase      eventType = "phase"     // the deployment's phase changed
	eventPod        eventType = "pod"       // a pod's status changed
	eventGroup      eventType = "group"     // a group was recreated
	eventContainer  eventType = "container" // a container's state changed
	eventMilestone  eventType = "milestone" // a step of the start-up
	eventKubernetes eventType = "event"     // a Kubernetes event of the deployment
	eventFinding    eventType = "finding"   // something is wrong, and why
	eventResult     eventType = "result"    // the last event of the command
)

// eventSink takes events in their order. Implementations are safe for
// concurrent use and write each event at once, as one piece.
type eventSink interface {
	emit(event)
}

// newEventSink returns the printer for -o; "" is text for people, with a
// column wide enough for the names of one deployment's objects.
func newEventSink(w io.Writer, output, deployment string) eventSink {
	if output == "json" {
		return &jsonEvents{w: w}
	}
	return &textEvents{w: w, width: subjectWidth(deployment)}
}

// jsonEvents writes one JSON object a line.
type jsonEvents struct {
	mu sync.Mutex
	w  io.Writer
}

func (p *jsonEvents) emit(e event) {
	e.Time = e.Time.UTC()
	e.Message = safetext.Line(e.Message)
	b, err := json.Marshal(e)
	if err != nil {
		// The payloads are plain structs of this package; only a programming
		// error leads here, and the event must not vanish for it.
		b = fmt.Appendf(nil, `{"type":%q,"message":%q}`, e.Type, e.Message)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(append(b, '\n'))
}

// subjectWidth is the width of the column that says what an event is about.
// It holds the containers, the objects and the worker pods of a deployment;
// longer names push the rest of their line to the right.
func subjectWidth(deployment string) int {
	return max(len("pathways-proxy"), len("lws/"+deployment), len("svc/"+deploy.ServiceName(deployment)))
}

// textEvents writes one line an event: time, what it is about, what
// happened.
type textEvents struct {
	mu    sync.Mutex
	w     io.Writer
	width int
}

func (p *textEvents) emit(e event) {
	if e.quiet {
		return
	}
	line := fmt.Sprintf("%s  %-*s  %s", e.Time.Local().Format(time.TimeOnly), p.width, safetext.Line(e.subject()), safetext.Line(e.Message))
	lines := strings.TrimRight(line, " ") + "\n"
	if e.Type == eventFinding {
		lines += findingText(e)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = io.WriteString(p.w, lines)
}

// subject is the short name of what the event is about. Objects that were
// applied or deleted have their kind before the name, as several kinds share
// one; in all other events there are pods and the deployment alone.
func (e event) subject() string {
	if e.Container != "" {
		return e.Container
	}
	kind, name, found := strings.Cut(e.Object, "/")
	switch {
	case !found:
		return e.Object
	case e.Type != eventApplied || kind == "pod":
		return name
	}
	kind, _, _ = strings.Cut(kind, ".")
	return shortKind(kind) + "/" + name
}

// shortKind is what kubectl lets a kind be called where its name is long.
func shortKind(kind string) string {
	switch kind {
	case "leaderworkerset":
		return "lws"
	case "service":
		return "svc"
	case "customresourcedefinition":
		return "crd"
	case "deployment":
		return "deploy"
	case "serviceaccount":
		return "sa"
	case "configmap":
		return "cm"
	}
	return kind
}

// findingText is the rest of a finding, below its line.
func findingText(e event) string {
	f, ok := e.Data.(findingData)
	if !ok {
		return ""
	}
	return findingLines("          ", f)
}

// findingLines are the cause, the evidence and the remedy of a finding, each
// on lines of its own behind an indentation.
func findingLines(indent string, f findingData) string {
	var b strings.Builder
	section := func(title string, lines ...string) {
		for _, line := range lines {
			if line == "" {
				continue
			}
			fmt.Fprintf(&b, "%s%-8s  %s\n", indent, title, safetext.Line(line))
			title = ""
		}
	}
	section("cause", f.Cause)
	section("evidence", f.Evidence...)
	section("remedy", strings.Split(f.Remedy, "\n")...)
	return b.String()
}
