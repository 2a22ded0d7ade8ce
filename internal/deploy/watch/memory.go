package watch

import (
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/cause"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// tailLines is how many last lines of each run are kept to explain its
	// end: a Python traceback through several libraries has some hundreds.
	tailLines = 400
	// tailText bounds what is kept of one line, in bytes.
	tailText = 4 << 10
	// maxRemembered bounds the exits and the evidence that are kept; in a
	// crash loop only the latest matter.
	maxRemembered = 200
	// drain is how long the end of a run waits for the rest of its log before
	// it is explained from what has come.
	drain = 5 * time.Second
)

// memory is what outlives the pods: the tails of their logs, how far they came
// and how their containers ended. It is safe for concurrent use.
type memory struct {
	now     func() time.Time
	matcher *cause.Matcher

	mu       sync.Mutex
	plan     milestone.Plan
	runs     map[podlog.Ref]*containerRun
	trackers map[types.UID]*milestone.Tracker // by leader
	present  map[podContainer]int32           // the latest run of each container
	history  map[int]*incarnations            // by group
	evidence []status.Evidence
	exits    []*exit
}

// containerRun is what is kept of one run of a container.
type containerRun struct {
	origin status.Origin
	tail   []string
	found  map[string]bool // codes of its evidence
	read   bool            // its log has been read to the end, or cannot be
}

// podContainer is a container of a pod, whichever run.
type podContainer struct {
	uid       string
	container string
}

// incarnations are the leaders that a group has had in one revision.
type incarnations struct {
	revision string
	leaders  map[types.UID]bool
}

// exit is the end of a run, explained once its log has been read.
type exit struct {
	status.Exit
	ref podlog.Ref
	// noticed is when it was first seen.
	noticed time.Time
}

func newMemory(now func() time.Time) *memory {
	return &memory{
		now:      now,
		matcher:  cause.NewMatcher(),
		runs:     map[podlog.Ref]*containerRun{},
		trackers: map[types.UID]*milestone.Tracker{},
		present:  map[podContainer]int32{},
		history:  map[int]*incarnations{},
	}
}

// setPlan is what new trackers expect.
func (m *memory) setPlan(plan milestone.Plan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plan = plan
}

// begin makes room for the log of a run.
func (m *memory) begin(ref podlog.Ref, origin status.Origin) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs[ref] = &containerRun{origin: origin, found: map[string]bool{}}
	c := podContainer{ref.UID, ref.Container}
	if latest, ok := m.present[c]; !ok || ref.Restart > latest {
		m.present[c] = ref.Restart
		if t := m.trackers[origin.LeaderUID]; ok && t != nil {
			// A container that was restarted in place starts over.
			t.Restarted(ref.Container, ref.Pod)
		}
	}
}

// lines takes the next lines of a run and reports whether they tell something
// new.
func (m *memory) lines(ref podlog.Ref, lines []podlog.Line) (news bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[ref]
	if r == nil {
		return false
	}
	tracker := m.trackers[r.origin.LeaderUID]
	if tracker == nil {
		tracker = milestone.NewTracker(m.plan)
		m.trackers[r.origin.LeaderUID] = tracker
	}
	// The rest of an earlier run says nothing about how far this one is.
	current := m.present[podContainer{ref.UID, ref.Container}] == ref.Restart
	for _, l := range lines {
		text := l.Text
		if len(text) > tailText {
			// A copy, as a part would hold on to the whole.
			text = strings.ToValidUTF8(strings.Clone(text[:tailText]), "")
		}
		r.tail = append(r.tail, text)
		if current && tracker.Follow(milestone.Line{Pod: ref.Pod, Container: ref.Container, Time: l.Time, Text: l.Text}) {
			news = true
		}
		f, ok := m.matcher.Line(ref.Container, text)
		if ok && !r.found[f.Code] {
			r.found[f.Code] = true
			m.evidence = append(m.evidence, status.Evidence{Origin: r.origin, At: l.Time, Finding: f})
			news = true
		}
	}
	if extra := len(r.tail) - tailLines; extra > 0 {
		r.tail = slices.Delete(r.tail, 0, extra)
	}
	m.evidence = m.evidence[max(0, len(m.evidence)-maxRemembered):]
	return news
}

