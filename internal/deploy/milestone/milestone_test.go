package milestone

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// readLog reads a log of testdata.
func readLog(t *testing.T, name string) []Line {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var lines []Line
	for in := bufio.NewScanner(f); in.Scan(); {
		fields := strings.SplitN(in.Text(), "|", 3)
		if strings.HasPrefix(in.Text(), "#") || len(fields) != 3 {
			continue
		}
		container, pod, _ := strings.Cut(fields[0], "@")
		seconds, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, Line{Container: container, Pod: pod, Time: at(seconds), Text: fields[2]})
	}
	return lines
}

// summary shows milestones in one line each.
func summary(milestones []Milestone) []string {
	var out []string
	for _, m := range milestones {
		s := fmt.Sprintf("%s %s", m.ID, m.State)
		if m.Of > 0 {
			s += fmt.Sprintf(" %d/%d", m.Count, m.Of)
		}
		if !m.Started.IsZero() {
			s += fmt.Sprintf(" from %v", m.Started.Sub(start))
		}
		if !m.Finished.IsZero() {
			s += fmt.Sprintf(" to %v", m.Finished.Sub(start))
		}
		if m.Detail != "" {
			s += " " + m.Detail
		}
		if m.Implied {
			s += " implied"
		}
		if m.Short {
			s += " short"
		}
		out = append(out, s)
	}
	return out
}

func track(plan Plan, lines ...Line) []string {
	t := NewTracker(plan)
	for _, l := range lines {
		t.Follow(l)
	}
	return summary(t.Milestones())
}

func server(seconds int, text string) Line {
	return Line{Container: "jax-tpu", Time: at(seconds), Text: text}
}

func TestAWholeStartUp(t *testing.T) {
	t.Parallel()
	got := track(Plan{Workers: 2, Slices: 1, Engines: 1, Buckets: 2}, readLog(t, "interleaved.log")...)
	want := []string{
		"resource-manager done from 1s to 1s",
		"workers done 2/2 from 2s to 3s",
		"slices done 1/1 from 20s to 20s",
		"proxy done from 4s to 4s",
		"process done from 5s to 5s",
		"backend done from 6s to 6s",
		"mesh done from 7s to 7s 16",
		"restore done from 8s to 5m10s gs://models/int8",
		"weights done from 5m11s to 5m11s",
		"warm-up done 4/4 from 5m12s to 5m32s",
		"driver done from 5m40s to 5m40s",
		"server done from 5m50s to 5m50s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("milestones (-want +got):\n%s", diff)
	}
}

func TestMilestones(t *testing.T) {
	t.Parallel()
	plan := Plan{Workers: 2, Slices: 1, Engines: 1, Buckets: 2}
	tests := []struct {
		name  string
		plan  Plan
		lines []Line
		want  []string // the lines that must be among the result
	}{
		{
			"a client that is connected does not prove that the slices are there",
			plan,
			[]Line{server(1, "Config param x: 1")},
			[]string{"backend done from 1s to 1s", "proxy done implied", "process done implied", "slices pending 0/1", "workers pending 0/2"},
		},
		{
			"a restored checkpoint does",
			plan,
			[]Line{server(1, "Memstats: After load_params:")},
			[]string{"restore done from 1s to 1s", "slices done 0/1 implied", "workers done 0/2 implied", "weights pending"},
		},
		{
			"a line seen later than what implies it is still told",
			plan,
			[]Line{server(5, "Memstats: After load_params:"), {Container: "pathways-rm", Time: at(6), Text: "1/1 Pathways Slices Now Ready"}},
			[]string{"slices done 1/1 from 6s to 6s"},
		},
		{
			"a restore under way says what it reads",
			plan,
			[]Line{server(1, "restoring params from gs://b/x")},
			[]string{"restore active from 1s gs://b/x"},
		},
		{
			"a disaggregated server loads two engines",
			Plan{Workers: 2, Slices: 2, Engines: 2},
			[]Line{
				server(1, "Num_devices: 8, shape (1)"), server(2, "restoring params from gs://b/x"),
				server(3, "Memstats: After load_params:"), server(4, "Num_devices: 8, shape (1)"),
			},
			[]string{"mesh done 2/2 from 1s to 4s 8", "restore active 1/2 from 2s gs://b/x"},
		},
		{
			"a warm-up that lost a program ends short",
			plan,
			[]Line{
				server(1, "---------Prefill compilation 0 begun.---------"),
				server(2, "Prefill engine 0 compiled for prefill length 16"),
				server(3, "---------Insertion generation compilation 0 complete.---------"),
			},
			[]string{"warm-up done 1/4 from 1s to 3s short", "weights done implied"},
		},
		{
			"the end of a server implies everything before it",
			plan,
			[]Line{server(9, "Uvicorn running on http://0.0.0.0:9999")},
			[]string{"server done from 9s to 9s", "driver done implied", "warm-up done 0/4 implied", "restore done implied", "resource-manager done implied"},
		},
		{
			"slices that come one by one",
			Plan{Slices: 2},
			[]Line{{Container: "pathways-rm", Time: at(1), Text: "1/2 Pathways Slices Now Ready"}},
			[]string{"slices active 1/2 from 1s"},
		},
		{
			"the same text in another container means nothing",
			plan,
			[]Line{{Container: "jetstream-http", Time: at(1), Text: "Uvicorn running on http://0.0.0.0:9999"}},
			[]string{"server pending"},
		},
		{
			"the HTTP server's own banner is not the model's",
			plan,
			[]Line{server(1, "Uvicorn running on http://0.0.0.0:8000")},
			[]string{"server pending"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := map[string]bool{}
			all := track(tt.plan, tt.lines...)
			for _, line := range all {
				got[line] = true
			}
			for _, want := range tt.want {
				if !got[want] {
					t.Errorf("%q is not among\n%s", want, strings.Join(all, "\n"))
				}
			}
		})
	}
}

