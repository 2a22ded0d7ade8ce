package status

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/cause"
)

// loop is how often the same failure must have happened to be called one that
// waiting cannot heal.
const loop = 2

// echoPatience is how long an echo of another container's end is provisional:
// the end itself takes its time to be noticed, and its log to be read.
const echoPatience = 5 * time.Second

// incident is a failure of one container in one incarnation of a group.
type incident struct {
	Origin
	at      time.Time
	exited  bool
	code    int32
	reason  string
	finding *cause.Finding
}

func (i incident) rank() int {
	if i.finding == nil {
		return cause.RankUnknown
	}
	return i.finding.Rank
}

// key identifies the same failure in another incarnation.
func (i incident) key() string {
	if i.finding == nil || i.finding.Code == cause.Unknown {
		return fmt.Sprintf("%s/%d/%s", i.Container, i.code, i.reason)
	}
	return i.finding.Code
}

// incidentFindings explains the ends of containers and the failures in their
// logs. Of what went wrong in one incarnation only the root is reported, as
// the end of one container ends the others.
func (b *builder) incidentFindings(g Group) []Finding {
	byLeader := map[types.UID][]incident{}
	for _, i := range b.incidents(g) {
		byLeader[i.LeaderUID] = append(byLeader[i.LeaderUID], i)
	}
	byKey := map[string][]incident{}
	for uid, all := range byLeader {
		// A group that serves has outlived its earlier incarnations.
		if g.serves() && string(uid) != g.Leader.UID {
			continue
		}
		root := slices.MinFunc(all, func(x, y incident) int {
			return cmp.Or(cmp.Compare(x.rank(), y.rank()), x.at.Compare(y.at))
		})
		for _, i := range all {
			if i.key() == root.key() && (i.exited || !root.exited) {
				byKey[root.key()] = append(byKey[root.key()], i)
			}
		}
	}
	var out []Finding
	for _, same := range byKey {
		slices.SortFunc(same, func(x, y incident) int { return x.at.Compare(y.at) })
		out = append(out, b.incidentFinding(g, same))
	}
	slices.SortFunc(out, func(x, y Finding) int { return cmp.Compare(x.Code+x.Container, y.Code+y.Container) })
	return out
}

// incidentFinding describes a failure that happened once or more.
func (b *builder) incidentFinding(g Group, same []incident) Finding {
	last := same[len(same)-1]
	times := 0
	seen := map[string]bool{}
	for _, i := range same {
		run := fmt.Sprintf("%s/%s/%d", i.PodUID, i.Container, i.Restart)
		if i.exited && !seen[run] {
			seen[run] = true
			times++
		}
	}
	f := Finding{
		Code: cause.Unknown, Group: g.Index, Pod: last.Pod, Container: last.Container,
		Time: same[0].at, Times: times, rank: last.rank(),
	}
	fatality := cause.Repeats
	if last.finding == nil {
		f.Summary = fmt.Sprintf("%s ended with exit code %d (%s)", last.Container, last.code, orElse(last.reason, "no reason given"))
		f.Cause = "its log has not been read"
	} else {
		f.Code, f.Summary, f.Cause, f.Remedy = last.finding.Code, last.finding.Summary, last.finding.Cause, last.finding.Remedy
		f.Evidence = slices.Clone(last.finding.Evidence)
		fatality = last.finding.Fatality
	}
	if times >= loop {
		f.Summary += fmt.Sprintf(" (%d times)", times)
	}
	f.Fatal = fatality == cause.Fatal || (fatality == cause.Repeats && times >= loop && last.finding != nil)
	if age := b.in.Now.Sub(last.at); last.rank() == cause.RankEcho && !f.Fatal && age >= 0 && age < echoPatience {
		f.Provisional = true
	}
	if g.serves() {
		// It happened, and the model answers nevertheless.
		f.Fatal = false
	}
	f.past = g.Leader == nil || !slices.ContainsFunc(same, func(i incident) bool { return string(i.LeaderUID) == g.Leader.UID })
	b.blameProxyArguments(g, &f)
	return f
}

// blameProxyArguments recognises the mistake behind an unreachable proxy that
// its pod's own spec shows: a proxy without arguments knows no resource
// manager.
func (b *builder) blameProxyArguments(g Group, f *Finding) {
	if g.Leader == nil || g.serves() {
		return
	}
	if f.Code != "proxy-unreachable" && f.Code != "proxy-lost" && f.Container != "pathways-proxy" {
		return
	}
	pod := b.pods[types.UID(g.Leader.UID)]
	i := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == "pathways-proxy" })
	if i < 0 || len(pod.Spec.Containers[i].Args) > 0 || len(pod.Spec.Containers[i].Command) > 0 {
		return
	}
	f.Code = "proxy-args-missing"
	f.Summary = "pathways-proxy has no arguments, so jax-tpu cannot reach the TPUs through it"
	f.Cause = "the manifest gives the container no args"
	f.Remedy = "give it --resource_manager_address, --server_port and --gcs_scratch_location; the built-in profiles do"
	f.Fatal, f.Provisional = true, false
	f.rank = cause.RankRoot
}

