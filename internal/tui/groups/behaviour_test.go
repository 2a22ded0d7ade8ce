package groups

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// visible returns the lines of a pane that hold a text.
func visible(p *Pane, text string) []string {
	var out []string
	for line := range strings.SplitSeq(ansi.Strip(p.View()), "\n") {
		if strings.Contains(line, text) {
			out = append(out, line)
		}
	}
	return out
}

func TestTheSelectionStaysOnItsObject(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before status.Snapshot
		choose Selection
		after  func(*status.Snapshot)
		want   Selection
	}{
		{
			"when pods before it go",
			deployment(1, 5),
			Selection{Worker: 4, Pod: "jetstream-pathways-0-4"},
			func(s *status.Snapshot) { s.Groups[0].Workers = s.Groups[0].Workers[2:] },
			Selection{Worker: 4, Pod: "jetstream-pathways-0-4", OK: true},
		},
		{
			"when it goes itself and is to come back",
			deployment(1, 5),
			Selection{Worker: 3},
			func(s *status.Snapshot) { s.Groups[0].Workers = s.Groups[0].Workers[:1] },
			Selection{Worker: 3, OK: true},
		},
		{
			"when the leader is being replaced",
			deployment(1, 5),
			Selection{Pod: "jetstream-pathways-0", Container: "jax-tpu"},
			func(s *status.Snapshot) { s.Groups[0].Leader = nil },
			Selection{Container: "jax-tpu", OK: true},
		},
		{
			"when a group in front of it goes",
			twoGroups(),
			Selection{Group: 1, Worker: 2},
			func(s *status.Snapshot) { s.Groups = s.Groups[1:] },
			Selection{Group: 1, Worker: 2, Pod: "jetstream-pathways-1-2", OK: true},
		},
		{
			"when another group is opened",
			readyDeploymentOf(3),
			Selection{Group: 2, Worker: ofGroup},
			func(s *status.Snapshot) { s.Groups[0].Phase = status.Failed },
			Selection{Group: 2, Worker: ofGroup, OK: true},
		},
		{
			"or goes to the pod when its container is not shown any more",
			degraded(),
			Selection{Worker: 3, Pod: "jetstream-pathways-0-3", Container: "worker"},
			func(s *status.Snapshot) { s.Groups[0].Workers[2].Containers = nil },
			Selection{Worker: 3, Pod: "jetstream-pathways-0-3", OK: true},
		},
		{
			"or to the group when the pod is not wanted any more",
			deployment(1, 5),
			Selection{Worker: 4},
			func(s *status.Snapshot) { s.Groups[0].Desired, s.Groups[0].Workers = 3, s.Groups[0].Workers[:2] },
			Selection{Worker: ofGroup, OK: true},
		},
		{
			"or to what is left when the group is gone",
			twoGroups(),
			Selection{Group: 1, Worker: 2},
			func(s *status.Snapshot) { s.Groups = s.Groups[:1] },
			Selection{Group: 0, Worker: ofGroup, OK: true},
		},
		{
			"in the grid",
			slice(),
			Selection{Worker: 42},
			func(s *status.Snapshot) { s.Groups[0].Workers = slices.Delete(s.Groups[0].Workers, 3, 9) },
			Selection{Worker: 42, Pod: "jetstream-pathways-0-42", OK: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPane(tt.before, 74, 17)
			if !p.Select(tt.choose) {
				t.Fatalf("%+v cannot be selected", tt.choose)
			}
			tt.after(&tt.before)
			p.SetSnapshot(tt.before)
			if diff := cmp.Diff(tt.want, p.Selected()); diff != "" {
				t.Errorf("selection (-want +got):\n%s", diff)
			}
			if tt.want.Worker == ofGroup || p.rows[p.cursor].kind == gridRow {
				return
			}
			if got := visible(p, p.styles.Glyphs.Cursor); len(got) != 1 {
				t.Errorf("the cursor is not in sight once, but %q", got)
			}
		})
	}
}

func readyDeploymentOf(groups int) status.Snapshot {
	s := deployment(groups, 5)
	for i := range s.Groups {
		serve(&s.Groups[i])
	}
	return s
}

