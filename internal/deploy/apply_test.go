package deploy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	k8stesting "k8s.io/client-go/testing"
)

const (
	lwsRef     = "leaderworkerset.leaderworkerset.x-k8s.io/jetstream-pathways"
	serviceRef = "service/jetstream-svc"
)

func deployment(t *testing.T, params ...string) []*unstructured.Unstructured {
	t.Helper()
	return render(t, llama405B, Values{Namespace: "serving", Params: goodParams(params...)})
}

func mustApply(t *testing.T, a *Applier, objects []*unstructured.Unstructured) results {
	t.Helper()
	var got results
	if err := a.Apply(t.Context(), objects, got.report); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestApplyingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	for _, step := range []struct {
		name   string
		params []string
		want   results
	}{
		{"first", nil, results{lwsRef + " created", serviceRef + " created"}},
		{"again", nil, results{lwsRef + " unchanged", serviceRef + " unchanged"}},
		{"another batch size", []string{"batch-size", "8"}, results{lwsRef + " configured", serviceRef + " unchanged"}},
		{"again with it", []string{"batch-size", "8"}, results{lwsRef + " unchanged", serviceRef + " unchanged"}},
	} {
		got := mustApply(t, cluster.applier(ApplyOptions{}), deployment(t, step.params...))
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s: results (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestWhatOthersDependOnIsAppliedFirst(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	objects := append(deployment(t),
		parseObject(t, "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: role}}"),
		parseObject(t, "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: definitions}}"),
		parseObject(t, "{apiVersion: v1, kind: Namespace, metadata: {name: serving}}"),
	)
	mustApply(t, cluster.applier(ApplyOptions{}), objects)
	want := []string{
		"customresourcedefinitions/definitions", "namespaces/serving", "clusterroles/role",
		"leaderworkersets/jetstream-pathways", "services/jetstream-svc",
	}
	if diff := cmp.Diff(want, cluster.writes()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestACustomResourceWaitsForItsDefinition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster(t)
		objects := append(deployment(t), parseObject(t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: leaderworkersets.leaderworkerset.x-k8s.io}
spec:
  group: leaderworkerset.x-k8s.io
  names: {kind: LeaderWorkerSet}
  versions: [{name: v1, served: true}, {name: v0, served: false}]`))
		kind, start := objects[0].GroupVersionKind(), time.Now()
		delete(cluster.served, kind)
		list := func(ctx context.Context, gv schema.GroupVersion) (*metav1.APIResourceList, error) {
			if time.Since(start) >= time.Second {
				cluster.served[kind] = true
			}
			return cluster.resources(ctx, gv)
		}
		got := mustApply(t, newApplier(cluster, list, ApplyOptions{}), objects)
		const definition = "customresourcedefinition.apiextensions.k8s.io/leaderworkersets.leaderworkerset.x-k8s.io"
		want := results{definition + " created", definition + " waiting", lwsRef + " created", serviceRef + " created"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("waited %s, want until it is served", waited)
		}
	})
}

func TestWhatSomebodyElseMadeIsLeftAlone(t *testing.T) {
	t.Parallel()
	service := "{apiVersion: v1, kind: Service, metadata: {name: jetstream-svc, namespace: serving}, spec: {selector: {app: theirs}}}"
	for name, test := range map[string]struct {
		existing *unstructured.Unstructured
		want     string
	}{
		"by hand":               {parseObject(t, service), "somebody else"},
		"by another tool":       {parseObject(t, service, LabelManagedBy+"=Helm"), `"Helm"`},
		"by another deployment": {parseObject(t, service, LabelName+"="+applicationName, LabelManagedBy+"="+FieldManager, LabelInstance+"=jetstream"), `deployment "jetstream"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := newFakeCluster(t, test.existing)
			err := cluster.applier(ApplyOptions{Force: true}).Apply(t.Context(), deployment(t), func(Result) {})
			var owned *OwnershipError
			if !errors.As(err, &owned) {
				t.Fatalf("got error %v, want an *OwnershipError", err)
			}
			for _, want := range []string{test.want, serviceRef, "choose another NAME", "--namespace=serving"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not contain %q", err, want)
				}
			}
			if writes := cluster.writes(); writes != nil {
				t.Errorf("%v was changed before the refusal", writes)
			}
		})
	}
}

func TestWhatWeMadeIsOursEvenWithoutItsLabel(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	objects := deployment(t)
	mustApply(t, cluster.applier(ApplyOptions{}), objects)
	cluster.update(t, objects[1], "kubectl-edit", func(service *unstructured.Unstructured) { service.SetLabels(nil) })
	got := mustApply(t, cluster.applier(ApplyOptions{}), objects)
	if want := serviceRef + " configured"; got[len(got)-1] != want {
		t.Errorf("got %q, want %q", got[len(got)-1], want)
	}
}

func TestANamespaceOfSomebodyElseIsUsedAndNotChanged(t *testing.T) {
	t.Parallel()
	namespace := parseObject(t, "{apiVersion: v1, kind: Namespace, metadata: {name: serving}}")
	cluster := newFakeCluster(t, namespace)
	wanted := parseObject(t, "{apiVersion: v1, kind: Namespace, metadata: {name: serving}}", LabelManagedBy+"="+FieldManager)
	got := mustApply(t, cluster.applier(ApplyOptions{}), []*unstructured.Unstructured{wanted})
	if diff := cmp.Diff(results{"namespace/serving unchanged"}, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if writes := cluster.writes(); writes != nil {
		t.Errorf("%v was changed", writes)
	}
}

func TestAConflictNamesManagerAndField(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	objects := deployment(t)
	mustApply(t, cluster.applier(ApplyOptions{}), objects)
	cluster.update(t, objects[1], "kubectl-edit", func(service *unstructured.Unstructured) {
		setNested(t, service, "theirs", "spec", "selector", "app")
	})
	err := cluster.applier(ApplyOptions{}).Apply(t.Context(), objects, func(Result) {})
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got error %v, want a *ConflictError", err)
	}
	if diff := cmp.Diff([]Conflict{{Manager: "kubectl-edit", Field: ".spec.selector.app"}}, conflict.Conflicts); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	if want := serviceRef + `: spec.selector.app is held by "kubectl-edit"; repeat with --force-conflicts to take it over`; conflict.Error() != want {
		t.Errorf("got %q, want %q", conflict, want)
	}
	got := mustApply(t, cluster.applier(ApplyOptions{Force: true}), objects)
	if want := serviceRef + " configured"; got[len(got)-1] != want {
		t.Errorf("with force: got %q, want %q", got[len(got)-1], want)
	}
}

func setNested(t *testing.T, object *unstructured.Unstructured, value any, fields ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(object.Object, value, fields...); err != nil {
		t.Fatal(err)
	}
}

func TestAServerDryRunKeepsNothing(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	objects := deployment(t)
	got := mustApply(t, cluster.applier(ApplyOptions{DryRun: true}), objects)
	want := results{lwsRef + " created (server dry run)", serviceRef + " created (server dry run)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if live := cluster.live(t, RefOf(objects[0])); live != nil {
		t.Errorf("%s exists after a dry run", RefOf(live))
	}
}

func TestADryRunGoesOnWithoutTheNamespaceItWouldCreate(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	cluster.PrependReactor("patch", "services", func(k8stesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "serving")
	})
	namespace, service := parseObject(t, "{apiVersion: v1, kind: Namespace, metadata: {name: serving}}"), deployment(t)[1]
	applier := cluster.applier(ApplyOptions{DryRun: true})
	if err := applier.Apply(t.Context(), []*unstructured.Unstructured{service}, func(Result) {}); !isMissingNamespace(err) {
		t.Errorf("got error %v, want the missing namespace", err)
	}
	got := append(mustApply(t, applier, []*unstructured.Unstructured{namespace}), mustApply(t, applier, []*unstructured.Unstructured{service})...)
	want := results{"namespace/serving created (server dry run)", serviceRef + " created unchecked, for want of its namespace (server dry run)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestTheReplicaCountBelongsToWhoeverScaledLast(t *testing.T) {
	t.Parallel()
	const ours, theirs = "", "kubectl"
	for name, test := range map[string]struct {
		first    []string // what up was given first
		scaledBy string
		again    []string // what it is given then
		options  ApplyOptions
		want     int64
		conflict bool
	}{
		"nobody scaled":                       {nil, ours, nil, ApplyOptions{}, 1, false},
		"up was given a count before":         {[]string{"replicas", "2"}, ours, []string{"replicas", "2"}, ApplyOptions{}, 2, false},
		"a count that is only remembered":     {[]string{"replicas", "2"}, ours, nil, ApplyOptions{}, 2, false},
		"up is given a count now":             {[]string{"replicas", "2"}, ours, []string{"replicas", "3"}, ApplyOptions{SetReplicas: true}, 3, false},
		"somebody scaled":                     {[]string{"replicas", "2"}, theirs, []string{"replicas", "2"}, ApplyOptions{}, 4, false},
		"somebody scaled, and up is given it": {nil, theirs, []string{"replicas", "3"}, ApplyOptions{SetReplicas: true}, 4, true},
		"somebody scaled, and up is forced":   {nil, theirs, []string{"replicas", "3"}, ApplyOptions{SetReplicas: true, Force: true}, 3, false},
		"forced for another field":            {nil, theirs, nil, ApplyOptions{Force: true}, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := newFakeCluster(t)
			first := deployment(t, test.first...)
			mustApply(t, cluster.applier(ApplyOptions{}), first)
			if test.scaledBy != ours {
				cluster.update(t, first[0], test.scaledBy, func(lws *unstructured.Unstructured) {
					setNested(t, lws, int64(4), "spec", "replicas")
				})
			}
			for range 2 { // the second time shows what the first one left behind
				err := cluster.applier(test.options).Apply(t.Context(), deployment(t, test.again...), func(Result) {})
				if conflict := (*ConflictError)(nil); errors.As(err, &conflict) != test.conflict || (err != nil && !test.conflict) {
					t.Fatalf("got error %v, want a conflict: %t", err, test.conflict)
				}
				live := cluster.live(t, RefOf(first[0]))
				if got, _, _ := unstructured.NestedInt64(live.Object, "spec", "replicas"); got != test.want {
					t.Errorf("got %d replicas, want %d", got, test.want)
				}
				if theirs := test.scaledBy != ours && test.want == 4; ownsReplicas(live) == theirs {
					t.Errorf("the count is ours: %t, want it to stay with whoever set it", !theirs)
				}
			}
		})
	}
}