func TestNoWarmUpWithoutBuckets(t *testing.T) {
	t.Parallel()
	tracker := NewTracker(Plan{})
	tracker.Follow(server(1, "Prefill engine 0 compiled for prefill length 16"))
	tracker.Follow(server(2, "Uvicorn running on http://0.0.0.0:9999"))
	for _, m := range tracker.Milestones() {
		if m.ID == WarmUp {
			t.Error("a warm-up is shown that was not asked for")
		}
		if m.ID == Restore && !m.Implied {
			t.Errorf("the restore behind the missing warm-up is %s", m.State)
		}
	}
}

func TestARestartedContainerStartsOver(t *testing.T) {
	t.Parallel()
	tracker := NewTracker(Plan{Workers: 2, Slices: 1})
	for _, pod := range []string{"w1", "w2"} {
		tracker.Follow(Line{Container: "worker", Pod: pod, Time: at(1), Text: "Pathways Server serving on [::]:38679"})
	}
	tracker.Follow(server(2, "Num_devices: 16, shape"))
	tracker.Restarted("jax-tpu", "leader")
	tracker.Restarted("worker", "w2")
	tracker.Restarted("worker", "w2")
	got := strings.Join(summary(tracker.Milestones()), "\n")
	for _, want := range []string{"workers active 1/2 from 1s", "process pending", "mesh pending", "proxy done implied"} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%q is not among\n%s", want, got)
		}
	}
	tracker.Follow(Line{Container: "worker", Pod: "w2", Time: at(9), Text: "Pathways Server serving on [::]:38679"})
	if m := tracker.Milestones()[1]; m.State != Done || m.Count != 2 {
		t.Errorf("after the worker is back: %+v", m)
	}
}

func TestFollowReportsChanges(t *testing.T) {
	t.Parallel()
	tracker := NewTracker(Plan{})
	if tracker.Follow(server(1, "nothing of note")) {
		t.Error("a line without meaning changes something")
	}
	if !tracker.Follow(server(2, "Config param a: 1")) {
		t.Error("the first line of the configuration changes nothing")
	}
	if tracker.Follow(server(3, "Config param b: 1")) {
		t.Error("the second line of the configuration changes something")
	}
}

func FuzzFollow(f *testing.F) {
	f.Add("jax-tpu", "Num_devices: 16\nrestoring params from gs://x\nMemstats: After load_params", 2, 2)
	f.Add("pathways-rm", "99999999999999999999/1 Pathways Slices Now Ready\n3/2 Pathways Slices Now Ready", 0, 1)
	f.Fuzz(func(t *testing.T, container, log string, workers, buckets int) {
		tracker := NewTracker(Plan{Workers: workers % 100, Buckets: buckets % 20, Engines: 2, Slices: 1})
		for _, text := range strings.Split(log, "\n") {
			tracker.Follow(Line{Container: container, Pod: "p", Time: start, Text: text})
		}
		for _, m := range tracker.Milestones() {
			if m.State == Done && !m.Implied && m.Finished.IsZero() {
				t.Errorf("%s is done and no line finished it", m.ID)
			}
			if m.State == Pending && (m.Count > 0 || !m.Started.IsZero()) {
				t.Errorf("%s is pending and has begun", m.ID)
			}
		}
		for _, m := range Compose(loading(), tracker.Milestones()) {
			switch {
			case m.Awaited && m.State != Active:
				t.Errorf("%s is %s and waited for", m.ID, m.State)
			case m.State == Done && !m.Finished.IsZero() && m.Finished.Before(m.Started):
				t.Errorf("%s ends at %v before it begins at %v", m.ID, m.Finished, m.Started)
			case m.State == Active && m.Started.IsZero():
				t.Errorf("%s is under way since never", m.ID)
			}
		}
	})
}

func BenchmarkFollow(b *testing.B) {
	tracker := NewTracker(Plan{Workers: 4, Slices: 1, Buckets: 7})
	line := server(1, "2025-04-28 22:21:36,353 - JetstreamLogger - INFO - Generate engine 0 step 1234 - slots free : 95 / 96, took 21.35ms")
	for b.Loop() {
		tracker.Follow(line)
	}
}

func BenchmarkCompose(b *testing.B) {
	tracker := NewTracker(Plan{Workers: 4, Slices: 1, Buckets: 7})
	tracker.Follow(server(100, "restoring params from gs://b/x"))
	log, f := tracker.Milestones(), loading()
	for b.Loop() {
		Compose(f, log)
	}
}

func TestTheMilestonesWithALineForTheirBeginAreKnown(t *testing.T) {
	t.Parallel()
	for _, s := range steps() {
		has := slices.ContainsFunc(rules(), func(r rule) bool { return r.id == s.id && r.effect == begins })
		if has != ownBegin(s.id) {
			t.Errorf("%s has a line for its begin: %t", s.id, has)
		}
	}
}