func TestRowsKeepTheirPlacesWhilePodsComeAndGo(t *testing.T) {
	t.Parallel()
	p := newPane(deployment(1, 5), 74, 17)
	line := func(text string) int {
		return slices.IndexFunc(strings.Split(ansi.Strip(p.View()), "\n"), func(l string) bool { return strings.Contains(l, text) })
	}
	want := line("worker 4")
	for name, change := range map[string]func(*status.Group){
		"the leader is gone":     func(g *status.Group) { g.Leader = nil },
		"a worker is gone":       func(g *status.Group) { g.Workers = g.Workers[1:] },
		"all pods are gone":      func(g *status.Group) { g.Leader, g.Workers = nil, nil },
		"the leader is not seen": func(g *status.Group) { g.Leader.Containers[0].State = status.Waiting },
	} {
		s := deployment(1, 5)
		change(&s.Groups[0])
		p.SetSnapshot(s)
		if got := line("worker 4"); got != want {
			t.Errorf("%s: worker 4 moved from line %d to line %d:\n%s", name, want, got, ansi.Strip(p.View()))
		}
	}
}

func TestTheSelectionKeepsItsLineWhenRowsAppearAboveIt(t *testing.T) {
	t.Parallel()
	p := newPane(deployment(1, 16), 74, 10)
	p.Select(Selection{Worker: 12})
	press(t, p, "up up up")
	line := func() int {
		return slices.IndexFunc(strings.Split(ansi.Strip(p.View()), "\n"), func(l string) bool { return strings.Contains(l, p.styles.Glyphs.Cursor) })
	}
	want := line()
	s := deployment(1, 16)
	end(&s.Groups[0].Workers[0], 0) // its container gets a row
	p.SetSnapshot(s)
	if got := line(); got != want || p.Selected().Worker != 9 {
		t.Errorf("worker %d is selected on line %d, want worker 9 on line %d:\n%s", p.Selected().Worker, got, want, ansi.Strip(p.View()))
	}
}

func TestWhatIsNotSeenAnyMoreIsNotShownAsGood(t *testing.T) {
	t.Parallel()
	s := readyDeployment()
	p := newPane(s, 74, 17)
	good, _, _ := strings.Cut(p.styles.Good.Render("x"), "x")
	if !strings.Contains(p.View(), good) {
		t.Fatal("a ready deployment is not shown as good")
	}
	s.DisconnectedSince = ago(time.Minute)
	p.SetSnapshot(s)
	if strings.Contains(p.View(), good) {
		t.Error("a deployment that is not seen any more is shown as good")
	}
}

func TestForeignTextCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "\x1b]0;evil\x07\x9b31m"
	s := deployment(1, 5)
	g := &s.Groups[0]
	g.Cause += evil
	g.Leader.Status, g.Leader.Reason, g.Leader.Node = evil+"Odd", evil+"odd", ""
	g.Leader.Containers[0].State, g.Leader.Containers[0].Reason, g.Leader.Containers[0].Message = status.Waiting, evil+"Odd", evil+"odd"
	g.Milestones[5].Detail = evil
	p := newPane(s, 120, 17)
	for range len(p.rows) {
		view := p.View()
		if strings.ContainsAny(view, "\x07\u009b") || strings.Contains(view, "evil") || strings.Contains(view, "\x1b]") {
			t.Fatalf("foreign text reaches the terminal as it is:\n%q", view)
		}
		press(t, p, "down")
	}
	p.SetSnapshot(status.Snapshot{Phase: status.NotFound, Cause: "nothing" + evil})
	if view := p.View(); strings.Contains(view, "evil") {
		t.Errorf("the cause reaches the terminal as it is: %q", view)
	}
}

func TestGroupsOpenByThemselves(t *testing.T) {
	t.Parallel()
	p := newPane(readyDeploymentOf(3), 74, 40)
	opened := func() string {
		var out []string
		for _, line := range visible(p, "group ") {
			if strings.Contains(line, p.styles.Glyphs.Expanded) {
				out = append(out, strings.Fields(line)[2])
			}
		}
		return strings.Join(out, " ")
	}
	steps := []struct {
		name   string
		phases []status.Phase
		keys   string
		want   string
	}{
		{"healthy groups stay closed", []status.Phase{status.Ready, status.Ready, status.Ready}, "", ""},
		{"the first that is not ready opens", []status.Phase{status.Ready, status.Loading, status.Loading}, "", "1"},
		{"an earlier one that is no worse does not take its place", []status.Phase{status.Loading, status.Loading, status.Ready}, "", "1"},
		{"one that failed does", []status.Phase{status.Loading, status.Loading, status.Failed}, "", "2"},
		{"nothing closes only because all is well", []status.Phase{status.Ready, status.Ready, status.Ready}, "", "2"},
		{"what somebody opened stays open", []status.Phase{status.Ready, status.Ready, status.Loading}, "g enter", "0 2"},
		{"what somebody closed stays closed", []status.Phase{status.Ready, status.Ready, status.Failed}, "G left left left", "0"},
		{"whatever happens", []status.Phase{status.Ready, status.Failed, status.Failed}, "", "0"},
	}
	for _, step := range steps {
		s := readyDeploymentOf(3)
		for i, phase := range step.phases {
			s.Groups[i].Phase = phase
		}
		p.SetSnapshot(s)
		press(t, p, step.keys)
		if got := opened(); got != step.want {
			t.Errorf("%s: open are %q, want %q\n%s", step.name, got, step.want, ansi.Strip(p.View()))
		}
	}
}