func TestAWebhookThatDoesNotAnswerYetIsAskedAgain(t *testing.T) {
	t.Parallel()
	down := apierrors.NewInternalError(errors.New(`failed calling webhook "mleaderworkerset.kb.io": connection refused`))
	for name, test := range map[string]struct {
		failures int
		err      error
		waits    bool
		fails    bool
		took     time.Duration
	}{
		"for some seconds":      {4, down, true, false, 4 * time.Second},
		"for ever":              {1 << 30, down, true, true, 61 * time.Second},
		"another error at once": {1, apierrors.NewInternalError(errors.New("etcd is down")), false, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cluster, failures, start := newFakeCluster(t), test.failures, time.Now()
				cluster.PrependReactor("patch", "leaderworkersets", func(k8stesting.Action) (bool, runtime.Object, error) {
					failures--
					return failures >= 0, nil, test.err
				})
				var got results
				err := cluster.applier(ApplyOptions{}).Apply(t.Context(), deployment(t), got.report)
				if (err != nil) != test.fails {
					t.Errorf("got error %v, want one: %t", err, test.fails)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if waited := got[0] == lwsRef+" waiting"; waited != test.waits {
					t.Errorf("reported %v, want waiting: %t", got, test.waits)
				}
			})
		})
	}
}

func TestAnInterruptedApplyContinues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster(t)
		cluster.PrependReactor("patch", "services", func(k8stesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewInternalError(errors.New("failed calling webhook: x"))
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := cluster.applier(ApplyOptions{}).Apply(ctx, deployment(t), func(Result) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got error %v, want the deadline", err)
		}
		cluster.ReactionChain = cluster.ReactionChain[1:]
		got := mustApply(t, cluster.applier(ApplyOptions{}), deployment(t))
		if diff := cmp.Diff(results{lwsRef + " unchanged", serviceRef + " created"}, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
	})
}

