package timeline

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// begun is in local time, as the pane shows it.
var begun = time.Date(2026, 3, 1, 14, 38, 0, 0, time.Local)

func at(d time.Duration) time.Time { return begun.Add(d) }

// steps are those of a start-up of which the first n are done, two seconds
// each.
func steps(n int) []forecast.Step {
	titles := []struct {
		id    milestone.ID
		title string
	}{
		{"applied", "applied"},
		{"scheduled", "scheduled"},
		{"images", "images pulled"},
		{milestone.ResourceManager, "resource manager"},
		{milestone.Workers, "workers"},
		{milestone.Slices, "slices"},
		{milestone.Proxy, "proxy"},
		{milestone.Process, "model server process"},
		{milestone.Backend, "backend"},
		{milestone.Mesh, "devices"},
		{milestone.Restore, "restore"},
		{milestone.Weights, "weights"},
		{milestone.WarmUp, "warm-up"},
		{milestone.Driver, "driver"},
		{milestone.Server, "server"},
		{"serving", "serving"},
		{"ready", "ready"},
	}
	var out []forecast.Step
	for i, m := range titles {
		s := forecast.Step{Milestone: milestone.Milestone{ID: m.id, Title: m.title, State: milestone.Pending}}
		if i < n {
			s.State = milestone.Done
			s.Started, s.Finished = at(time.Duration(2*i)*time.Second), at(time.Duration(2*i+2)*time.Second)
			s.Elapsed = 2 * time.Second
		}
		switch m.id {
		case milestone.Workers:
			s.Of = 4
		case milestone.Slices:
			s.Of = 1
		case milestone.WarmUp:
			s.Of = 14
			s.Expected = forecast.Range{Min: 30 * time.Second, Max: 90 * time.Second, Basis: forecast.FromProfile}
		case milestone.Restore:
			s.Expected = forecast.Range{Min: 10 * time.Minute, Max: 20 * time.Minute, Basis: forecast.FromProfile}
		case milestone.Mesh:
			if i < n {
				s.Detail = "16"
			}
		default:
		}
		if i < n {
			s.Count = s.Of
		}
		out = append(out, s)
	}
	return out
}

const (
	restore = 10
	warmUp  = 12
)

func restoring() forecast.Forecast {
	all := steps(restore)
	all[restore].State, all[restore].Started, all[restore].Elapsed = milestone.Active, at(20*time.Second), 6*time.Minute+12*time.Second
	all[restore].Detail = "gs://models/llama-3.1-405b/int8"
	return forecast.Forecast{Steps: all}
}

func stalled() forecast.Forecast {
	f := restoring()
	f.Steps[restore].Stalled = true
	f.Steps[restore].Elapsed = 45 * time.Minute
	f.Steps[restore].Hint = "look at the log of \x1b[31mpathways-proxy\x1b[m and at the bucket's region: reading from another continent is slow"
	return f
}

func short() forecast.Forecast {
	all := steps(warmUp + 3)
	all[warmUp].Count, all[warmUp].Short = 5, true
	return forecast.Forecast{Steps: all}
}

func implied() forecast.Forecast {
	all := steps(warmUp)
	for _, i := range []int{3, 4, 5} {
		all[i].Implied, all[i].Count = true, 0
		all[i].Started, all[i].Finished, all[i].Elapsed = time.Time{}, time.Time{}, 0
	}
	all[warmUp].State, all[warmUp].Count, all[warmUp].Started, all[warmUp].Elapsed = milestone.Active, 3, at(time.Minute), 12*time.Second
	return forecast.Forecast{Steps: all}
}

func newPane(f forecast.Forecast, w, h int) *Pane {
	p := New(styles.New(styles.Options{}))
	p.SetSize(w, h)
	p.SetForecast(f)
	return p
}

func TestViewsMatchTheirGoldenFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		f     forecast.Forecast
		w, h  int
		setUp func(*Pane)
	}{
		{"nothing-43x17", forecast.Forecast{}, 43, 17, nil},
		{"restoring-43x17", restoring(), 43, 17, nil},
		{"restoring-58x17", restoring(), 58, 17, nil},
		{"restoring-34x10", restoring(), 34, 10, nil},
		{"restoring-20x4", restoring(), 20, 4, nil},
		{"restoring-again-80x17", restoring(), 80, 17, func(p *Pane) {
			p.SetPrevious(map[milestone.ID]time.Duration{milestone.Restore: 723 * time.Second, milestone.WarmUp: 40 * time.Second})
		}},
		{"stalled-43x17", stalled(), 43, 17, nil},
		{"short-43x20", short(), 43, 20, nil},
		{"implied-58x17", implied(), 58, 17, nil},
		{"done-43x17", forecast.Forecast{Steps: steps(17)}, 43, 17, nil},
		{"ascii-43x17", restoring(), 43, 17, func(p *Pane) { p.SetStyles(styles.New(styles.Options{ASCII: true})) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPane(tt.f, tt.w, tt.h)
			if tt.setUp != nil {
				tt.setUp(p)
			}
			golden(t, ansi.Strip(p.View()))
		})
	}
}

