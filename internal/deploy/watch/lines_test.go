package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// collector keeps the lines that are handed out, by container.
type collector struct {
	mu      sync.Mutex
	lines   map[string][]podlog.Line
	origins map[podlog.Ref]status.Origin
}

func newCollector() *collector {
	return &collector{lines: map[string][]podlog.Line{}, origins: map[podlog.Ref]status.Origin{}}
}

func (c *collector) take(origin status.Origin, ref podlog.Ref, lines []podlog.Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[ref.Container] = append(c.lines[ref.Container], lines...)
	c.origins[ref] = origin
}

func (c *collector) texts(container string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, l := range c.lines[container] {
		out = append(out, l.Text)
	}
	return out
}

// runLive observes with the worker's log in place of the fake cluster's own.
func (c *cluster) runLive(log *liveLog, lines *collector) *view {
	c.t.Helper()
	options := c.options()
	options.Lines = lines.take
	w := newObserver(options)
	rest := w.logs.read
	w.logs.read = func(ctx context.Context, ref podlog.Ref, opts corev1.PodLogOptions) (io.ReadCloser, error) {
		if ref.Container != "worker" {
			return rest(ctx, ref, opts)
		}
		return log.read(ctx, ref, opts)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	out := make(chan status.Snapshot, 1)
	go func() {
		defer close(out)
		w.observe(ctx, out)
	}()
	return &view{t: c.t, snapshots: out, observer: w, stop: func() {
		cancel()
		for range out {
		}
	}}
}

func TestEveryLineIsHandedOutOnce(t *testing.T) {
	t.Parallel()
	goaway := errors.New("http2: server sent GOAWAY and closed the connection")
	restarted := func(c *cluster) { c.change("llama-0-1", exited("worker", 1)) }
	tests := []struct {
		name string
		// happens is called in the middle of a log that goes on.
		happens func(*cluster, *liveLog)
	}{
		{"while nothing happens", func(*cluster, *liveLog) {}},
		{"through a clean end of the stream", func(_ *cluster, l *liveLog) { l.breakStreams(nil) }},
		{"through a lost connection", func(_ *cluster, l *liveLog) { l.breakStreams(goaway) }},
		{"through many of them", func(_ *cluster, l *liveLog) {
			for i := range 20 {
				l.breakStreams([]error{nil, goaway}[i%2])
				pass(700 * time.Millisecond)
			}
		}},
		{"through rotation", func(_ *cluster, l *liveLog) {
			pass(3 * time.Millisecond)
			l.rotate()
		}},
		{"through rotation and a lost connection", func(_ *cluster, l *liveLog) {
			pass(3 * time.Millisecond)
			l.rotate()
			l.breakStreams(goaway)
		}},
		{"through an API server that is down for a minute", func(c *cluster, l *liveLog) {
			c.setDown(true)
			l.breakStreams(goaway)
			pass(time.Minute)
			c.setDown(false)
		}},
		{"through a restart in place", func(c *cluster, l *liveLog) {
			l.restart()
			restarted(c)
		}},
		{"through a restart of which the news comes late", func(c *cluster, l *liveLog) {
			l.restart()
			end := metav1.Now()
			pass(8 * time.Second)
			c.change("llama-0-1", func(p *corev1.Pod) {
				exited("worker", 1)(p)
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated.FinishedAt = end
			})
		}},
		{"through a lost connection and a restart of which the news comes late", func(c *cluster, l *liveLog) {
			l.breakStreams(goaway)
			l.write("-1")
			l.write("-2")
			l.restart()
			end := metav1.Now()
			pass(8 * time.Second)
			c.change("llama-0-1", func(p *corev1.Pod) {
				exited("worker", 1)(p)
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated.FinishedAt = end
			})
		}},
		{"through a lost connection and a restart, of which the news comes late, into silence", func(c *cluster, l *liveLog) {
			l.breakStreams(goaway)
			l.write("-1")
			l.restart()
			l.mu.Lock()
			l.silent = time.Now().Add(time.Hour)
			l.mu.Unlock()
			pass(8 * time.Second)
			restarted(c)
		}},
		{"through two restarts", func(c *cluster, l *liveLog) {
			for range 2 {
				l.restart()
				restarted(c)
				pass(5 * time.Second)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				c.createLWS()
				c.createGroup(1)
				log, got := newLiveLog(), newCollector()
				v := c.runLive(log, got)
				defer v.stop()
				var writing sync.WaitGroup
				done := make(chan struct{})
				writing.Go(func() {
					for {
						select {
						case <-done:
							return
						case <-time.After(20 * time.Millisecond):
							log.count()
						}
					}
				})
				pass(3 * time.Second)
				tt.happens(c, log)
				pass(3 * time.Second)
				close(done)
				writing.Wait()
				v.settle(time.Minute)

				log.mu.Lock()
				want := map[string]int{}
				for _, r := range log.runs {
					for _, l := range r.lines {
						want[l.text] = 1
					}
				}
				log.mu.Unlock()
				times := map[string]int{}
				for _, text := range got.texts("worker") {
					times[text]++
				}
				if diff := cmp.Diff(want, times); diff != "" {
					t.Errorf("how often each line came (-want +got), of %d lines:\n%s", len(want), diff)
				}
			})
		})
	}
}

func TestLinesSayWhoseTheyAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		log, got := newLiveLog(), newCollector()
		v := c.runLive(log, got)
		defer v.stop()
		log.write("of the first run")
		v.settle(3 * time.Second)
		log.restart()
		c.change("llama-0-1", exited("worker", 1))
		pass(3 * time.Second)
		log.write("of the second")
		v.settle(3 * time.Second)
		if diff := cmp.Diff([]string{"of the first run", "of the second"}, got.texts("worker")); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		for restart := range int32(2) {
			ref := podlog.Ref{Namespace: testNamespace, Pod: "llama-0-1", UID: "llama-0-1/1", Container: "worker", Restart: restart}
			want := status.Origin{
				Revision: "r1", LeaderUID: "llama-0/1", Pod: "llama-0-1", PodUID: "llama-0-1/1", Container: "worker", Restart: restart,
			}
			if diff := cmp.Diff(want, got.origins[ref]); diff != "" {
				t.Errorf("origin of run %d (-want +got):\n%s", restart, diff)
			}
		}
	})
}

// A container that is restarted for days leaves no more behind than its last
// runs.
func TestACrashLoopLeavesNoTail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		log, got := newLiveLog(), newCollector()
		v := c.runLive(log, got)
		defer v.stop()
		for i := range 30 {
			log.write(fmt.Sprint(i))
			pass(5 * time.Second)
			log.restart()
			c.change("llama-0-1", exited("worker", 1))
			v.settle(15 * time.Second)
		}
		if n := len(got.texts("worker")); n != 30 {
			t.Errorf("%d lines were handed out", n)
		}
		v.observer.memory.mu.Lock()
		kept := len(v.observer.memory.runs)
		v.observer.memory.mu.Unlock()
		v.observer.logs.mu.Lock()
		known := len(v.observer.logs.runs)
		v.observer.logs.mu.Unlock()
		// Two of the worker's and one of each of the leader's containers.
		if kept > 4 || known > 5 {
			t.Errorf("after 30 runs %d tails are kept and %d runs known", kept, known)
		}
	})
}

