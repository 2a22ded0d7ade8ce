package watch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

func denied(verb, resource string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "",
		fmt.Errorf("User %q cannot %s resource %q", "u", verb, resource))
}

func TestFromNothingToReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		v := c.run()
		defer v.stop()
		expect := func(step string, want status.Phase) {
			t.Helper()
			if s := v.settle(3 * time.Second); s.Phase != want {
				t.Fatalf("%s: %s because %q, want %s", step, s.Phase, s.Cause, want)
			}
		}
		expect("at first", status.NotFound)
		c.createLWS()
		expect("with a LeaderWorkerSet", status.Pending)
		c.createGroup(1)
		expect("with its pods running", status.Loading)
		c.prober.set(health.Serving)
		expect("with an answer", status.Serving)
		c.makeReady()
		expect("with ready pods", status.Ready)
		if v.last.Profile != "small" || !v.last.Confirmed {
			t.Errorf("profile %q, confirmed: %t", v.last.Profile, v.last.Confirmed)
		}
		c.deleteGroup()
		expect("without its pods", status.Pending)
	})
}

// slowProber answers after a while.
type slowProber struct {
	*scriptedProber
	takes time.Duration
}

func (p slowProber) Probe(ctx context.Context, pod health.Target) health.Health {
	pause(ctx, p.takes)
	return p.scriptedProber.Probe(ctx, pod)
}

func TestTheFirstSnapshotAwaitsTheLeadersAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		takes time.Duration
		want  status.Phase
	}{
		{"that comes soon", time.Second, status.Ready},
		{"for a bounded time", time.Hour, status.Loading},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				c.createLWS()
				c.createGroup(1)
				c.makeReady()
				c.prober.set(health.Serving)
				options := c.options()
				options.Prober = slowProber{c.prober, tt.takes}
				ctx, cancel := context.WithCancel(t.Context())
				begun := time.Now()
				snapshots, err := Run(ctx, options)
				if err != nil {
					t.Fatal(err)
				}
				first := <-snapshots
				if first.Phase != tt.want || time.Since(begun) > firstAnswer+2*heartbeat {
					t.Errorf("the first snapshot says %s because %q after %s, want %s", first.Phase, first.Cause, time.Since(begun), tt.want)
				}
				cancel()
				for range snapshots {
				}
			})
		})
	}
}

func TestChangesThatComeTogetherMakeOneSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		v := c.run()
		defer v.stop()
		v.settle(3 * time.Second)
		c.createGroup(1)
		count := 0
		deadline := time.After(400 * time.Millisecond)
		for waiting := true; waiting; {
			select {
			case s := <-v.snapshots:
				count++
				if count == 1 && s.Created != 2 {
					t.Errorf("the first snapshot after the change shows %d pods", s.Created)
				}
			case <-deadline:
				waiting = false
			}
		}
		// The pods make one, the first answer to the probe another.
		if count == 0 || count > 2 {
			t.Errorf("%d snapshots", count)
		}
	})
}

func TestASlowReceiverGetsTheNewestSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		v := c.run()
		defer v.stop()
		pass(time.Second) // A snapshot waits to be taken.
		c.createLWS()
		pass(time.Second)
		c.createGroup(1)
		if s := v.settle(3 * time.Second); s.Created != 2 {
			t.Errorf("the snapshot shows %d pods", s.Created)
		}
	})
}

func TestNothingNewIsNotPublished(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		c.prober.set(health.Serving)
		c.makeReady()
		v := c.run()
		defer v.stop()
		v.settle(10 * time.Second)
		pass(time.Minute)
		select {
		case s := <-v.snapshots:
			t.Errorf("a minute without a change gave a snapshot: %s\n%s", s.Phase, cmp.Diff(v.last, s, cmp.AllowUnexported(status.Pod{}, status.Finding{})))
		default:
		}
	})
}

