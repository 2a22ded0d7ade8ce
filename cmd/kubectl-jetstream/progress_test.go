package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const testObject = "leaderworkerset.leaderworkerset.x-k8s.io/jetstream-pathways"

// story builds snapshots of one group, a second apart unless told
// otherwise.
type story struct {
	now       time.Time
	snapshots []status.Snapshot
}

func newStory() *story {
	return &story{now: time.Date(2026, 3, 2, 14, 38, 0, 0, time.Local)}
}

func (s *story) then(after time.Duration, change func(*status.Snapshot)) {
	s.now = s.now.Add(after)
	var next status.Snapshot
	if n := len(s.snapshots); n > 0 {
		next = s.snapshots[n-1]
		next.Groups = []status.Group{cloneGroup(next.Groups[0])}
	} else {
		next = status.Snapshot{Name: "jetstream-pathways", Phase: status.Pending, Groups: []status.Group{{Desired: 2}}, Desired: 2}
	}
	next.ObservedAt = s.now
	change(&next)
	s.snapshots = append(s.snapshots, next)
}

func cloneGroup(g status.Group) status.Group {
	if g.Leader != nil {
		leader := *g.Leader
		leader.Containers = append([]status.Container(nil), leader.Containers...)
		g.Leader = &leader
	}
	g.Workers = append([]status.Pod(nil), g.Workers...)
	g.Milestones = append([]milestone.Milestone(nil), g.Milestones...)
	return g
}

// tell returns the events of the story as text, one line each.
func (s *story) tell() []byte {
	var out bytes.Buffer
	sink := newEventSink(&out, "", "jetstream-pathways")
	p := newProgress(testObject, s.snapshots[0].ObservedAt, forecast.Expectations{
		milestone.Restore: {Min: 10 * time.Minute, Max: 20 * time.Minute},
	})
	for _, snapshot := range s.snapshots {
		for _, e := range p.observe(snapshot) {
			sink.emit(e)
		}
	}
	return out.Bytes()
}

