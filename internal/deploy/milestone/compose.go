package milestone

import (
	"slices"
	"time"
)

// Facts are what objects and the health check tell of the start-up of one
// incarnation of a group.
type Facts struct {
	// Begun is when the run began: when the LeaderWorkerSet was created, or
	// when the leader was that a recreation made. Zero where it is not known.
	Begun time.Time
	// Leader is when the leader pod was created; zero while there is none.
	Leader time.Time
	// Pods is how many pods the group should have.
	Pods int
	// Scheduled counts the pods with a node, Running those whose containers
	// have all been started at least once, Ready those that are ready.
	Scheduled, Running, Ready Parts
	// Containers says since when a container runs, by name; of several with one
	// name the earliest. Those that do not run are missing.
	Containers map[string]time.Time
	// Serving is whether /healthcheck answers 200, ServingSince since when.
	Serving      bool
	ServingSince time.Time
	// AllReady is whether the group is ready, by the rules for that.
	AllReady bool
	// LeaderUnready and Unready are when the leader, and when the last pod of
	// the group, ceased to be ready; zero for pods that are ready.
	LeaderUnready, Unready time.Time
	// Blind is true where logs cannot be read: what they have not told says
	// nothing then.
	Blind bool
}

// Parts counts pods that have come as far as something, and when the last of
// them did.
type Parts struct {
	Count int
	Last  time.Time
}

// Compose lays the milestones that the logs tell of, as a Tracker returns
// them, among those that the facts tell of. Milestones that log lacks are
// lacking in the result; the others are always there, in the same order.
func Compose(f Facts, log []Milestone) []Milestone {
	c := composer{facts: f}
	for _, s := range steps() {
		i := slices.IndexFunc(log, func(m Milestone) bool { return m.ID == s.id })
		switch {
		case i >= 0:
			c.list = append(c.list, log[i])
		case s.container == "":
			c.list = append(c.list, Milestone{ID: s.id, Title: s.title, State: Pending})
		}
	}
	c.pods()
	c.forgetDead()
	c.serving()
	c.imply()
	c.date()
	c.await()
	return c.list
}

// composer holds what Compose is putting together.
type composer struct {
	facts Facts
	list  []Milestone
}

// get returns a milestone of the list, or one that stays apart from it.
func (c *composer) get(id ID) *Milestone {
	if i := slices.IndexFunc(c.list, func(m Milestone) bool { return m.ID == id }); i >= 0 {
		return &c.list[i]
	}
	return &Milestone{ID: id, State: Pending}
}

// pods tells of the milestones of the pods, each of which begins with the end
// of the one before it.
func (c *composer) pods() {
	f := c.facts
	applied, scheduled, images := c.get(Applied), c.get(Scheduled), c.get(Images)
	applied.settle(f.Begun, f.Leader, !f.Leader.IsZero())
	scheduled.Of, images.Of = f.Pods, f.Pods
	if applied.State != Done {
		return
	}
	scheduled.Count = f.Scheduled.Count
	scheduled.settle(applied.Finished, f.Scheduled.Last, f.Pods > 0 && f.Scheduled.Count >= f.Pods)
	images.Count = f.Running.Count
	if scheduled.State == Done {
		images.settle(scheduled.Finished, f.Running.Last, f.Running.Count >= f.Pods)
	}
}

// settle makes a milestone done, or the one that is waited for.
func (m *Milestone) settle(started, finished time.Time, done bool) {
	m.Started = started
	if !done {
		m.State, m.Awaited = Active, true
		return
	}
	m.State, m.Finished = Done, finished
	if finished.Before(started) {
		// Objects carry whole seconds of different clocks.
		m.Finished = started
	}
}

// forgetDead takes back what was under way in containers that do not run.
func (c *composer) forgetDead() {
	for i := range c.list {
		m := &c.list[i]
		_, runs := c.facts.Containers[m.Container]
		if m.State == Active && m.Container != "" && !runs {
			*m = Milestone{ID: m.ID, Title: m.Title, Container: m.Container, State: Pending, Of: m.Of}
		}
	}
}

// serving tells of the last two milestones, as far as they are reached.
func (c *composer) serving() {
	f := c.facts
	serving, ready := c.get(Serving), c.get(Ready)
	ready.Count, ready.Of = f.Ready.Count, f.Pods
	if f.Serving {
		serving.State, serving.Finished = Done, f.ServingSince
	}
	if f.AllReady {
		ready.State, ready.Finished = Done, latest(f.Ready.Last, serving.Finished)
	}
}

// imply completes what must have happened for what is complete.
func (c *composer) imply() {
	table := steps()
	var mark func(ID)
	mark = func(id ID) {
		i := slices.IndexFunc(table, func(s step) bool { return s.id == id })
		for _, earlier := range table[i].implies {
			if m := c.get(earlier); m.State != Done {
				m.State, m.Implied, m.Awaited = Done, true, false
			}
			mark(earlier)
		}
	}
	for _, m := range c.list {
		if m.State == Done {
			mark(m.ID)
		}
	}
}

// date gives the milestones that no line began the end of what precedes them
// as their begin. What is implied has no times of its own.
func (c *composer) date() {
	for i := range c.list {
		m := &c.list[i]
		if m.State == Pending || m.Implied || m.Awaited {
			continue
		}
		begun := ownBegin(m.ID) && !m.Started.IsZero() && !m.Started.Equal(m.Finished)
		from := c.before(m.ID)
		end := m.Finished
		if m.State == Active {
			end = m.Started
		}
		if !begun && !from.IsZero() && from.Before(end) {
			m.Started = from
		}
		if m.State == Done && m.Started.IsZero() {
			m.Started = m.Finished
		}
	}
}

// ownBegin reports whether a line of its own marks the begin of a milestone.
func ownBegin(id ID) bool { return id == Restore || id == WarmUp }

// before is when everything that a milestone waits for was there; zero where
// that is not known, or not yet the case.
func (c *composer) before(id ID) time.Time {
	switch id {
	case Applied, Scheduled, Images:
		return c.get(id).Started
	case ResourceManager, Workers, Proxy:
		return c.facts.Containers[c.get(id).Container]
	case Slices:
		return latest(c.get(ResourceManager).Finished, c.facts.Containers[c.get(id).Container])
	case Ready:
		return c.get(Serving).Finished
	default:
	}
	var from time.Time
	for _, earlier := range chain() {
		if earlier == id {
			break
		}
		from = latest(from, c.get(earlier).Finished)
	}
	switch {
	case !from.IsZero():
		return from
	case id == Serving:
		return c.get(Images).Finished
	}
	return c.facts.Containers[c.get(id).Container]
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