func TestMilestonesComeFromTheLogs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.log("worker", "Pathways Server serving on [::]:38679")
		c.log("jax-tpu", "Config param a: b", "restoring params from gs://b/int8")
		c.createGroup(1)
		v := c.run()
		defer v.stop()
		s := v.settle(3 * time.Second)
		if want := "restore (gs://b/int8)"; s.Cause != want {
			t.Errorf("cause %q, want %q", s.Cause, want)
		}
		// The stream has ended, and the container lives: it is opened again.
		c.log("jax-tpu", "Memstats: After load_params:")
		s = v.settle(30 * time.Second)
		got := map[milestone.ID]string{}
		for _, m := range s.Groups[0].Milestones {
			got[m.ID] = fmt.Sprintf("%s %d/%d", m.State, m.Count, m.Of)
		}
		for id, want := range map[milestone.ID]string{
			milestone.Workers: "done 1/1", milestone.Restore: "done 0/0", milestone.WarmUp: "pending 0/14", milestone.Slices: "done 0/1",
		} {
			if got[id] != want {
				t.Errorf("milestone %s is %q, want %q", id, got[id], want)
			}
		}
	})
}

func TestACauseInALogIsNamedWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		c.log("jax-tpu", "FileNotFoundError: Checkpoint at gs://b/int9 not found.")
		v := c.run()
		defer v.stop()
		s := v.settle(time.Second)
		f := s.Fatal()
		if f == nil || f.Code != "checkpoint-not-found" || f.Pod != "llama-0" || f.Container != "jax-tpu" || s.Phase != status.Failed {
			t.Fatalf("phase %s, finding %+v", s.Phase, f)
		}
		if diff := cmp.Diff([]string{"FileNotFoundError: Checkpoint at gs://b/int9 not found."}, f.Evidence); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
	})
}

func TestAFailureOutlivesItsPods(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.log("worker", "before the end", "the last words")
		c.createGroup(1)
		v := c.run()
		defer v.stop()
		v.settle(3 * time.Second)

		// What the kubelet and the LeaderWorkerSet controller do: the container
		// ends, a moment later the group is gone, then there is a new one.
		crash := func(incarnation int) status.Snapshot {
			c.change("llama-0-1", exited("worker", 1))
			v.settle(1500 * time.Millisecond)
			c.deleteGroup()
			v.settle(2 * time.Second)
			c.createGroup(incarnation)
			return v.settle(20 * time.Second)
		}
		s := crash(2)
		if len(s.Findings) != 1 {
			t.Fatalf("findings after the first crash: %+v", s.Findings)
		}
		f := s.Findings[0]
		if f.Summary != "worker ended with exit code 1" || f.Cause != "cause unknown" || f.Times != 1 || f.Fatal {
			t.Errorf("after the first crash: %+v", f)
		}
		if diff := cmp.Diff([]string{"before the end", "the last words"}, f.Evidence); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
		if s.Groups[0].Recreations != 1 {
			t.Errorf("%d recreations were seen", s.Groups[0].Recreations)
		}
		s = crash(3)
		if f := s.Fatal(); f == nil || f.Times != 2 || s.Phase != status.Failed {
			t.Errorf("after the second crash: %s, %+v", s.Phase, s.Findings)
		}

		// A group that serves has outlived it.
		c.prober.set(health.Serving)
		c.makeReady()
		if s = v.settle(20 * time.Second); s.Phase != status.Ready || len(s.Findings) != 0 {
			t.Errorf("once it serves: %s, %+v", s.Phase, s.Findings)
		}
		// And a later crash is the first one again.
		c.prober.set(health.Refused)
		if s = crash(4); s.Fatal() != nil {
			t.Errorf("after a crash of a group that has served: %+v", s.Findings)
		}
	})
}

func TestARestartInPlaceStartsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.log("jax-tpu", "Config param a: b", "restoring params from gs://b/int8", "Thread x encountered an error: boom")
		c.createGroup(1)
		v := c.run()
		defer v.stop()
		v.settle(3 * time.Second)
		restarted := func(p *corev1.Pod) {
			exited("jax-tpu", 137)(p)
			for i := range p.Status.ContainerStatuses {
				p.Status.ContainerStatuses[i].State.Running.StartedAt = metav1.Now()
			}
		}
		c.clearLog("jax-tpu")
		c.change("llama-0", restarted)
		c.log("jax-tpu", "Updating keys from env and command line: []")
		s := v.settle(20 * time.Second)
		for _, m := range s.Groups[0].Milestones {
			if (m.ID == milestone.Process) != (m.State == milestone.Done) && m.Container == "jax-tpu" {
				t.Errorf("after the restart %s is %s", m.ID, m.State)
			}
		}
		if len(s.Findings) != 1 || s.Findings[0].Code != "server-thread-failed" || s.Findings[0].Fatal {
			t.Errorf("findings %+v", s.Findings)
		}
	})
}

func TestWhatMayNotBeReadIsNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		for _, resource := range []string{"nodes", "events", "statefulsets"} {
			c.forbid("list", resource)
			c.forbid("watch", resource)
		}
		c.client.PrependReactor("get", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
			if action.GetSubresource() != "log" {
				return false, nil, nil
			}
			return true, nil, denied("get", "pods/log")
		})
		c.createLWS()
		c.createGroup(1)
		c.makeReady()
		c.prober.set(health.Forbidden)
		v := c.run()
		defer v.stop()
		s := v.settle(5 * time.Second)
		topics := map[string]bool{}
		for _, n := range s.Notes {
			topics[n.Topic] = true
		}
		want := map[string]bool{
			status.TopicNodes: true, status.TopicEvents: true, status.TopicStatefulSet: true,
			status.TopicLogs: true, status.TopicHealth: true,
		}
		if diff := cmp.Diff(want, topics); diff != "" {
			t.Errorf("topics of the notes (-want +got):\n%s\n%+v", diff, s.Notes)
		}
		if s.Headline() != "Ready (unconfirmed)" {
			t.Errorf("headline %q", s.Headline())
		}
	})
}

func TestALogThatCannotBeReadIsNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		var broken atomic.Bool
		broken.Store(true)
		c.client.PrependReactor("get", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
			if action.GetSubresource() != "log" || !broken.Load() {
				return false, nil, nil
			}
			return true, nil, errors.New("no route to the node")
		})
		c.createLWS()
		c.createGroup(1)
		c.prober.set(health.NotServing)
		v := c.run()
		defer v.stop()
		if s := v.settle(time.Second); len(s.Notes) != 0 {
			t.Errorf("at first: %+v", s.Notes)
		}
		s := v.settle(5 * time.Second)
		if len(s.Notes) != 1 || s.Notes[0].Topic != status.TopicLogs {
			t.Errorf("after some attempts: %+v", s.Notes)
		}
		if s, err := Get(t.Context(), c.options()); err != nil || len(s.Notes) != 1 || s.Notes[0].Topic != status.TopicLogs {
			t.Errorf("one look: %+v, %v", s.Notes, err)
		}
		broken.Store(false)
		if s = v.settle(20 * time.Second); len(s.Notes) != 0 {
			t.Errorf("once it can be read: %+v", s.Notes)
		}
	})
}

func TestWhatCannotWorkIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		sabotage func(*cluster)
		check    func(error) bool
	}{
		{"pods may not be listed", func(c *cluster) { c.forbid("list", "pods") }, apierrors.IsForbidden},
		{
			"LeaderWorkerSets may not be listed",
			func(c *cluster) {
				c.dynamic.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, denied("list", "leaderworkersets")
				})
			},
			apierrors.IsForbidden,
		},
		{
			"the cluster knows no LeaderWorkerSets",
			func(c *cluster) {
				c.dynamic.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, apierrors.NewGenericServerResponse(404, "list", schema.GroupResource{}, "", "404 page not found", 0, true)
				})
			},
			func(err error) bool { return errors.Is(err, ErrNotInstalled) },
		},
		{
			"the API server does not answer",
			func(c *cluster) {
				c.client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, syscall.ECONNREFUSED
				})
			},
			func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			tt.sabotage(c)
			if _, err := Run(t.Context(), c.options()); !tt.check(err) {
				t.Errorf("Run: %v", err)
			}
			if _, err := Get(t.Context(), c.options()); !tt.check(err) {
				t.Errorf("Get: %v", err)
			}
		})
	}
}