// incidents lists what is known to have gone wrong in a group in its present
// revision.
func (b *builder) incidents(g Group) []incident {
	var all []incident
	known := map[string]bool{}
	add := func(e Exit) {
		run := fmt.Sprintf("%s/%s/%d", e.PodUID, e.Container, e.Restart)
		if e.Group != g.Index || (g.Revision != "" && e.Revision != g.Revision) || known[run] {
			return
		}
		known[run] = true
		if e.Pending {
			return
		}
		all = append(all, incident{
			Origin: e.Origin, at: e.At, exited: true, code: e.ExitCode, reason: e.Reason, finding: e.Finding,
		})
	}
	for _, e := range b.in.Exits {
		add(e)
	}
	for _, pod := range b.in.Pods {
		for _, e := range ExitsOf(pod, b.leaderUID(pod)) {
			add(e)
		}
	}
	for _, e := range b.in.Evidence {
		if e.Group == g.Index && (g.Revision == "" || e.Revision == g.Revision) {
			f := e.Finding
			all = append(all, incident{Origin: e.Origin, at: e.At, finding: &f})
		}
	}
	return all
}

// LeaderUID returns the UID of the leader that a pod belongs to: for a worker
// the owner of its StatefulSet, which names the incarnation even after the
// leader is gone. It is empty when the objects do not tell.
func LeaderUID(pod *corev1.Pod, sets []*appsv1.StatefulSet) types.UID {
	if IsLeader(pod) {
		return pod.UID
	}
	for _, set := range sets {
		if !metav1.IsControlledBy(pod, set) {
			continue
		}
		if owner := metav1.GetControllerOf(set); owner != nil && owner.Kind == "Pod" {
			return owner.UID
		}
	}
	return ""
}

// leaderUID falls back to the present leader of the group where StatefulSets
// may not be read.
func (b *builder) leaderUID(pod *corev1.Pod) types.UID {
	if uid := LeaderUID(pod, b.in.StatefulSets); uid != "" {
		return uid
	}
	for _, p := range b.in.Pods {
		if IsLeader(p) && p.Labels[lwsv1.GroupIndexLabelKey] == pod.Labels[lwsv1.GroupIndexLabelKey] {
			return p.UID
		}
	}
	return ""
}

// OriginOf names a run of a container of a pod.
func OriginOf(pod *corev1.Pod, leader types.UID, container string, restart int32) Origin {
	return Origin{
		Group:     labelInt(pod, lwsv1.GroupIndexLabelKey),
		Revision:  pod.Labels[lwsv1.RevisionKey],
		LeaderUID: leader,
		Pod:       pod.Name,
		PodUID:    pod.UID,
		Container: container,
		Restart:   restart,
	}
}

// LastRun returns the number of the run that the last state of a container
// tells of. While the kubelet waits to restart a container, the run that ended
// is both the last one and the one that its restart count stands for.
func LastRun(s *corev1.ContainerStatus) int32 {
	if s.State.Waiting != nil {
		return s.RestartCount
	}
	return s.RestartCount - 1
}

// ExitsOf lists the ends of containers that a pod's own status tells of: the
// present state of a terminated container and the last one of a restarted
// container. Those of a pod that is being deleted are not failures and are
// left out, as are init containers that did their work.
func ExitsOf(pod *corev1.Pod, leader types.UID) []Exit {
	if pod.DeletionTimestamp != nil {
		return nil
	}
	sidecars := sidecarNames(pod)
	var exits []Exit
	add := func(s *corev1.ContainerStatus, t *corev1.ContainerStateTerminated, restart int32, init bool) {
		if t == nil || (init && t.ExitCode == 0) {
			return
		}
		origin := OriginOf(pod, leader, s.Name, restart)
		exits = append(exits, Exit{Origin: origin, At: t.FinishedAt.Time, ExitCode: t.ExitCode, Reason: t.Reason})
	}
	each := func(statuses []corev1.ContainerStatus, init bool) {
		for i := range statuses {
			s := &statuses[i]
			once := init && !sidecars[s.Name]
			add(s, s.LastTerminationState.Terminated, LastRun(s), once)
			add(s, s.State.Terminated, s.RestartCount, once)
		}
	}
	each(pod.Status.InitContainerStatuses, true)
	each(pod.Status.ContainerStatuses, false)
	return exits
}

// milestoneFindings reports a warm-up that ended with fewer programs than it
// should have compiled: the server swallows the error and goes on.
func milestoneFindings(g Group) []Finding {
	var out []Finding
	for _, m := range g.Milestones {
		if !m.Short {
			continue
		}
		f := Finding{
			Code:      "warm-up-incomplete",
			Summary:   fmt.Sprintf("%s ended after %d of %d programs", m.Title, m.Count, m.Of),
			Cause:     "a compilation failed, most often for lack of TPU memory, and the server went on without it",
			Remedy:    "lower --batch-size or --max-target-length; the first prompt of a missing length may end the server",
			Group:     g.Index,
			Container: m.Container,
			Time:      m.Finished,
			rank:      cause.RankSymptom,
		}
		if g.Leader != nil {
			f.Pod = g.Leader.Name
		}
		out = append(out, f)
	}
	return out
}