func golden(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "_")+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	labelled := newPane(restoring(), 40, 10)
	labelled.SetGroup("group 1")
	tests := []struct{ name, got, want string }{
		{"a milestone in progress tells its time", newPane(restoring(), 40, 10).Line(60), "● restore 6m12s of 10–20m"},
		{"its parts are counted", newPane(implied(), 40, 10).Line(60), "● warm-up 3/14 12s of 30–90s"},
		{"a stall is said", newPane(stalled(), 40, 10).Line(60), "! restore stalled 45m00s of 10–20m"},
		{"between milestones the next one is named", newPane(forecast.Forecast{Steps: steps(3)}, 40, 10).Line(60), "✓ images pulled done, next resource manager"},
		{"at the end it says so", newPane(forecast.Forecast{Steps: steps(17)}, 40, 10).Line(60), "✓ ready done"},
		{"before the beginning the first is named", newPane(forecast.Forecast{Steps: steps(0)}, 40, 10).Line(60), "· applied"},
		{"without milestones there is nothing", newPane(forecast.Forecast{}, 40, 10).Line(60), ""},
		{"of several groups the one is named", labelled.Line(60), "group 1: ● restore 6m12s of 10–20m"},
		{"and so does the title", labelled.Title(), "Milestones · group 1"},
		{"it is cut to its width", newPane(restoring(), 40, 10).Line(12), "● restore 6…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ansi.Strip(tt.got); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTheMilestoneInProgressStaysInSight(t *testing.T) {
	t.Parallel()
	p := newPane(forecast.Forecast{Steps: steps(0)}, 40, 5)
	for i := range 17 {
		all := steps(i)
		all[i].State = milestone.Active
		p.SetForecast(forecast.Forecast{Steps: all})
		if view := ansi.Strip(p.View()); !strings.Contains(view, "● "+all[i].Title) {
			t.Errorf("milestone %s is in progress and not in sight:\n%s", all[i].Title, view)
		}
	}
}

func TestScrollingHoldsUntilTheNextMilestone(t *testing.T) {
	t.Parallel()
	p := newPane(restoring(), 40, 5)
	if _, used := p.HandleKey(tea.KeyPressMsg{Code: 'g', Text: "g"}); !used {
		t.Fatal("the pane has no use for g")
	}
	p.SetForecast(restoring())
	if view := ansi.Strip(p.View()); !strings.HasPrefix(view, "✓ applied") {
		t.Errorf("the pane scrolled away by itself:\n%s", view)
	}
	all := steps(restore + 1)
	all[restore+1].State = milestone.Active
	p.SetForecast(forecast.Forecast{Steps: all})
	if view := ansi.Strip(p.View()); !strings.Contains(view, "● weights") {
		t.Errorf("the pane does not follow the next milestone:\n%s", view)
	}
	p.Update(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	if view := ansi.Strip(p.View()); strings.Contains(view, "● weights") {
		t.Errorf("the wheel does not scroll:\n%s", view)
	}
	if _, used := p.HandleKey(tea.KeyPressMsg{Code: 'x', Text: "x"}); used {
		t.Error("the pane takes a key that it has no use for")
	}
}

func TestColumnsStayWhenNothingIsExpectedAnyMore(t *testing.T) {
	t.Parallel()
	p := newPane(restoring(), 43, 17)
	before, _, _ := strings.Cut(ansi.Strip(p.View()), "\n")
	done := steps(17)
	for i := range done {
		done[i].Expected = forecast.Range{}
	}
	p.SetForecast(forecast.Forecast{Steps: done})
	if after, _, _ := strings.Cut(ansi.Strip(p.View()), "\n"); after != before {
		t.Errorf("the first row was\n%s\nand is\n%s", before, after)
	}
}

func TestForeignTextCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "\x1b]0;evil\x07"
	f := stalled()
	f.Steps[restore].Hint = evil
	f.Steps[restore-1].Detail = evil
	p := newPane(f, 58, 17)
	if view := p.View() + p.Line(58); strings.Contains(view, "evil") || strings.Contains(view, "\x07") {
		t.Errorf("foreign text reaches the terminal as it is: %q", view)
	}
}

func TestViewStaysInItsBounds(t *testing.T) {
	t.Parallel()
	// Everything that makes a row longer, at once.
	f := stalled()
	f.Steps[3].Implied, f.Steps[4].Short, f.Steps[4].Count = true, true, 2
	p := newPane(f, 0, 0)
	p.SetGroup("group 1")
	p.SetPrevious(map[milestone.ID]time.Duration{milestone.Restore: time.Hour})
	for w := range 131 {
		for h := range 46 {
			p.SetSize(w, h)
			if problem := outOfBounds(p.View(), w, h); problem != "" {
				t.Fatalf("%dx%d: %s", w, h, problem)
			}
		}
		if got := ansi.StringWidth(p.Line(w)); got > w {
			t.Fatalf("the line is %d cells wide, want at most %d", got, w)
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

func BenchmarkView(b *testing.B) {
	p := newPane(restoring(), 43, 17)
	b.ReportAllocs()
	for b.Loop() {
		p.View()
	}
}