func TestProgressOfAStart(t *testing.T) {
	t.Parallel()
	s := newStory()
	code := int32(1)
	s.then(0, func(*status.Snapshot) {})
	s.then(time.Second, func(n *status.Snapshot) {
		n.Groups[0].Leader = &status.Pod{Name: "jetstream-pathways-0", UID: "1", Status: "Pending", TotalContainers: 2}
		n.Cause = "the leader has no node"
		n.Events = []status.Event{{Time: s.now, Type: "Warning", Object: "pod/jetstream-pathways-0", Reason: "FailedScheduling", Message: "0/4 nodes are available", Count: 1}}
	})
	s.then(3*time.Second, func(n *status.Snapshot) {
		n.Phase, n.Cause = status.Starting, ""
		l := n.Groups[0].Leader
		l.Status, l.Node, l.Reason = "ContainerCreating", "multihost-np-0", ""
		n.Groups[0].Workers = []status.Pod{{Name: "jetstream-pathways-0-1", UID: "2", Index: 1, Status: "ContainerCreating", TotalContainers: 1, Node: "multihost-np-1"}}
	})
	s.then(time.Minute, func(n *status.Snapshot) {
		n.Phase = status.Loading
		l := n.Groups[0].Leader
		l.Status = "Running"
		l.Containers = []status.Container{{Name: "pathways-rm", State: status.Running, Ready: true}, {Name: "jax-tpu", State: status.Running}}
		l.ReadyContainers = 1
		w := &n.Groups[0].Workers[0]
		w.Status, w.ReadyContainers, w.Ready = "Running", 1, true
		n.Groups[0].Milestones = []milestone.Milestone{
			{ID: milestone.Workers, Title: "workers", Container: "worker", State: milestone.Done, Started: s.now.Add(-2 * time.Second), Finished: s.now, Count: 1, Of: 1},
			{ID: milestone.Mesh, Title: "mesh", Container: "jax-tpu", State: milestone.Done, Implied: true},
			{ID: milestone.Restore, Title: "restore", Container: "jax-tpu", State: milestone.Active, Started: s.now, Detail: "gs://models/int8"},
			{ID: milestone.WarmUp, Title: "warm-up", Container: "jax-tpu", State: milestone.Pending, Of: 14},
		}
	})
	s.then(735*time.Second, func(n *status.Snapshot) {
		m := n.Groups[0].Milestones
		m[2].State, m[2].Finished = milestone.Done, s.now
		m[3].State, m[3].Started, m[3].Count = milestone.Active, s.now, 3
	})
	s.then(20*time.Second, func(n *status.Snapshot) {
		m := n.Groups[0].Milestones
		m[3].State, m[3].Finished, m[3].Count = milestone.Done, s.now, 14
		n.Phase = status.Serving
	})
	s.then(5*time.Second, func(n *status.Snapshot) {
		l := n.Groups[0].Leader
		l.ReadyContainers, l.Ready = 2, true
		l.Containers[1].Ready = true
		n.Phase, n.Confirmed, n.Ready = status.Ready, true, 2
	})
	s.then(time.Hour, func(n *status.Snapshot) {
		n.DisconnectedSince = s.now.Add(-4 * time.Second)
	})
	s.then(10*time.Second, func(n *status.Snapshot) {
		n.DisconnectedSince = time.Time{}
		l := n.Groups[0].Leader
		l.Status = "Error"
		l.ReadyContainers = 1
		l.Containers[1] = status.Container{Name: "jax-tpu", State: status.Terminated, Reason: "Error", ExitCode: &code}
		n.Phase, n.Cause = status.Failed, "the checkpoint gs://models/int8 was not found"
		n.Findings = []status.Finding{{
			Code: "checkpoint-not-found", Summary: "the checkpoint gs://models/int8 was not found", Cause: "the path is wrong",
			Remedy: "pass the checkpoint's own directory", Pod: l.Name, Container: "jax-tpu", Fatal: true,
			Evidence: []string{"FileNotFoundError: Checkpoint at gs://models/int8 not found"},
		}}
	})
	s.then(2*time.Second, func(n *status.Snapshot) {
		n.Groups[0].Recreations = 1
		n.Groups[0].Workers = nil
		n.Groups[0].Milestones = nil
		n.Groups[0].Leader = &status.Pod{Name: "jetstream-pathways-0", UID: "3", Status: "Pending", TotalContainers: 2}
	})
	golden(t, "progress.txt", s.tell())
}

