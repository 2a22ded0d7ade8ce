package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// groupPods returns a clientset with the pods of a group, the first of which
// disappears after a second, the next after another and so on.
func groupPods(name string, count int) *fake.Clientset {
	start := time.Now()
	kube := fake.NewClientset()
	kube.PrependReactor("list", "pods", func(k8stesting.Action) (bool, runtime.Object, error) {
		list := &corev1.PodList{}
		for i := range count {
			if time.Since(start) < time.Duration(i+1)*time.Second {
				list.Items = append(list.Items, corev1.Pod{
					ObjectMeta: metav1.ObjectMeta{Namespace: "serving", Name: fmt.Sprintf("%s-0-%d", name, i), Labels: map[string]string{lwsv1.SetNameLabelKey: name}},
					Spec:       corev1.PodSpec{NodeName: fmt.Sprintf("node-%d", i)},
				})
			}
		}
		return true, list, nil
	})
	return kube
}

func TestDeletingWaitsUntilThePodsAreGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		objects := deployment(t)
		other := render(t, llama405B, Values{Name: "other", Namespace: "serving", Params: goodParams()})
		cluster := newFakeCluster(t, append(objects, other...)...)
		var got results
		start := time.Now()
		err := Delete(t.Context(), groupPods("jetstream-pathways", 2), cluster, "serving", DefaultName, got.report)
		if err != nil {
			t.Fatal(err)
		}
		want := results{
			serviceRef + " deleted", "pod/jetstream-pathways-0-0 deleted", "pod/jetstream-pathways-0-1 deleted", lwsRef + " deleted",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %s, want until the last pod is gone", took)
		}
		for _, object := range other {
			if cluster.live(t, RefOf(object)) == nil {
				t.Errorf("%s of another deployment was deleted", RefOf(object))
			}
		}
	})
}

func TestDeletingTwiceSaysThatThereIsNothing(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t, deployment(t)...)
	if err := Delete(t.Context(), fake.NewClientset(), cluster, "serving", DefaultName, func(Result) {}); err != nil {
		t.Fatal(err)
	}
	err := Delete(t.Context(), fake.NewClientset(), cluster, "serving", DefaultName, func(Result) {})
	if !errors.Is(err, ErrNotDeployed) {
		t.Errorf("got error %v, want ErrNotDeployed", err)
	}
}

func TestAnInterruptedDeletionGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cluster, kube := newFakeCluster(t, deployment(t)...), groupPods("jetstream-pathways", 3)
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		err := Delete(ctx, kube, cluster, "serving", DefaultName, func(Result) {})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "jetstream-pathways-0-2 on node-2") {
			t.Errorf("got error %v, want the deadline and the pods that are left with their nodes", err)
		}
		var got results
		if err := Delete(t.Context(), kube, cluster, "serving", DefaultName, got.report); err != nil {
			t.Fatal(err)
		}
		if want := (results{"pod/jetstream-pathways-0-1 deleted", "pod/jetstream-pathways-0-2 deleted"}); cmp.Diff(want, got) != "" {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestDeletingLeavesAloneWhatSomebodyElseMade(t *testing.T) {
	t.Parallel()
	byHand := deployment(t)
	for _, object := range byHand {
		object.SetLabels(nil)
	}
	cluster := newFakeCluster(t, byHand...)
	err := Delete(t.Context(), fake.NewClientset(), cluster, "serving", DefaultName, func(Result) {})
	var owned *OwnershipError
	if !errors.As(err, &owned) {
		t.Errorf("got error %v, want an *OwnershipError", err)
	}
	for _, object := range byHand {
		if cluster.live(t, RefOf(object)) == nil {
			t.Errorf("%s was deleted", RefOf(object))
		}
	}
}

func TestDeletingLeavesAnotherServiceOfTheNameAlone(t *testing.T) {
	t.Parallel()
	objects := deployment(t)
	objects[1].SetLabels(map[string]string{LabelManagedBy: "Helm"})
	cluster := newFakeCluster(t, objects...)
	if err := Delete(t.Context(), fake.NewClientset(), cluster, "serving", DefaultName, func(Result) {}); err != nil {
		t.Fatal(err)
	}
	if cluster.live(t, RefOf(objects[0])) != nil || cluster.live(t, RefOf(objects[1])) == nil {
		t.Error("want the LeaderWorkerSet deleted and the Service left")
	}
}

func TestUninstallingLeaderWorkerSet(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		objects []*unstructured.Unstructured
		want    string // part of the error, empty if all is removed
	}{
		"ours and unused":       {installed(t, "v0.6.1", true), ""},
		"ours and used":         {append(installed(t, "v0.9.0", true), deployment(t)...), "still used by " + lwsRef + " in namespace serving"},
		"somebody else's":       {installed(t, "v0.9.0", false), "this plugin did not install it"},
		"nothing":               {nil, "it is not installed"},
		"ours, not all of it":   {installed(t, "v0.9.0", true)[:6], ""},
		"ours, with theirs too": {append(installed(t, "v0.6.1", true)[1:], installed(t, "v0.6.1", false)[:1]...), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := newFakeCluster(t, test.objects...)
			var got results
			err := UninstallLWS(t.Context(), typedClient(t, test.objects), cluster, got.report)
			if (err != nil) != (test.want != "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("got error %v, want %q", err, test.want)
			}
			for _, object := range test.objects {
				left := cluster.live(t, RefOf(object)) != nil
				if remove := test.want == "" && isOurs(object); left == remove {
					t.Errorf("%s is there: %t", RefOf(object), left)
				}
			}
			if test.want == "" && !strings.HasPrefix(got[len(got)-1], "namespace/") && !strings.HasPrefix(got[len(got)-1], "customresourcedefinition") {
				t.Errorf("the last one deleted was %q, want what the others depend on", got[len(got)-1])
			}
		})
	}
}
