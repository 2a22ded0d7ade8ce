package watch

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
)

// requests counts what was asked of the API server, but for the logs, by verb
// and resource.
func (c *cluster) requests() map[string]int {
	out := map[string]int{}
	for _, actions := range [][]clienttesting.Action{c.client.Actions(), c.dynamic.Actions()} {
		for _, a := range actions {
			if a.GetSubresource() == "" && (a.GetVerb() == "list" || a.GetVerb() == "watch" || a.GetVerb() == "get") {
				out[a.GetVerb()+" "+a.GetResource().Resource]++
			}
		}
	}
	return out
}

func TestAnExpiredWatchLosesNothingAndIsNoOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		// These watches tell of nothing but their end.
		var deaf atomic.Bool
		deaf.Store(true)
		var silent []*apiwatch.RaceFreeFakeWatcher
		c.client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, apiwatch.Interface, error) {
			if !deaf.Load() {
				return false, nil, nil
			}
			w := apiwatch.NewRaceFreeFake()
			silent = append(silent, w)
			return true, w, nil
		})
		v := c.run()
		defer v.stop()
		v.settle(time.Hour)
		c.deleteGroup()
		if s := v.settle(5 * time.Second); s.Created != 2 {
			t.Fatalf("%d pods: the watch is not deaf, and the test shows nothing", s.Created)
		}
		deaf.Store(false)
		for _, w := range silent {
			w.Error(&metav1.Status{
				Status: metav1.StatusFailure, Code: http.StatusGone, Reason: metav1.StatusReasonExpired, Message: "too old resource version",
			})
		}
		for range 50 {
			if s := v.settle(100 * time.Millisecond); !s.DisconnectedSince.IsZero() {
				t.Fatalf("an expired watch counts as an outage since %s", s.DisconnectedSince)
			}
		}
		if v.last.Created != 0 {
			t.Errorf("%d pods after the watch was renewed", v.last.Created)
		}
		c.createGroup(2)
		if s := v.settle(time.Second); s.Created != 2 {
			t.Errorf("%d pods: the renewed watch does not tell", s.Created)
		}
	})
}

func TestAnExpiredTokenIsSurvived(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		var expired atomic.Bool
		refusal := apierrors.NewUnauthorized("the token has expired")
		c.client.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
			return expired.Load(), nil, refusal
		})
		c.client.PrependWatchReactor("*", func(clienttesting.Action) (bool, apiwatch.Interface, error) {
			return expired.Load(), nil, refusal
		})
		v := c.run()
		defer v.stop()
		v.settle(10 * time.Second)
		expired.Store(true)
		c.setDown(true) // The API server ends the watches, as it does every few minutes.
		c.setDown(false)
		s := v.settle(20 * time.Second)
		if s.DisconnectedSince.IsZero() || len(s.Notes) == 0 || !strings.Contains(fmt.Sprint(s.Notes), "expired") {
			t.Errorf("disconnected since %s, notes %+v", s.DisconnectedSince, s.Notes)
		}
		expired.Store(false)
		if s = v.settle(20 * time.Second); !s.DisconnectedSince.IsZero() {
			t.Errorf("with a new token: disconnected since %s", s.DisconnectedSince)
		}
		c.change("llama-0", func(p *corev1.Pod) { p.Status.Reason = "Evicted" })
		if s = v.settle(time.Second); s.Groups[0].Leader.Status != "Evicted" {
			t.Errorf("with a new token a change is not seen: %s", s.Groups[0].Leader.Status)
		}
	})
}

func TestIdleHoursAskNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		c.createGroup(1)
		c.makeReady()
		c.prober.set(health.Serving)
		c.client.ClearActions()
		c.dynamic.ClearActions()
		v := c.run()
		defer v.stop()
		v.settle(time.Minute)
		before := c.requests()
		v.settle(2 * time.Hour)
		if diff := cmp.Diff(before, c.requests()); diff != "" {
			t.Errorf("requests before and after (-before +after):\n%s", diff)
		}
		want := map[string]int{
			"list leaderworkersets": 2, "list pods": 2, "list statefulsets": 1, "list events": 1, "list nodes": 1,
			"watch leaderworkersets": 1, "watch pods": 1, "watch statefulsets": 1, "watch events": 1, "watch nodes": 1,
		}
		if diff := cmp.Diff(want, before); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		c.deleteGroup()
		if s := v.settle(time.Second); s.Created != 0 {
			t.Errorf("a change after hours is not seen: %d pods", s.Created)
		}
	})
}

