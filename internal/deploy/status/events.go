package status

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/cause"
)

const (
	// maxEvents is how many events a snapshot carries: the latest.
	maxEvents = 20
	// createWindow is how long an event about a pod that could not be created
	// speaks of the present. The StatefulSet controller retries, with pauses of
	// up to some minutes.
	createWindow = 5 * time.Minute
)

// events picks the deployment's own events that tell something: warnings, and
// all that the LeaderWorkerSet controller says. Failing probes are left out;
// /healthcheck fails by design while a model loads.
func (b *builder) events() []Event {
	var out []Event
	for _, e := range b.in.Events {
		if !b.concerns(e) || e.Reason == "Unhealthy" {
			continue
		}
		if e.Type != corev1.EventTypeWarning && e.InvolvedObject.Kind != "LeaderWorkerSet" {
			continue
		}
		out = append(out, Event{
			Time:    eventTime(e),
			Type:    e.Type,
			Object:  strings.ToLower(e.InvolvedObject.Kind) + "/" + e.InvolvedObject.Name,
			Reason:  e.Reason,
			Message: oneLine(e.Message),
			Count:   eventCount(e),
		})
	}
	slices.SortStableFunc(out, func(x, y Event) int { return x.Time.Compare(y.Time) })
	return out[max(0, len(out)-maxEvents):]
}

// Concerns reports whether an event is about the LeaderWorkerSet name or about
// a StatefulSet or pod of it.
func Concerns(e *corev1.Event, name string) bool {
	o := e.InvolvedObject
	switch o.Kind {
	case "LeaderWorkerSet":
		return o.Name == name
	case "StatefulSet", "Pod":
		rest, ok := strings.CutPrefix(o.Name, name)
		return ok && strings.Trim(rest, "-0123456789") == "" && (rest == "" || rest[0] == '-')
	}
	return false
}

// concerns reports whether an event is about this deployment. Those of an
// earlier one of the same name are kept by the API server for an hour.
func (b *builder) concerns(e *corev1.Event) bool {
	if b.in.LWS != nil && eventTime(e).Before(b.in.LWS.CreationTimestamp.Time) {
		return false
	}
	return Concerns(e, b.in.Name)
}

// eventTime is when the event last occurred; the fields differ between the
// two event APIs.
func eventTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

func eventCount(e *corev1.Event) int {
	if e.Series != nil {
		return max(int(e.Series.Count), 1)
	}
	return max(int(e.Count), 1)
}

// firstTime is when the event first occurred.
func firstTime(e *corev1.Event) time.Time {
	switch {
	case !e.FirstTimestamp.IsZero():
		return e.FirstTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

var serviceAccountMissing = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`service ?account "?([\w./-]+)"?:? .*not found|serviceaccount "([\w./-]+)" not found`)
})

// createFindings explains pods that the API server does not let be created.
func (b *builder) createFindings(groups []Group) []Finding {
	missing := slices.IndexFunc(groups, func(g Group) bool { return g.Created < g.Desired })
	if missing < 0 {
		return nil
	}
	var out []Finding
	for _, e := range b.in.Events {
		if e.Reason != "FailedCreate" || !b.concerns(e) || b.in.Now.Sub(eventTime(e)) > createWindow {
			continue
		}
		f := Finding{
			Group: groups[missing].Index, Evidence: []string{oneLine(e.Message)}, Time: firstTime(e), rank: cause.RankRoot,
		}
		settled := b.lasted(f.Time)
		switch account := serviceAccountMissing().FindStringSubmatch(e.Message); {
		case strings.Contains(e.Message, "failed calling webhook"):
			f.Code = "webhook-unavailable"
			f.Summary = "pods cannot be created: an admission webhook does not answer"
			f.Cause = "the LeaderWorkerSet controller serves it, and is down or not up yet"
			f.Remedy = "look at the controller: kubectl -n lws-system get pods"
		case strings.Contains(e.Message, "violates PodSecurity"):
			f.Code, f.Fatal = "pod-security", settled
			f.Summary = "pods cannot be created: the namespace's Pod Security level forbids them"
			f.Cause = oneLine(e.Message)
			f.Remedy = fmt.Sprintf("use a namespace with a laxer level than %s has", b.in.Namespace)
		case account != nil:
			f.Code, f.Fatal = "service-account-missing", settled
			f.Summary = fmt.Sprintf("pods cannot be created: service account %s does not exist", orElse(account[1], account[2]))
			f.Remedy = "create the service account, or deploy with another one"
		case strings.Contains(e.Message, "exceeded quota"):
			f.Code = "quota"
			f.Summary = "pods cannot be created: the namespace's quota is used up"
			f.Cause = oneLine(e.Message)
			f.Remedy = "raise the quota or free some of it"
		default:
			f.Code = "create-failed"
			f.Summary = "pods cannot be created: " + oneLine(e.Message)
		}
		out = append(out, f)
	}
	return out
}
