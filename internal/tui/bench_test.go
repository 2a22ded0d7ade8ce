package tui

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// perFrame is how many lines come between two of thirty frames a second when
// twenty thousand lines a second arrive.
const perFrame = 700

// slice is a group of the largest slice that reads its checkpoint: a leader and
// 64 workers.
func slice(now time.Time) status.Snapshot {
	const size = 65
	begun := now.Add(-6 * time.Minute)
	pod := func(i int, name string, containers ...string) status.Pod {
		p := status.Pod{
			Name: name, UID: "uid-" + name, Index: i, Status: "Running", Ready: true, Created: begun,
			ReadyContainers: len(containers), TotalContainers: len(containers),
			Node: fmt.Sprintf("gke-multihost-np-%04d", i), NodePool: "multihost-np",
		}
		for _, c := range containers {
			p.Containers = append(p.Containers, status.Container{Name: c, State: status.Running, Ready: true, Started: begun})
		}
		return p
	}
	leader := pod(0, "jetstream-pathways-0", "pathways-proxy", "pathways-rm", serverContainer, "jetstream-http")
	g := status.Group{
		Index: 0, Phase: status.Loading, Cause: "restore", Desired: size, Created: size, Ready: size - 1, Revision: "r1",
		Leader: &leader,
		Milestones: []milestone.Milestone{
			{ID: milestone.Workers, Title: "workers", State: milestone.Done, Started: begun, Finished: begun.Add(time.Second), Count: 64, Of: 64},
			{ID: milestone.Restore, Title: "restore", Container: serverContainer, State: milestone.Active, Started: begun.Add(time.Minute)},
			{ID: milestone.Weights, Title: "weights", State: milestone.Pending},
			{ID: milestone.WarmUp, Title: "warm-up", State: milestone.Pending, Of: 14},
		},
	}
	for i := 1; i < size; i++ {
		g.Workers = append(g.Workers, pod(i, fmt.Sprintf("jetstream-pathways-0-%d", i), "worker"))
	}
	return status.Snapshot{
		Namespace: "default", Name: "jetstream-pathways", Profile: "llama-3.1-405b-v6e-4x4",
		Checkpoint: "gs://models/llama-3.1-405b/int8", Chips: 256, Phase: status.Loading, Cause: "restore", Since: begun,
		Desired: size, Created: size, Ready: size - 1, ObservedAt: now, Groups: []status.Group{g},
	}
}

// crowded is a program that shows such a group and the logs of all its
// containers, and the source of those.
func crowded(b *testing.B) (m *Model, says func(lines int)) {
	b.Helper()
	now := time.Date(2026, 3, 2, 14, 44, 0, 0, time.UTC)
	m = newModel(Config{
		Context: "gke_demo", Namespace: "default", Name: "jetstream-pathways", DefaultName: "jetstream-pathways",
		Program: "kubectl jetstream", Now: func() time.Time { return now },
	}, asyncIn(b.Context()))
	snapshot, book := slice(now), logtail.New(logtail.Limits{})
	m.watch(m.name)
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.Update(observingMsg{gen: m.gen, obs: &Observation{Snapshots: make(chan status.Snapshot), Logs: book}})
	m.Update(snapshotMsg{gen: m.gen, s: snapshot, ok: true})
	m.logs.Show(logtail.Stream{})

	texts := []string{
		"2026-03-01 14:39:50.120934: I external/xla/xla/pjrt/pjrt_client.cc:214] transferred 128 buffers to device 7 in 12.4ms (3.2 GiB/s)",
		`{"levelname": "INFO", "asctime": "2026-03-01 14:39:50", "name": "jetstream", "message": "prefill of 128 tokens took 42 ms"}`,
		"restoring params from gs://models/llama-3.1-405b/int8",
	}
	n := 0
	return m, func(lines int) {
		for range lines {
			p := &snapshot.Groups[0].Workers[n%64]
			ref := podlog.Ref{Pod: p.Name, UID: p.UID, Container: "worker"}
			book.Append(ref, []podlog.Line{{Time: now, Text: texts[n%len(texts)]}})
			n++
		}
	}
}

// BenchmarkFrame takes new log lines and draws the screen, with all logs of 65
// pods shown and the pane full. The lines of the second case arrive at 20,000 a
// second; bringing them to the book is not measured. grown is what the heap holds
// more at the end than in the beginning, for each frame.
func BenchmarkFrame(b *testing.B) {
	for _, bb := range []struct {
		name  string
		lines int
	}{{"quiet", 1}, {"flood", perFrame}} {
		b.Run(bb.name, func(b *testing.B) {
			m, says := crowded(b)
			frame := func() string {
				m.Update(linesMsg{gen: m.gen})
				return m.View().Content
			}
			// Until nothing gets larger: the book and the pane forget old lines.
			for range 500 {
				says(perFrame)
				frame()
			}
			if screen := frame(); !strings.Contains(screen, "all containers") || !strings.Contains(screen, "restoring params") {
				b.Fatalf("the screen is not what is to be measured:\n%s", screen)
			}
			before := heap()
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				says(bb.lines)
				b.StartTimer()
				frame()
			}
			b.ReportMetric(max(0, float64(heap())-float64(before))/float64(b.N), "grown-B/op")
		})
	}
}

// BenchmarkDraw draws the same screen without anything new, as for a key that
// only moves the selection.
func BenchmarkDraw(b *testing.B) {
	m, says := crowded(b)
	says(10 * perFrame)
	m.Update(linesMsg{gen: m.gen})
	b.ReportAllocs()
	for b.Loop() {
		m.View()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