func TestALostConnectionIsShownAndMended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		v := c.run()
		defer v.stop()
		if s := v.settle(3 * time.Second); !s.DisconnectedSince.IsZero() {
			t.Fatalf("disconnected at first, since %s", s.DisconnectedSince)
		}
		at := time.Now()
		c.setDown(true)
		s := v.settle(20 * time.Second)
		if len(s.Notes) != 1 || s.Notes[0].Topic != status.TopicConnection {
			t.Errorf("notes %+v", s.Notes)
		}
		if s.DisconnectedSince.Before(at) || s.DisconnectedSince.After(at.Add(10*time.Second)) {
			t.Fatalf("disconnected since %s, want since %s", s.DisconnectedSince, at)
		}
		c.setDown(false)
		// At most the longest pause later it is connected again.
		if s = v.settle(7 * time.Second); !s.DisconnectedSince.IsZero() {
			t.Errorf("after the outage: disconnected since %s", s.DisconnectedSince)
		}
		c.createGroup(1)
		if s = v.settle(time.Second); s.Created != 2 {
			t.Errorf("what happened since is not seen: %d pods", s.Created)
		}
	})
}

func TestHealthIsAskedOftenWhileItMatters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		v := c.run()
		defer v.stop()
		v.settle(20 * time.Second)
		if n := c.prober.count(); n < 9 || n > 12 {
			t.Errorf("asked %d times in 20 s of loading", n)
		}
		c.prober.set(health.Serving)
		v.settle(20 * time.Second)
		before := c.prober.count()
		v.settle(time.Minute)
		if n := c.prober.count() - before; n < 5 || n > 7 {
			t.Errorf("asked %d times in a minute of serving", n)
		}
		// A change of the pod is a reason to ask at once, long before the next
		// question is due.
		for before = c.prober.count(); before == c.prober.count(); {
			v.settle(100 * time.Millisecond)
		}
		before = c.prober.count()
		c.change("llama-0", func(p *corev1.Pod) { p.Status.Message = "changed" })
		v.settle(100 * time.Millisecond)
		if c.prober.count() == before {
			t.Error("a change of the pod was no reason to ask")
		}
	})
}

func TestOneLostAnswerIsNoEndOfService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		c.prober.set(health.Serving)
		v := c.run()
		defer v.stop()
		v.settle(11 * time.Second)
		c.prober.set(health.Unknown)
		if s := v.settle(11 * time.Second); s.Phase != status.Serving {
			t.Errorf("after a lost answer: %s", s.Phase)
		}
		if s := v.settle(10 * time.Second); s.Phase != status.Loading {
			t.Errorf("after several lost answers: %s", s.Phase)
		}
		c.prober.set(health.Serving)
		v.settle(5 * time.Second)
		c.prober.set(health.NotServing)
		if s := v.settle(11 * time.Second); s.Phase != status.Loading {
			t.Errorf("after a clear answer: %s", s.Phase)
		}
	})
}

func TestGet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		c.log("jax-tpu", "Config param a: b", "ValueError: Found incomplete checkpoint at gs://b/x.")
		c.log("worker", "the last words")
		c.change("llama-0", exited("jax-tpu", 1))
		s, err := Get(t.Context(), c.options())
		if err != nil {
			t.Fatal(err)
		}
		if f := s.Fatal(); f == nil || f.Code != "checkpoint-incomplete" || f.Times != 1 {
			t.Errorf("findings %+v", s.Findings)
		}
		if s.Profile != "small" || len(s.Groups[0].Milestones) == 0 {
			t.Errorf("profile %q, milestones %v", s.Profile, s.Groups[0].Milestones)
		}

		c.prober.set(health.Serving)
		c.makeReady()
		if s, err = Get(t.Context(), c.options()); err != nil || s.Phase != status.Ready {
			t.Errorf("once it serves: %s, %v, %v", s.Phase, s.Findings, err)
		}
	})
}

func TestGetWithoutADeployment(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s, err := Get(t.Context(), c.options())
	if err != nil || s.Phase != status.NotFound {
		t.Errorf("phase %s, %v", s.Phase, err)
	}
}