// finish says that no more of a run's log will come.
func (m *memory) finish(ref podlog.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.runs[ref]; r != nil {
		r.read = true
	}
	m.explain()
}

// abandon forgets a run whose log could not be read, so that it can be tried
// again.
func (m *memory) abandon(ref podlog.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.runs, ref)
}

// ended records the end of a run. Ends that are known already are ignored.
func (m *memory) ended(ref podlog.Ref, e status.Exit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.exits, func(x *exit) bool { return x.ref == ref }) {
		return
	}
	m.exits = append(m.exits, &exit{Exit: e, ref: ref, noticed: m.now()})
	m.exits = m.exits[max(0, len(m.exits)-maxRemembered):]
	m.explain()
}

// explain gives each end its finding as soon as its log has been read, or has
// been waited for long enough. The caller holds mu.
func (m *memory) explain() {
	for _, e := range m.exits {
		if e.Finding != nil {
			continue
		}
		r := m.runs[e.ref]
		if r != nil && !r.read && m.now().Sub(e.noticed) < drain {
			continue
		}
		var tail []string
		if r != nil {
			tail = r.tail
		} else if m.now().Sub(e.noticed) < drain {
			continue
		}
		f := m.matcher.Exit(e.Container, int(e.ExitCode), e.Reason, tail)
		if f.Code == cause.Unknown && len(tail) == 0 {
			f.Cause = "cause unknown, as no line of its log could be read"
		}
		e.Finding = &f
	}
}

// settle explains the ends that are still waiting with what there is.
func (m *memory) settle() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.exits {
		e.noticed = time.Time{}
	}
	m.explain()
}

// saw counts a leader among those of its group.
func (m *memory) saw(group int, revision string, leader types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.history[group]
	if h == nil || h.revision != revision {
		h = &incarnations{revision: revision, leaders: map[types.UID]bool{}}
		m.history[group] = h
	}
	h.leaders[leader] = true
}

// served forgets the failures that a group has outlived: those of its earlier
// incarnations, and the ends of containers before this one served.
func (m *memory) served(group int, leader types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.evidence = slices.DeleteFunc(m.evidence, func(e status.Evidence) bool {
		return e.Group == group && e.LeaderUID != leader
	})
	m.exits = slices.DeleteFunc(m.exits, func(e *exit) bool {
		return e.Group == group && e.LeaderUID != leader
	})
}

// forget drops the logs and trackers of pods that are gone, and the logs of all
// but the last two runs of a container, once their ends have been explained.
func (m *memory) forget(alive map[types.UID]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.explain()
	for ref, r := range m.runs {
		if !r.read {
			continue
		}
		latest, known := m.present[podContainer{ref.UID, ref.Container}]
		if alive[types.UID(ref.UID)] && known && ref.Restart >= latest-1 {
			continue
		}
		if !slices.ContainsFunc(m.exits, func(e *exit) bool { return e.ref == ref && e.Finding == nil }) {
			delete(m.runs, ref)
		}
	}
	for c := range m.present {
		if !alive[types.UID(c.uid)] {
			delete(m.present, c)
		}
	}
	for uid := range m.trackers {
		if !alive[uid] {
			delete(m.trackers, uid)
		}
	}
}

// recall copies what is remembered into the inputs of a snapshot.
func (m *memory) recall(in *status.Inputs) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.explain()
	in.Evidence = slices.Clone(m.evidence)
	in.Exits = nil
	for _, e := range m.exits {
		e.Pending = e.Finding == nil
		in.Exits = append(in.Exits, e.Exit)
	}
	in.Recreations = map[int]int{}
	for group, h := range m.history {
		in.Recreations[group] = len(h.leaders) - 1
	}
	in.Milestones = map[types.UID][]milestone.Milestone{}
	for uid, t := range m.trackers {
		in.Milestones[uid] = t.Milestones()
	}
}