func TestWithoutLeaderWorkerSetTheErrorSaysSo(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	objects := deployment(t)
	delete(cluster.served, objects[0].GroupVersionKind())
	err := cluster.applier(ApplyOptions{}).Apply(t.Context(), objects, func(Result) {})
	if err == nil || !strings.Contains(err.Error(), "LeaderWorkerSet is not installed in this cluster") {
		t.Errorf("got error %v", err)
	}
	if changes, err := cluster.applier(ApplyOptions{}).TemplateChanges(t.Context(), objects); err != nil || changes != nil {
		t.Errorf("got changes %v and error %v, want neither", changes, err)
	}
}

func TestChangesOfTheTemplatesAreFoundBeforeTheyAreMade(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	before := deployment(t)
	find := func(objects []*unstructured.Unstructured) []string {
		changes, err := cluster.applier(ApplyOptions{}).TemplateChanges(t.Context(), objects)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, change := range changes {
			texts = append(texts, change.String())
		}
		return texts
	}
	if got := find(before); got != nil {
		t.Errorf("before it exists: got %v, want none", got)
	}
	mustApply(t, cluster.applier(ApplyOptions{}), before)
	for name, test := range map[string]struct {
		params []string
		want   []string
	}{
		"the same again": {nil, nil},
		"more replicas":  {[]string{"replicas", "3"}, nil},
		"another batch": {[]string{"batch-size", "8", "warm-up", "false"}, []string{
			"leader.spec.containers[jax-tpu].args[enable_model_warmup]: false, was true",
			"leader.spec.containers[jax-tpu].args[per_device_batch_size]: 8, was 6",
		}},
	} {
		if diff := cmp.Diff(test.want, find(deployment(t, test.params...))); diff != "" {
			t.Errorf("%s: changes (-want +got):\n%s", name, diff)
		}
	}
	cluster.update(t, before[0], "kubectl-edit", func(lws *unstructured.Unstructured) {
		setNested(t, lws, int64(4), "spec", "leaderWorkerTemplate", "size")
	})
	if diff := cmp.Diff([]string{"spec.leaderWorkerTemplate.size: 5, was 4"}, find(before)); diff != "" {
		t.Errorf("after somebody else's edit: changes (-want +got):\n%s", diff)
	}
	setNested(t, before[0], int64(4), "spec", "leaderWorkerTemplate", "size")
	if live := cluster.live(t, RefOf(before[0])); len(Diff(kindLWS, content(live), before[0].Object)) != 0 {
		t.Error("looking for changes made some")
	}
}