// A finding that depends on how long a state lasts comes in time, whether the
// state is seen to begin or is old already.
func TestFindingsThatDependOnTimeCome(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t)
			c.createLWS()
			unschedulable := func(p *corev1.Pod) {
				p.Status.Phase = corev1.PodPending
				p.Spec.NodeName = ""
				p.Spec.NodeSelector = map[string]string{"pool": "missing"}
				p.Status.Conditions = []corev1.PodCondition{{
					Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
					Message: "0/3 nodes are available", LastTransitionTime: metav1.Now(),
				}}
			}
			c.createGroup(1)
			c.change("llama-0", unschedulable)
			if old {
				pass(time.Hour)
			}
			v := c.run()
			defer v.stop()
			s := v.settle(20 * time.Second)
			if (s.Fatal() != nil) != old {
				t.Errorf("old: %t, after 20 s: %+v", old, s.Findings)
			}
			if s = v.settle(12 * time.Second); s.Fatal() == nil {
				t.Errorf("old: %t, after 32 s: %+v", old, s.Findings)
			}
		})
	}
}

// An event about pods that cannot be created speaks of the present for some
// minutes only: its finding goes with nothing but time.
func TestFindingsGoWithTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.createLWS()
		v := c.run()
		defer v.stop()
		event := &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: "e", Namespace: testNamespace},
			InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Name: testName},
			Type:           corev1.EventTypeWarning, Reason: "FailedCreate", Message: "exceeded quota: q",
			FirstTimestamp: metav1.Now(), LastTimestamp: metav1.Now(),
		}
		if _, err := c.client.CoreV1().Events(testNamespace).Create(t.Context(), event, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if s := v.settle(4 * time.Minute); len(s.Findings) != 1 {
			t.Errorf("findings while the event is fresh: %+v", s.Findings)
		}
		if s := v.settle(75 * time.Second); len(s.Findings) != 0 {
			t.Errorf("findings after it: %+v", s.Findings)
		}
	})
}

func TestTheBusinessOfOthersIsNoChange(t *testing.T) {
	t.Parallel()
	begun := metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	w := newObserver(Options{Namespace: testNamespace, Name: testName})
	dirty := func() bool {
		select {
		case <-w.change:
			return true
		default:
			return false
		}
	}
	event := func(name string) *corev1.Event {
		return &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: name + ".e", Namespace: testNamespace},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: name},
		}
	}
	tests := []struct {
		name   string
		happen func() error
		want   bool
	}{
		{"the first list of nodes", func() error { return w.nodes.Replace([]any{wholeNode("n", begun)}, "1") }, true},
		{"a node that says again that it lives", func() error {
			return w.nodes.Update(wholeNode("n", metav1.NewTime(begun.Add(time.Minute))))
		}, false},
		{"a node that is marked", func() error {
			n := wholeNode("n", begun)
			n.Labels["new"] = "label"
			return w.nodes.Update(n)
		}, true},
		{"a node that is cordoned", func() error {
			n := wholeNode("n", begun)
			n.Labels["new"], n.Spec.Unschedulable = "label", true
			return w.nodes.Update(n)
		}, true},
		{"a node that stops answering", func() error {
			n := wholeNode("n", begun)
			n.Labels["new"], n.Spec.Unschedulable = "label", true
			n.Status.Conditions[3].Status = corev1.ConditionUnknown
			return w.nodes.Update(n)
		}, true},
		{"an event of another pod", func() error { return w.events.Add(event("other-0")) }, false},
		{"its end", func() error { return w.events.Delete(event("other-0")) }, false},
		{"an event of a pod of ours", func() error { return w.events.Add(event("llama-0")) }, true},
		{"its end too", func() error { return w.events.Delete(event("llama-0")) }, true},
	}
	for _, tt := range tests {
		if err := tt.happen(); err != nil {
			t.Fatal(err)
		}
		if dirty() != tt.want {
			t.Errorf("%s is a change: %t, want %t", tt.name, !tt.want, tt.want)
		}
	}
}
