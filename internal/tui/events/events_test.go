package events

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

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2026, 3, 2, 14, 50, 0, 0, time.UTC)

func event(ago time.Duration, kind, reason, message string, times int) status.Event {
	return status.Event{Time: now.Add(-ago), Type: kind, Object: "pod/jetstream-pathways-0", Reason: reason, Message: message, Count: times}
}

func failed() status.Snapshot {
	return status.Snapshot{
		Phase: status.Failed,
		Findings: []status.Finding{{
			Code: "checkpoint-not-found", Summary: "the checkpoint gs://models/llama/int9 was not found",
			Cause: "the path is wrong, lacks gs://, or is still a placeholder", Fatal: true,
			Remedy: "pass the checkpoint's own directory with --checkpoint: an int8 one ends in /int8, a bf16 one in /0/items",
			Pod:    "jetstream-pathways-0", Container: "jax-tpu", Times: 2,
			Evidence: []string{"FileNotFoundError: Checkpoint at \x1b[31mgs://models/llama/int9 not found"},
		}},
		Events: []status.Event{
			event(10*time.Minute, "Normal", "Pulled", "Container image is present", 1),
			event(time.Minute, "Warning", "BackOff", "Back-off restarting failed container", 4),
		},
		Notes: []status.Note{{Topic: status.TopicNodes, Message: "node pools are not shown: nodes is forbidden"}},
	}
}

func pane(w, h int, s status.Snapshot) *Pane {
	p := New(styles.New(styles.Options{Dark: true}))
	p.SetNow(now)
	p.SetSize(w, h)
	p.SetSnapshot(s)
	return p
}

