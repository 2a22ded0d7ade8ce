package milestone

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Line is one line of a container's log.
type Line struct {
	// Pod tells worker pods apart.
	Pod string
	// Container is the container's name.
	Container string
	// Time is when the container wrote the line.
	Time time.Time
	// Text is the line without its newline.
	Text string
}

// Tracker follows one incarnation of one group through its start-up.
type Tracker struct {
	steps  []step
	rules  map[string][]rule // by container
	byID   map[ID]*Milestone
	parts  map[ID]map[string]bool
	order  []ID
	change bool
}

// Pendings returns the milestones that logs can tell of, all of them pending.
// What the plan rules out (no warm-up was asked for) is left out.
func Pendings(plan Plan) []Milestone {
	var out []Milestone
	for _, s := range steps() {
		if s.container == "" || s.id == WarmUp && plan.Buckets == 0 {
			continue
		}
		m := Milestone{ID: s.id, Title: s.title, Container: s.container, State: Pending}
		if s.parts != nil {
			m.Of = s.parts(plan)
		}
		out = append(out, m)
	}
	return out
}

// NewTracker returns a tracker with the milestones of Pendings.
func NewTracker(plan Plan) *Tracker {
	t := &Tracker{
		steps: steps(),
		rules: map[string][]rule{},
		byID:  map[ID]*Milestone{},
		parts: map[ID]map[string]bool{},
	}
	for _, m := range Pendings(plan) {
		t.byID[m.ID] = &m
		t.order = append(t.order, m.ID)
	}
	for _, r := range rules() {
		if m, ok := t.byID[r.id]; ok {
			t.rules[m.Container] = append(t.rules[m.Container], r)
		}
	}
	return t
}

// Follow takes the next line and reports whether a milestone changed. Lines of
// one container must come in their order; those of different containers may
// come in any.
func (t *Tracker) Follow(l Line) bool {
	t.change = false
	for _, r := range t.rules[l.Container] {
		if !slices.ContainsFunc(r.hints, func(hint string) bool { return strings.Contains(l.Text, hint) }) {
			continue
		}
		match := r.pattern.FindStringSubmatch(l.Text)
		if match == nil {
			continue
		}
		m := t.byID[r.id]
		capture := func(name string) string {
			if i := r.pattern.SubexpIndex(name); i >= 0 {
				return match[i]
			}
			return ""
		}
		if detail := capture("detail"); detail != "" && m.Detail != detail {
			m.Detail = detail
			t.change = true
		}
		switch r.effect {
		case begins:
			t.begin(m, l.Time)
		case counts, countsPod:
			t.count(m, partOf(r, l, capture), l.Time)
		case reports:
			t.report(m, capture("count"), capture("of"), l.Time)
		case ends:
			if m.State != Done {
				m.Short = m.Count < m.Of
				t.finish(m, l.Time)
			}
		}
	}
	return t.change
}

// partOf names the part of a milestone that a line completes. An empty name is
// a part of its own each time.
func partOf(r rule, l Line, capture func(string) string) string {
	if r.effect == countsPod {
		return l.Pod
	}
	var key []string
	for _, name := range r.part {
		key = append(key, capture(name))
	}
	return strings.Join(key, "/")
}

func (t *Tracker) begin(m *Milestone, at time.Time) {
	if m.State == Done || !m.Started.IsZero() {
		return
	}
	m.State, m.Started = Active, at
	t.change = true
}

func (t *Tracker) count(m *Milestone, part string, at time.Time) {
	if m.State == Done && !m.Implied {
		return
	}
	if part != "" {
		if t.parts[m.ID] == nil {
			t.parts[m.ID] = map[string]bool{}
		}
		if t.parts[m.ID][part] {
			return
		}
		t.parts[m.ID][part] = true
	}
	t.begin(m, at)
	if m.Of > 0 {
		m.Count = min(m.Count+1, m.Of)
	}
	t.change = true
	if m.Count == m.Of {
		t.finish(m, at)
	}
}

func (t *Tracker) report(m *Milestone, count, of string, at time.Time) {
	if m.State == Done && !m.Implied {
		return
	}
	n, err1 := strconv.Atoi(count)
	total, err2 := strconv.Atoi(of)
	if err1 != nil || err2 != nil || total == 0 {
		return
	}
	t.begin(m, at)
	if m.Count != n || m.Of != total {
		m.Count, m.Of = n, total
		t.change = true
	}
	if n >= total {
		t.finish(m, at)
	}
}

// finish completes m and everything that it implies.
func (t *Tracker) finish(m *Milestone, at time.Time) {
	m.State, m.Finished, m.Implied = Done, at, false
	if m.Started.IsZero() {
		m.Started = at
	}
	t.change = true
	t.imply(m.ID)
}

func (t *Tracker) imply(id ID) {
	i := slices.IndexFunc(t.steps, func(s step) bool { return s.id == id })
	for _, earlier := range t.steps[i].implies {
		// A step that the plan leaves out still stands for what it implies.
		if m, ok := t.byID[earlier]; ok && m.State != Done {
			m.State, m.Implied = Done, true
		}
		t.imply(earlier)
	}
}

// Restarted takes back what a container's log told, as the container starts
// over. Of a milestone that counts pods only the pod's own part is taken back.
func (t *Tracker) Restarted(container, pod string) {
	for _, r := range t.rules[container] {
		m := t.byID[r.id]
		if r.effect == countsPod {
			if t.parts[m.ID][pod] {
				delete(t.parts[m.ID], pod)
				m.Count--
				m.State, m.Finished, m.Implied = Active, time.Time{}, false
				if m.Count == 0 {
					m.State, m.Started = Pending, time.Time{}
				}
			}
			continue
		}
		delete(t.parts, m.ID)
		*m = Milestone{ID: m.ID, Title: m.Title, Container: m.Container, State: Pending, Of: m.Of}
	}
}

// Milestones returns a copy of the milestones in their order.
func (t *Tracker) Milestones() []Milestone {
	out := make([]Milestone, 0, len(t.order))
	for _, id := range t.order {
		out = append(out, *t.byID[id])
	}
	return out
}