func TestNoiseIsForReadersOnly(t *testing.T) {
	t.Parallel()
	for _, read := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t)
			c.createLWS()
			c.createGroup(1)
			c.change("llama-0", func(p *corev1.Pod) {
				p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: noisy})
				p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
					Name: noisy, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
				})
			})
			// Elsewhere this line would be a cause.
			c.log(noisy, "OSError: [Errno 98] Address already in use", "FileNotFoundError: Checkpoint at gs://b/int9 not found.")
			got := newCollector()
			options := c.options()
			if read {
				options.Lines = got.take
			}
			ctx, cancel := context.WithCancel(t.Context())
			snapshots, err := Run(ctx, options)
			if err != nil {
				t.Fatal(err)
			}
			v := &view{t: t, snapshots: snapshots}
			v.settle(5 * time.Second)
			c.change("llama-0", exited(noisy, 1))
			s := v.settle(20 * time.Second)
			if len(s.Findings) != 1 || len(s.Findings[0].Evidence) != 0 {
				t.Errorf("findings %+v", s.Findings)
			}
			if lines := len(got.texts(noisy)); (lines > 0) != read {
				t.Errorf("%d lines were handed out", lines)
			}
			cancel()
			for range snapshots {
			}
		})
	}
}

func TestLinesOfAnySizeAndContent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		log, got := newLiveLog(), newCollector()
		v := c.runLive(log, got)
		defer v.stop()
		v.settle(time.Second)
		long := strings.Repeat("long ", podlog.MaxLine/5)
		log.write(long)
		log.write(long + "too long")
		log.write("not \xff\xfe UTF-8 \x00\x1b[31m")
		log.write("Pathways Server serving on [::]:38679")
		s := v.settle(3 * time.Second)
		lines := got.lines["worker"]
		if len(lines) != 4 || lines[0].Text != long || lines[0].Cut || !lines[1].Cut || !utf8.ValidString(lines[2].Text) {
			t.Errorf("%d lines", len(lines))
		}
		for _, m := range s.Groups[0].Milestones {
			if m.ID == milestone.Workers && m.Count != 1 {
				t.Errorf("the line after them was not seen: %+v", m)
			}
		}
	})
}

// Nobody takes snapshots while a container prints as fast as it can; the
// milestone behind the flood must be seen nevertheless, and the memory that is
// kept of it must not grow with it.
func TestAFloodOfLinesHoldsNothingUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		log, got := newLiveLog(), newCollector()
		v := c.runLive(log, got)
		defer v.stop()
		pass(time.Second)
		const flood = 100_000
		begun := time.Now()
		log.update(func(r *liveRun) {
			for i := range flood {
				r.lines = append(r.lines, liveLine{begun.Add(time.Duration(i) * 10 * time.Microsecond), fmt.Sprint("line ", i)})
			}
			r.lines = append(r.lines, liveLine{begun.Add(time.Second), "Pathways Server serving on [::]:38679"})
		})
		s := v.settle(time.Second)
		lines := got.lines["worker"]
		if len(lines) != flood+1 || lines[flood-1].Text != fmt.Sprint("line ", flood-1) {
			t.Errorf("%d lines", len(lines))
		}
		for _, m := range s.Groups[0].Milestones {
			if m.ID == milestone.Workers && m.Count != 1 {
				t.Errorf("the milestone behind the flood was not seen: %+v", m)
			}
		}
	})
}

func TestThereIsRoomForTheLogsOfLeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		w := newObserver(c.options())
		log := newLiveLog()
		opened := map[string]int{}
		var mu sync.Mutex
		w.logs.read = func(ctx context.Context, ref podlog.Ref, opts corev1.PodLogOptions) (io.ReadCloser, error) {
			mu.Lock()
			opened[ref.Container]++
			mu.Unlock()
			return log.read(ctx, ref, opts)
		}
		l := newLarge(16, 65, time.Now())
		for _, err := range []error{w.sets.Replace(l.sets, "1"), w.lws.Replace([]any{l.lws}, "1"), w.pods.Replace(l.pods, "1")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		w.build(ctx)
		synctest.Wait()
		mu.Lock()
		if opened["jax-tpu"] != 16 || opened["pathways-rm"] != 16 || opened["worker"] != maxWorkers {
			t.Errorf("logs that are followed: %v", opened)
		}
		mu.Unlock()
		s := w.build(ctx)
		if len(s.Notes) != 1 || s.Notes[0].Topic != topicWorkerLogs {
			t.Errorf("notes %+v", s.Notes)
		}
		cancel()
		w.logs.wg.Wait()
	})
}