func TestMovingInTheGrid(t *testing.T) {
	t.Parallel()
	p := newPane(slice(), 74, 17)
	for _, step := range []struct {
		keys string
		want int
	}{
		{"down down down down down", 0},
		{"down", 1},
		{"right right", 3},
		{"down", 11},
		{"left", 10},
		{"G", 58},
		{"right right right right right right right right right", 64},
		{"up", 56},
		{"g", ofGroup},
		{"pgdown", 64},
		{"left left left left left left left left", ofGroup},
	} {
		press(t, p, step.keys)
		if got := p.Selected().Worker; got != step.want {
			t.Errorf("after %s worker %d is selected, want %d", step.keys, got, step.want)
		}
	}
}

func TestExpandingAndCollapsing(t *testing.T) {
	t.Parallel()
	p := newPane(deployment(1, 5), 74, 17)
	press(t, p, "down enter")
	if got := visible(p, "jax-tpu  "); len(got) != 0 {
		t.Errorf("the leader is collapsed and its containers are shown: %q", got)
	}
	press(t, p, "down right down")
	if want, got := (Selection{Worker: 1, Pod: "jetstream-pathways-0-1", Container: "worker", OK: true}), p.Selected(); got != want {
		t.Errorf("selected is %+v, want %+v", got, want)
	}
	if _, used := p.HandleKey(tea.KeyPressMsg{Code: tea.KeyEnter}); used {
		t.Error("the pane takes enter on a container, which it has no use for")
	}
	press(t, p, "left")
	if got := p.Selected(); got.Container != "" || got.Worker != 1 {
		t.Errorf("left of a container selects %+v", got)
	}
	press(t, p, "left left left")
	if got := visible(p, "worker"); len(got) != 0 {
		t.Errorf("the group is collapsed and its workers are shown: %q", got)
	}
}