func TestWhatWasThereBeforeIsNotToldAgain(t *testing.T) {
	t.Parallel()
	s := newStory()
	s.then(0, func(n *status.Snapshot) {
		n.Phase, n.Confirmed, n.Ready, n.Desired = status.Ready, true, 1, 1
		n.Since = s.now.Add(-2 * time.Hour)
		n.Groups[0].Leader = &status.Pod{Name: "jetstream-pathways-0", UID: "1", Status: "Running", ReadyContainers: 2, TotalContainers: 2, Ready: true}
		n.Groups[0].Recreations = 3
		n.Events = []status.Event{{Time: s.now.Add(-time.Hour), Type: "Warning", Object: "pod/x", Reason: "FailedScheduling"}}
	})
	s.then(time.Second, func(n *status.Snapshot) {
		// The logs are read after the objects.
		n.Groups[0].Milestones = []milestone.Milestone{
			{ID: milestone.Mesh, Title: "mesh", State: milestone.Done, Started: s.now.Add(-time.Hour), Finished: s.now.Add(-time.Hour)},
		}
	})
	want := "14:38:00  jetstream-pathways      READY for 2h00m\n"
	if diff := cmp.Diff(want, string(s.tell())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAStepThatGoesOnIsToldWithItsBegin(t *testing.T) {
	t.Parallel()
	s := newStory()
	s.then(0, func(n *status.Snapshot) {
		n.Phase, n.Since = status.Loading, s.now.Add(-6*time.Minute)
		n.Groups[0].Leader = &status.Pod{Name: "jetstream-pathways-0", UID: "1", Status: "Running", TotalContainers: 2}
	})
	s.then(time.Second, func(n *status.Snapshot) {
		n.Groups[0].Milestones = []milestone.Milestone{
			{ID: milestone.Mesh, Title: "mesh", Container: "jax-tpu", State: milestone.Done, Started: s.now.Add(-5 * time.Minute), Finished: s.now.Add(-5 * time.Minute)},
			{ID: milestone.Restore, Title: "restore", Container: "jax-tpu", State: milestone.Active, Started: s.now.Add(-5 * time.Minute), Detail: "gs://models/int8"},
		}
	})
	s.then(time.Minute, func(n *status.Snapshot) {
		m := &n.Groups[0].Milestones[1]
		m.State, m.Finished = milestone.Done, s.now
	})
	want := `14:38:00  jetstream-pathways      LOADING for 6m00s
14:38:01  jax-tpu                 restore since 14:33:01  gs://models/int8  (expected 10–20m)
14:39:01  jax-tpu                 restore done  6m00s
`
	if diff := cmp.Diff(want, string(s.tell())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatOthersTellIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := newStory()
	const why = "0/4 nodes are available: 4 Insufficient google.com/tpu."
	s.then(0, func(*status.Snapshot) {})
	s.then(time.Second, func(n *status.Snapshot) {
		event := status.Event{Time: s.now, Type: "Normal", Object: "leaderworkerset/jetstream-pathways", Reason: "GroupsProgressing", Message: "Created leader statefulset"}
		again := status.Event{Time: s.now, Type: "Normal", Object: "leaderworkerset/jetstream-pathways", Reason: "RecreateGroup", Message: "deleted leader pod"}
		quoted := status.Event{Time: s.now, Type: "Warning", Object: "pod/jetstream-pathways-0", Reason: "FailedScheduling", Message: why}
		first := status.Event{Time: s.now, Type: "Warning", Object: "pod/jetstream-pathways-0", Reason: "FailedMount", Message: "no such volume"}
		second := status.Event{Time: s.now, Type: "Warning", Object: "pod/jetstream-pathways-0-1", Reason: "FailedMount", Message: "no such volume"}
		n.Events = []status.Event{event, again, quoted, first, second}
		n.Findings = []status.Finding{
			{Code: "insufficient-resources", Summary: "too few chips", Pod: "jetstream-pathways-0", Evidence: []string{why}},
			{Code: "proxy-lost", Summary: "jax-tpu lost its connection", Container: "jax-tpu", Provisional: true},
		}
	})
	s.then(time.Second, func(n *status.Snapshot) { n.Findings = n.Findings[:1] })
	s.then(30*time.Second, func(n *status.Snapshot) {
		lasting := n.Findings[0]
		lasting.Fatal, lasting.Evidence = true, nil
		n.Findings = []status.Finding{lasting}
	})
	want := `14:38:00  jetstream-pathways      PENDING
14:38:01  jetstream-pathways      RecreateGroup: deleted leader pod
14:38:01  jetstream-pathways-0    FailedMount: no such volume
14:38:01  jetstream-pathways-0    too few chips
          evidence  0/4 nodes are available: 4 Insufficient google.com/tpu.
14:38:32  jetstream-pathways-0    too few chips
`
	if diff := cmp.Diff(want, string(s.tell())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOfADeletedPodOnlyTheDeletionIsTold(t *testing.T) {
	t.Parallel()
	s := newStory()
	code := int32(143)
	s.then(0, func(n *status.Snapshot) {
		n.Groups[0].Leader = &status.Pod{
			Name: "jetstream-pathways-0", UID: "1", Status: "Running", ReadyContainers: 1, TotalContainers: 1,
			Containers: []status.Container{{Name: "jax-tpu", State: status.Running, Ready: true}},
		}
	})
	s.then(time.Second, func(n *status.Snapshot) { n.Groups[0].Leader.Status = "Terminating" })
	s.then(time.Second, func(n *status.Snapshot) {
		l := n.Groups[0].Leader
		l.Status, l.ReadyContainers = "Error", 0
		l.Containers[0] = status.Container{Name: "jax-tpu", State: status.Terminated, Reason: "Error", ExitCode: &code}
	})
	s.then(time.Second, func(n *status.Snapshot) { n.Groups[0].Leader = nil })
	s.then(time.Second, func(n *status.Snapshot) {
		n.Groups[0].Leader = &status.Pod{Name: "jetstream-pathways-0", UID: "2", Status: "Pending", TotalContainers: 1}
	})
	want := `14:38:00  jetstream-pathways      PENDING
14:38:01  jetstream-pathways-0    Terminating
14:38:03  jetstream-pathways-0    deleted
14:38:04  jetstream-pathways-0    Pending
`
	if diff := cmp.Diff(want, string(s.tell())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadinessThatCannotBeConfirmedSaysSo(t *testing.T) {
	t.Parallel()
	s := newStory()
	s.then(0, func(n *status.Snapshot) {
		n.Phase = status.Ready
		n.Notes = []status.Note{{Topic: status.TopicHealth, Message: "port-forward is not permitted: readiness is the pods' alone"}}
	})
	s.then(time.Second, func(*status.Snapshot) {})
	want := "14:38:00  jetstream-pathways      port-forward is not permitted: readiness is the pods' alone\n" +
		"14:38:00  jetstream-pathways      READY (UNCONFIRMED)\n"
	if diff := cmp.Diff(want, string(s.tell())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 14, 45, 0, 0, time.Local)
	p := newProgress(testObject, now, forecast.Expectations{milestone.Restore: {Min: 10 * time.Minute, Max: 20 * time.Minute}})
	tests := []struct {
		name     string
		snapshot status.Snapshot
		want     string
	}{
		{
			"a step in progress shows how long it runs and usually takes",
			status.Snapshot{Phase: status.Loading, Groups: []status.Group{{Milestones: []milestone.Milestone{
				{ID: milestone.Restore, Title: "restore", Container: "jax-tpu", State: milestone.Active, Started: now.Add(-6 * time.Minute)},
				{ID: milestone.WarmUp, Title: "warm-up", State: milestone.Pending},
			}}}},
			"restore  6m00s of 10–20m",
		},
		{
			"without one the phase and its cause stand for it",
			status.Snapshot{Phase: status.Pending, Cause: "the leader has no node"},
			"still Pending: the leader has no node",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := p.heartbeat(tt.snapshot, now).Message; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// startOf are the milestones of a group a while after it was created, with the
// lines of its model server.
func startOf(begun, now time.Time, lines ...string) []milestone.Milestone {
	tracker := milestone.NewTracker(milestone.Plan{Workers: 1, Slices: 1})
	for i, line := range lines {
		tracker.Follow(milestone.Line{Container: "jax-tpu", Time: begun.Add(time.Minute + time.Duration(i+1)*time.Second), Text: line})
	}
	f := milestone.Facts{Begun: begun, Leader: begun.Add(time.Second), Pods: 2, Scheduled: milestone.Parts{Count: 1, Last: begun.Add(3 * time.Second)}}
	if now.Sub(begun) >= 10*time.Second {
		f.Scheduled.Count = 2
	}
	if now.Sub(begun) >= time.Minute {
		f.Running = milestone.Parts{Count: 2, Last: begun.Add(time.Minute)}
		f.Containers = map[string]time.Time{"jax-tpu": begun.Add(time.Minute), "pathways-rm": begun.Add(time.Minute)}
	}
	return milestone.Compose(f, tracker.Milestones())
}

// started is a story of a group with milestones of its objects and its log.
func started() *story {
	s := newStory()
	begun := s.now
	s.then(0, func(*status.Snapshot) {})
	at := func(after time.Duration, phase status.Phase, lines ...string) {
		s.then(begun.Add(after).Sub(s.now), func(n *status.Snapshot) {
			n.Phase, n.Groups[0].Phase = phase, phase
			n.Groups[0].Leader = &status.Pod{Name: "jetstream-pathways-0", UID: "1", Status: "Pending", TotalContainers: 2}
			n.Groups[0].Milestones = startOf(begun, s.now, lines...)
		})
	}
	const params, restoring = "Config param a: b", "restoring params from gs://models/int8"
	at(2*time.Second, status.Pending)
	at(10*time.Second, status.Starting)
	at(62*time.Second, status.Loading)
	at(64*time.Second, status.Loading, params, restoring)
	at(40*time.Minute, status.Loading, params, restoring)
	at(42*time.Minute, status.Loading, params, restoring)
	at(43*time.Minute, status.Loading, params, restoring)
	return s
}

func TestEveryMilestoneIsToldAndAStallOnce(t *testing.T) {
	t.Parallel()
	want := `14:38:00  jetstream-pathways      PENDING
14:38:02  jetstream-pathways-0    Pending
14:38:10  jetstream-pathways-0    scheduled  2/2  2s
14:38:10  jetstream-pathways      STARTING after 10s
14:39:02  jetstream-pathways-0    images pulled  2/2  57s
14:39:02  jetstream-pathways      LOADING after 1m02s  ready ≈ 14:49–14:59
14:39:04  jax-tpu                 backend done  1s
14:39:04  jax-tpu                 restore started  gs://models/int8  (expected 10–20m)
15:20:00  jax-tpu                 restore takes longer than is plausible: 40m58s of an expected 10–20m; check whether the checkpoint's bucket is in the region of the slice, how fast it is read (the bucket's metrics), and lines of orbax in the log of jax-tpu
`
	if diff := cmp.Diff(want, string(started().tell())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsDoneAtTheFirstLookIsToldIfItHappenedSinceTheBegin(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 3, 2, 14, 38, 10, 0, time.Local)
	done := func(id milestone.ID, title string, at time.Time) milestone.Milestone {
		return milestone.Milestone{ID: id, Title: title, Container: "pathways-rm", State: milestone.Done, Started: at, Finished: at}
	}
	p := newProgress(testObject, begun, nil)
	var told []string
	for _, e := range p.observe(status.Snapshot{
		Name: "jetstream-pathways", Phase: status.Loading, ObservedAt: begun.Add(2 * time.Second),
		Groups: []status.Group{{Leader: &status.Pod{Name: "jetstream-pathways-0", UID: "1", Status: "Running"}, Milestones: []milestone.Milestone{
			done("scheduled", "scheduled", begun.Add(-time.Minute)), done(milestone.ResourceManager, "resource manager", begun.Add(time.Second)),
			done("proxy", "proxy", time.Time{}),
		}}},
	}) {
		if e.Type == eventMilestone {
			told = append(told, e.Message)
		}
	}
	if diff := cmp.Diff([]string{"resource manager done"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAStepWhoseLineComesAfterThatOfALaterStepIsTold(t *testing.T) {
	t.Parallel()
	s := newStory()
	s.then(0, func(*status.Snapshot) {})
	s.then(time.Second, func(n *status.Snapshot) {
		n.Groups[0].Leader = &status.Pod{Name: "jetstream-pathways-0", UID: "1", Status: "Running", TotalContainers: 1}
		n.Groups[0].Milestones = []milestone.Milestone{
			{ID: milestone.ResourceManager, Title: "resource manager", Container: "pathways-rm", State: milestone.Done, Implied: true},
			{ID: milestone.Backend, Title: "backend", Container: "jax-tpu", State: milestone.Done, Started: s.now, Finished: s.now},
		}
	})
	s.then(time.Second, func(n *status.Snapshot) {
		m := &n.Groups[0].Milestones[0]
		m.Implied, m.Started, m.Finished = false, s.now, s.now
	})
	want := `14:38:00  jetstream-pathways      PENDING
14:38:01  jetstream-pathways-0    Running 0/1
14:38:01  jax-tpu                 backend done
14:38:02  pathways-rm             resource manager done
`
	if diff := cmp.Diff(want, string(s.tell())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProgramsAreToldWhatPeopleReadElsewhere(t *testing.T) {
	t.Parallel()
	s := started()
	p := newProgress(testObject, s.snapshots[0].ObservedAt, forecast.Expectations{})
	var told []string
	for _, snapshot := range s.snapshots {
		for _, e := range p.observe(snapshot) {
			if m, ok := e.Data.(milestoneData); ok {
				told = append(told, m.ID+" "+m.State)
			}
		}
	}
	want := []string{"applied done", "scheduled done", "images done", "backend done", "restore active"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("milestones as events (-want +got):\n%s", diff)
	}
}

func TestASilentStallIsToldInThePlaceOfAHeartbeat(t *testing.T) {
	t.Parallel()
	s := started()
	last := s.snapshots[4]
	p := newProgress(testObject, s.snapshots[0].ObservedAt, forecast.Expectations{})
	p.observe(last)
	begun := s.snapshots[0].ObservedAt
	for _, tt := range []struct {
		after time.Duration
		want  string
		stall bool
	}{
		{10 * time.Minute, "restore  8m58s", false},
		{32 * time.Minute, "restore takes longer than is plausible: 30m58s; check", true},
		{33 * time.Minute, "restore  31m58s", false},
	} {
		e := p.heartbeat(last, begun.Add(tt.after))
		data, stall := e.Data.(stallData)
		if !strings.HasPrefix(e.Message, tt.want) || stall != tt.stall || stall && (data.ID != "restore" || data.Hint == "") {
			t.Errorf("after %v: %q with %+v, want %q", tt.after, e.Message, e.Data, tt.want)
		}
	}
}

func TestWhatHappensInTheSecondOfTheBeginIsTold(t *testing.T) {
	t.Parallel()
	begun := statusNow.Add(700 * time.Millisecond)
	p := newProgress(testObject, begun, nil)
	s := status.Snapshot{Phase: status.Pending, ObservedAt: begun, Groups: []status.Group{{}}}
	p.observe(s)
	s.Groups = []status.Group{{
		Leader: &status.Pod{Name: "jetstream-pathways-0", UID: "1", Status: "Pending"},
		Milestones: []milestone.Milestone{
			{ID: milestone.Applied, Title: "applied", State: milestone.Done, Started: statusNow.Add(-time.Hour), Finished: statusNow.Add(-time.Hour)},
			{ID: milestone.Scheduled, Title: "scheduled", State: milestone.Done, Started: statusNow, Finished: statusNow},
		},
	}}
	var told []string
	for _, e := range p.observe(s) {
		if e.Type == eventMilestone {
			told = append(told, e.Message)
		}
	}
	if diff := cmp.Diff([]string{"scheduled"}, told); diff != "" {
		t.Errorf("milestones that are told (-want +got):\n%s", diff)
	}
}

func TestEveryGroupThatStallsIsTold(t *testing.T) {
	t.Parallel()
	begun := statusNow.Add(-time.Hour)
	waiting := func(index int, phase status.Phase) status.Group {
		return status.Group{Index: index, Phase: phase, Milestones: milestone.Compose(milestone.Facts{Begun: begun, Pods: 2}, nil)}
	}
	s := status.Snapshot{
		Phase: status.Pending, ObservedAt: statusNow,
		Groups: []status.Group{waiting(0, status.Pending), waiting(1, status.Pending), waiting(2, status.Failed)},
	}
	const message = "applied takes longer than is plausible: 1h00m; check"
	want := []string{"group 0: " + message, "group 1: " + message}
	check := func(how string, events ...event) {
		t.Helper()
		var told []string
		for _, e := range events {
			if _, ok := e.Data.(stallData); ok {
				told = append(told, e.Message[:strings.Index(e.Message, "check")+len("check")])
			}
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("what stalls, told %s (-want +got):\n%s", how, diff)
		}
	}
	check("with a snapshot", newProgress(testObject, begun, nil).observe(s)...)
	p := newProgress(testObject, begun, nil)
	check("by heartbeats", p.heartbeat(s, statusNow), p.heartbeat(s, statusNow), p.heartbeat(s, statusNow))
}