func press(p *Pane, keys ...rune) {
	for _, k := range keys {
		msg := tea.KeyPressMsg{Code: k}
		if k > ' ' && k < 0x7f {
			msg.Text = string(k)
		}
		p.HandleKey(msg)
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]status.Snapshot{"nothing": {}, "failed": failed(), "events": {Events: failed().Events}} {
		for _, width := range []int{44, 80, 120} {
			t.Run(fmt.Sprintf("%s-%d", name, width), func(t *testing.T) {
				t.Parallel()
				p := pane(width, 20, s)
				press(p, tea.KeyEnter)
				got := ansi.Strip(p.View()) + "\n"
				path := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "_")+".golden")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("screen (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestEvidenceIsShownOnDemand(t *testing.T) {
	t.Parallel()
	p := pane(80, 30, failed())
	if view := p.View(); strings.Contains(view, "FileNotFoundError") || !strings.Contains(view, "enter shows") {
		t.Errorf("before it is asked for:\n%s", view)
	}
	press(p, tea.KeyEnter)
	if view := p.View(); !strings.Contains(view, "FileNotFoundError: Checkpoint at gs://models") {
		t.Errorf("after enter:\n%s", view)
	}
}

func TestTheNewestEventStaysInSightUntilSomebodyScrolls(t *testing.T) {
	t.Parallel()
	s := status.Snapshot{}
	add := func(n int) {
		for range n {
			s.Events = append(s.Events, event(0, "Normal", "Seen", fmt.Sprintf("event %d", len(s.Events)), 1))
		}
	}
	add(30)
	p := pane(80, 10, s)
	shows := func(text string) bool {
		return strings.Contains(p.View(), text+"\n") || strings.HasSuffix(p.View(), text)
	}
	if !shows("event 29") {
		t.Errorf("the newest event is not shown:\n%s", p.View())
	}
	press(p, 'k')
	add(1)
	p.SetSnapshot(s)
	if shows("event 30") || !shows("event 28") {
		t.Errorf("a scrolled pane moved:\n%s", p.View())
	}
	press(p, 'G')
	add(1)
	p.SetSnapshot(s)
	if !shows("event 31") {
		t.Errorf("the newest event is not shown after going to the end:\n%s", p.View())
	}
}

func TestNoSizeIsExceeded(t *testing.T) {
	t.Parallel()
	for w := range 131 {
		for h := range 46 {
			p := pane(w, h, failed())
			lines := strings.Split(p.View(), "\n")
			if p.View() != "" && len(lines) > h {
				t.Fatalf("%dx%d: %d lines", w, h, len(lines))
			}
			for _, l := range lines {
				if ansi.StringWidth(l) > w {
					t.Fatalf("%dx%d: %q is %d cells wide", w, h, l, ansi.StringWidth(l))
				}
			}
		}
	}
}

func TestCauseLines(t *testing.T) {
	t.Parallel()
	st := styles.New(styles.Options{Dark: true})
	fatal := failed()
	fatal.Findings[0].Time = now.Local()
	heals := failed()
	heals.Findings[0].Fatal = false
	several := failed()
	several.Findings[0].Fatal, several.Findings[0].Group, several.Groups = false, 1, make([]status.Group, 2)
	provisional := failed()
	provisional.Findings[0].Fatal, provisional.Findings[0].Provisional = false, true
	for _, tt := range []struct {
		name string
		s    status.Snapshot
		w    int
		want []string
	}{
		{"while all is well there is none", status.Snapshot{Phase: status.Ready, Confirmed: true}, 80, nil},
		{"a fatal cause is told with its remedy", fatal, 90, []string{
			" ✗ the checkpoint gs://models/llama/int9 was not found (jax-tpu, " + now.Local().Format(time.TimeOnly) + ")",
			"   pass the checkpoint's own directory with --checkpoint: an int8 one ends in /int8, a b…",
		}},
		{"what may heal is one line", heals, 80, []string{" ! the checkpoint gs://models/llama/int9 was not found (jax-tpu)"}},
		{"of several groups the one is named", several, 80, []string{" ! the checkpoint gs://models/llama/int9 was not found (group 1, jax-tpu)"}},
		{"what may be an echo is not told", provisional, 80, nil},
		{"a failure that no finding explains is told", status.Snapshot{Phase: status.Failed, Cause: "pod p: Evicted"}, 60, []string{" ✗ pod p: Evicted"}},
		{"readiness that nobody confirmed is told", status.Snapshot{Phase: status.Ready}, 60, []string{" ! ready by the pods' own word: nobody may ask the model, …"}},
		{"a terminal of no width shows nothing", fatal, 2, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, l := range CauseLines(tt.s, tt.w, st) {
				got = append(got, ansi.Strip(l))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForeignTextCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "\x1b]0;evil\x07"
	s := failed()
	f := &s.Findings[0]
	f.Summary, f.Cause, f.Remedy, f.Evidence, f.Pod = f.Summary+evil, f.Cause+evil, f.Remedy+evil, []string{evil}, f.Pod+evil
	s.Events = []status.Event{{Type: evil, Object: evil, Reason: evil, Message: evil + "message"}}
	s.Notes[0].Message += evil
	p := pane(120, 30, s)
	press(p, tea.KeyEnter)
	view := p.View() + strings.Join(CauseLines(s, 120, styles.New(styles.Options{})), "\n")
	if strings.Contains(view, "evil") || strings.Contains(view, "\x07") {
		t.Errorf("foreign text reaches the terminal as it is: %q", view)
	}
}

func TestOnlyWhatCannotHealIsMarkedAsFailed(t *testing.T) {
	t.Parallel()
	for glyph, change := range map[string]func(*status.Finding){
		"✗": func(*status.Finding) {},
		"!": func(f *status.Finding) { f.Fatal = false },
		"·": func(f *status.Finding) { f.Fatal, f.Provisional = false, true },
	} {
		s := failed()
		change(&s.Findings[0])
		first, _, _ := strings.Cut(ansi.Strip(pane(120, 20, s).View()), "\n")
		if !strings.HasPrefix(first, " "+glyph+" the checkpoint") {
			t.Errorf("want %s in front of %q", glyph, first)
		}
	}
}

func TestHowOftenAFindingWasMadeIsSaidOnce(t *testing.T) {
	t.Parallel()
	s := failed()
	s.Findings[0].Summary += " (2 times)" // as the status words it
	if got := strings.Count(pane(120, 20, s).View(), "2 times"); got != 1 {
		t.Errorf("it is said %d times", got)
	}
}

func TestColumnsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	s := status.Snapshot{Events: []status.Event{
		event(time.Second, "Warning", "FailedScheduling", "message", 1),
		event(time.Hour, "Normal", "Ok", "message", 3),
	}}
	lines := strings.Split(ansi.Strip(pane(120, 20, s).View()), "\n")
	want := strings.Index(lines[0], "MESSAGE")
	for _, l := range lines[1:] {
		if got := strings.Index(l, "message"); got != want {
			t.Errorf("the message begins at cell %d, its column at %d: %q", got, want, l)
		}
	}
}

func TestAnEventWithoutAMessageIsShown(t *testing.T) {
	t.Parallel()
	s := status.Snapshot{Events: []status.Event{event(time.Second, "Warning", "Evicted", "", 1)}}
	for _, w := range []int{44, 120} {
		if view := ansi.Strip(pane(w, 20, s).View()); !strings.Contains(view, "Warning Evicted") {
			t.Errorf("at %d cells it is not:\n%s", w, view)
		}
	}
}

// many has 20 events, as many as a snapshot carries, with long messages.
func many() status.Snapshot {
	s := failed()
	for i := range 20 {
		s.Events = append(s.Events, event(time.Minute, "Warning", "FailedScheduling", strings.Repeat("0/5 nodes are available ", 10), i))
	}
	for i := range 1040 {
		s.Groups = append(s.Groups, status.Group{Index: i})
	}
	return s
}

func BenchmarkSetSnapshot(b *testing.B) {
	s := many()
	p := pane(118, 9, s)
	b.ReportAllocs()
	for b.Loop() {
		p.SetSnapshot(s)
	}
}

func BenchmarkView(b *testing.B) {
	p := pane(118, 9, many())
	b.ReportAllocs()
	for b.Loop() {
		p.View()
	}
}