func TestContainersSayOnlyWhatIsKnown(t *testing.T) {
	t.Parallel()
	running := func(name string) status.Container { return status.Container{Name: name, State: status.Running} }
	group := func(change func(*status.Group)) *status.Group {
		s := deployment(1, 5)
		change(&s.Groups[0])
		return &s.Groups[0]
	}
	same := func(*status.Group) {}
	set := func(i int, m milestone.Milestone) func(*status.Group) {
		return func(g *status.Group) {
			m.ID, m.Title, m.Container = g.Milestones[i].ID, g.Milestones[i].Title, g.Milestones[i].Container
			g.Milestones[i] = m
		}
	}
	tests := []struct {
		name      string
		group     *status.Group
		container status.Container
		want      string
	}{
		{"a milestone in progress is told with its time", group(same), running("jax-tpu"), "restore 6m12s"},
		{"one with parts with their number", group(set(5, milestone.Milestone{State: milestone.Active, Started: now, Count: 1, Of: 2})), running("jax-tpu"), "restore 1/2"},
		{"between milestones the last one is told", group(set(5, milestone.Milestone{State: milestone.Pending})), running("jax-tpu"), "after backend"},
		{"one that is only awaited is not in progress", group(set(5, milestone.Milestone{State: milestone.Active, Awaited: true, Started: now})), running("jax-tpu"), "after backend"},
		{"slices are counted", group(same), running("pathways-rm"), "slices 1/1"},
		{"not those that nobody counted", group(set(2, milestone.Milestone{State: milestone.Done, Implied: true, Of: 1})), running("pathways-rm"), ""},
		{"a proxy that logged its start has started", group(same), running("pathways-proxy"), "started"},
		{"nothing is said of one that did not", group(set(3, milestone.Milestone{State: milestone.Done, Implied: true})), running("pathways-proxy"), ""},
		{"the HTTP server tells of the model", group(same), running("jetstream-http"), "not serving"},
		{"that nobody was asked is said", group(func(g *status.Group) { g.Health = health.Health{} }), running("jetstream-http"), "not asked yet"},
		{"that nobody may be asked too", group(func(g *status.Group) { g.Health.State = health.Forbidden }), running("jetstream-http"), "may not be asked"},
		{"a container that does not run says nothing of the model", group(same), status.Container{Name: "jetstream-http", State: status.Waiting}, ""},
		{"one that ended gives its exit code", group(same), status.Container{Name: "jax-tpu", State: status.Terminated, ExitCode: new(int32(137))}, "exit code 137"},
		{"one that waits to be restarted the one before", group(same), status.Container{Name: "jax-tpu", State: status.Waiting, LastExitCode: new(int32(1))}, "last exit 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := newPane(status.Snapshot{}, 74, 17).says(tt.group, tt.container); got != tt.want {
				t.Errorf("it says %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHostStates(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]hostState{
		"Pending": hostPending, "ContainerCreating": hostPending, "Init:1/3": hostPending, "Terminating": hostPending,
		"Running": hostRunning, "Error": hostFailed, "Evicted": hostFailed, "Init:Error": hostFailed, "ImagePullBackOff": hostFailed,
	} {
		if got := stateOfHost(&status.Pod{Status: word}); got != want {
			t.Errorf("a host whose pod is %s is in state %d, want %d", word, got, want)
		}
	}
}

func TestAgesTick(t *testing.T) {
	t.Parallel()
	p := newPane(deployment(1, 5), 74, 17)
	p.SetNow(now.Add(time.Second))
	for _, want := range []string{"restore 6m13s", "8m1s", "7m1s"} {
		if len(visible(p, want)) == 0 {
			t.Errorf("%q is not shown a second later:\n%s", want, ansi.Strip(p.View()))
		}
	}
}

func TestViewStaysInItsBounds(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]status.Snapshot{"grid": slice(), "blocked": pendingLeader(), "rollout": rollout()} {
		p := newPane(s, 0, 0)
		for w := range 131 {
			for h := range 46 {
				// Sizes that differ only in empty lines add nothing, and the grid
				// has most to go wrong.
				if h > 22 && h%7 != 0 || name != "grid" && (w+h)%3 != 0 {
					continue
				}
				p.SetSize(w, h)
				press(t, p, "down")
				if problem := outOfBounds(p.View(), w, h); problem != "" {
					t.Fatalf("%s at %dx%d: %s", name, w, h, problem)
				}
			}
		}
	}
}

// outOfBounds says how a view exceeds its size.
func outOfBounds(view string, w, h int) string {
	if view == "" {
		return ""
	}
	lines := strings.Split(view, "\n")
	if len(lines) > h {
		return fmt.Sprintf("%d lines", len(lines))
	}
	for _, line := range lines {
		if got := ansi.StringWidth(line); got > w {
			return fmt.Sprintf("%q is %d cells wide", ansi.Strip(line), got)
		}
	}
	return ""
}

func TestAnEmptyPaneTakesEveryKey(t *testing.T) {
	t.Parallel()
	p := newPane(status.Snapshot{}, 40, 10)
	press(t, p, "up down left right pgup pgdown g G")
	if got := p.Selected(); got.OK {
		t.Errorf("nothing is there and %+v is selected", got)
	}
	if p.Select(Selection{Worker: ofGroup}) {
		t.Error("a group that does not exist was selected")
	}
}

// large is 16 groups of 65 pods.
func large() status.Snapshot { return deployment(16, 65) }

func BenchmarkSetSnapshotOf1040Pods(b *testing.B) {
	s := large()
	p := newPane(s, 74, 17)
	b.ReportAllocs()
	for b.Loop() {
		p.SetSnapshot(s)
	}
}

func BenchmarkSetSnapshotOf1040PodsAllExpanded(b *testing.B) {
	s := large()
	p := newPane(s, 74, 17)
	for i := range s.Groups {
		p.Select(Selection{Group: i, Worker: 64})
	}
	b.ReportAllocs()
	for b.Loop() {
		p.SetSnapshot(s)
	}
}

func BenchmarkViewOf1040Pods(b *testing.B) {
	p := newPane(large(), 74, 17)
	b.ReportAllocs()
	for b.Loop() {
		p.View()
	}
}

func BenchmarkViewOf65Pods(b *testing.B) {
	p := newPane(slice(), 74, 17)
	press(b, p, "G")
	b.ReportAllocs()
	for b.Loop() {
		p.View()
	}
}
