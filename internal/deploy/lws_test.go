package deploy

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	k8stesting "k8s.io/client-go/testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/manifests"
)

func lwsManifest(t *testing.T, version string) []byte {
	t.Helper()
	data, err := manifests.LWS(version)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// installed returns the objects of a release as InstallLWS leaves them, or
// as kubectl apply does.
func installed(t *testing.T, version string, byUs bool) []*unstructured.Unstructured {
	t.Helper()
	objects, release, err := readLWSManifest(lwsManifest(t, version))
	if err != nil {
		t.Fatal(err)
	}
	if release != version {
		t.Fatalf("the manifest of %s installs %s", version, release)
	}
	for _, object := range objects {
		if byUs {
			withLabels(object, map[string]string{LabelManagedBy: FieldManager, LabelVersion: release})
		}
	}
	return objects
}

// typedClient returns a clientset that holds the objects it has types for.
func typedClient(t *testing.T, objects []*unstructured.Unstructured) *fake.Clientset {
	t.Helper()
	var typed []runtime.Object
	for _, object := range objects {
		into, err := scheme.Scheme.New(object.GroupVersionKind())
		if err != nil {
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, into); err != nil {
			t.Fatal(err)
		}
		typed = append(typed, into)
	}
	return fake.NewClientset(typed...)
}

// available marks the controller's Deployment as having pods.
func available(t *testing.T, objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if isDeployment(object) {
			setNested(t, object, int64(2), "status", "availableReplicas")
		}
	}
	return objects
}

func detect(t *testing.T, objects []*unstructured.Unstructured) LWSState {
	t.Helper()
	state, err := DetectLWS(t.Context(), typedClient(t, objects), newFakeCluster(t, objects...))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestDetectingLeaderWorkerSet(t *testing.T) {
	t.Parallel()
	without := func(objects []*unstructured.Unstructured, kinds ...string) []*unstructured.Unstructured {
		return slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return slices.Contains(kinds, o.GetKind()) })
	}
	renamed := available(t, installed(t, "v0.6.1", false))
	for _, object := range renamed {
		if isDeployment(object) {
			object.SetName("my-lws")
		}
	}
	for name, test := range map[string]struct {
		objects []*unstructured.Unstructured
		want    LWSState // Missing and Problems are compared by their number
		plan    LWSPlan
		missing int
		problem string
	}{
		"an empty cluster": {nil, LWSState{ControllerKnown: true}, LWSInstall, 0, ""},
		"an installation of ours": {
			available(t, installed(t, "v0.9.0", true)),
			LWSState{Installed: true, Complete: true, ControllerKnown: true, ControllerReady: true, ManagedByUs: true, Version: "v0.9.0", Controller: "lws-system/lws-controller-manager"},
			LWSKeep, 0, "",
		},
		"an installation of ours that starts": {
			installed(t, "v0.9.0", true),
			LWSState{Installed: true, Complete: true, ControllerKnown: true, ManagedByUs: true, Version: "v0.9.0", Controller: "lws-system/lws-controller-manager"},
			LWSKeep, 0, "0 of 2 pods available",
		},
		"somebody else's installation": {
			available(t, installed(t, "v0.6.1", false)),
			LWSState{Installed: true, Complete: true, ControllerKnown: true, ControllerReady: true, Version: "v0.6.1", Controller: "lws-system/lws-controller-manager"},
			LWSKeep, 0, "workers that were created",
		},
		"somebody else's under another name": {
			renamed,
			LWSState{Installed: true, Complete: true, ControllerKnown: true, ControllerReady: true, Version: "v0.6.1", Controller: "lws-system/my-lws"},
			LWSKeep, 0, "size of a group cannot be changed",
		},
		"ours without its Deployment": {
			without(installed(t, "v0.6.1", true), "Deployment"),
			LWSState{Installed: true, ControllerKnown: true, ManagedByUs: true, Version: "v0.6.1"},
			LWSComplete, 1, "",
		},
		"ours without its webhooks": {
			without(available(t, installed(t, "v0.9.0", true)), "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
			LWSState{Installed: true, ControllerKnown: true, ControllerReady: true, ManagedByUs: true, Version: "v0.9.0", Controller: "lws-system/lws-controller-manager"},
			LWSComplete, 2, "",
		},
		"a definition and no controller": {
			without(installed(t, "v0.9.0", false), "Deployment"),
			LWSState{Installed: true, ControllerKnown: true},
			LWSBroken, 0, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := detect(t, test.objects)
			if len(got.Missing) != test.missing {
				t.Errorf("missing %v, want %d objects", got.Missing, test.missing)
			}
			if problems := strings.Join(got.Problems, "\n"); !strings.Contains(problems, test.problem) {
				t.Errorf("problems %q, want one with %q", problems, test.problem)
			}
			got.Missing, got.Problems = nil, nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			plan, err := got.Plan()
			if plan != test.plan || (err != nil) != (plan == LWSBroken) {
				t.Errorf("got plan %s and error %v, want %s", plan, err, test.plan)
			}
		})
	}
}

// ofRelease returns an installation of ours of a release that is not
// embedded, as --lws-manifest leaves it: the objects of v0.6.1 by other
// versions.
func ofRelease(t *testing.T, release string) []*unstructured.Unstructured {
	t.Helper()
	manifest := bytes.ReplaceAll(lwsManifest(t, "v0.6.1"), []byte("lws:v0.6.1"), []byte("lws:"+release))
	objects, got, err := readLWSManifest(manifest)
	if err != nil || got != release {
		t.Fatalf("got a manifest of %q and error %v, want %s", got, err, release)
	}
	for _, object := range objects {
		withLabels(object, map[string]string{LabelManagedBy: FieldManager, LabelVersion: release})
	}
	return objects
}

func TestAReleaseThatIsNotEmbeddedIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	isController := func(o *unstructured.Unstructured) bool { return isDeployment(o) }
	isItsDefinition := func(o *unstructured.Unstructured) bool { return RefOf(o) == definitionRef }
	for name, test := range map[string]struct {
		without func(*unstructured.Unstructured) bool
		missing string
	}{
		"complete":               {func(*unstructured.Unstructured) bool { return false }, ""},
		"without its Deployment": {isController, lwsDeployment},
		"without its definition": {isItsDefinition, lwsDefinition},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := slices.DeleteFunc(available(t, ofRelease(t, "v0.7.0")), test.without)
			state := detect(t, objects)
			want := LWSKeep
			var missing []string
			if test.missing != "" {
				want, missing = LWSComplete, []string{test.missing}
			}
			var names []string
			for _, ref := range state.Missing {
				names = append(names, ref.Name)
			}
			if diff := cmp.Diff(missing, names); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
			if plan, err := state.Plan(); plan != want || err != nil || state.Version != "v0.7.0" {
				t.Errorf("got plan %s for %q and error %v, want %s", plan, state.Version, err, want)
			}
			for _, release := range manifests.LWSVersions() {
				cluster := newFakeCluster(t, objects...)
				err := InstallLWS(t.Context(), cluster.applier(ApplyOptions{}), lwsManifest(t, release), func(Result) {})
				if err == nil || !strings.Contains(err.Error(), "LeaderWorkerSet v0.7.0") || !strings.Contains(err.Error(), "with --lws-manifest") {
					t.Errorf("%s: got error %v, want one that asks for the manifest of v0.7.0", release, err)
				}
				if writes := cluster.writes(); writes != nil {
					t.Errorf("%s: %v was changed before the refusal", release, writes)
				}
			}
			cluster := newFakeCluster(t, objects...)
			its := bytes.ReplaceAll(lwsManifest(t, "v0.6.1"), []byte("lws:v0.6.1"), []byte("lws:v0.7.0"))
			if err := InstallLWS(t.Context(), cluster.applier(ApplyOptions{}), its, func(Result) {}); err != nil {
				t.Errorf("its own manifest: got error %v", err)
			}
		})
	}
}

func TestADefinitionOnItsWayOutIsNoInstallation(t *testing.T) {
	t.Parallel()
	objects := available(t, installed(t, "v0.9.0", true))
	for _, object := range objects {
		if isDefinition(RefOf(object)) {
			now := metav1.Now()
			object.SetDeletionTimestamp(&now)
			object.SetFinalizers([]string{"customresourcecleanup.apiextensions.k8s.io"})
		}
	}
	plan, err := detect(t, objects).Plan()
	if plan != LWSBroken || err == nil || !strings.Contains(err.Error(), "being deleted") {
		t.Errorf("got plan %s and error %v, want a refusal that says that it is being deleted", plan, err)
	}
}

func TestAnInstallationKilledAnywhereIsCompleted(t *testing.T) {
	t.Parallel()
	all := installed(t, "v0.6.1", true)
	definitions, rest := splitDefinitions(all)
	order := append(definitions, rest...)
	for n := range order {
		state := detect(t, order[:n])
		plan, err := state.Plan()
		if err != nil || (plan != LWSInstall && plan != LWSComplete) {
			t.Errorf("after %d of %d objects: got plan %s and error %v, want the rest to be installed", n, len(order), plan, err)
		}
		if plan == LWSComplete && state.Version != "v0.6.1" {
			t.Errorf("after %d of %d objects: would complete it with %q, want the same release", n, len(order), state.Version)
		}
	}
}

func TestWithoutPermissionAsMuchIsFoundOutAsPossible(t *testing.T) {
	t.Parallel()
	forbid := func(action k8stesting.Action) (bool, runtime.Object, error) {
		resource := action.GetResource()
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: resource.Group, Resource: resource.Resource}, "", errors.New("no"))
	}
	for name, served := range map[string]bool{"LeaderWorkerSets are served": true, "they are not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := newFakeCluster(t)
			cluster.PrependReactor("*", "customresourcedefinitions", forbid)
			kube := fake.NewClientset()
			kube.PrependReactor("*", "deployments", forbid)
			if served {
				kube.Discovery().(*fakediscovery.FakeDiscovery).Resources = []*metav1.APIResourceList{{
					GroupVersion: "leaderworkerset.x-k8s.io/v1", APIResources: []metav1.APIResource{{Name: "leaderworkersets", Kind: kindLWS}},
				}}
			}
			state, err := DetectLWS(t.Context(), kube, cluster)
			if err != nil {
				t.Fatal(err)
			}
			if state.Installed != served || state.ControllerKnown {
				t.Errorf("got %+v, want installed %t and the controller unknown", state, served)
			}
			want := LWSInstall
			if served {
				want = LWSKeep
			}
			if plan, err := state.Plan(); plan != want || err != nil {
				t.Errorf("got plan %s and error %v, want %s", plan, err, want)
			}
		})
	}
}

func TestReferencesAreThoseOfTheParsedObjects(t *testing.T) {
	t.Parallel()
	for _, version := range manifests.LWSVersions() {
		objects, err := ParseYAML(lwsManifest(t, version))
		if err != nil {
			t.Fatal(err)
		}
		var want []ObjectRef
		for _, object := range objects {
			want = append(want, RefOf(object))
		}
		got, err := parseRefs(lwsManifest(t, version))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: references (-parsed +read):\n%s", version, diff)
		}
	}
}

func TestKnownProblemsAreThoseOfTheRelease(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"v0.6.1": 5, "v0.7.0": 3, "v0.8.0": 2, "v0.9.0": 0, "v0.10.0": 0, "": 0, "main": 0} {
		if got := len(KnownLWSProblems(version)); got != want {
			t.Errorf("%q: got %d problems, want %d", version, got, want)
		}
	}
}

func TestInstallingMarksEveryObjectAsOurs(t *testing.T) {
	t.Parallel()
	for _, version := range manifests.LWSVersions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			cluster := newFakeCluster(t)
			var got results
			if err := InstallLWS(t.Context(), cluster.applier(ApplyOptions{}), lwsManifest(t, version), got.report); err != nil {
				t.Fatal(err)
			}
			objects := installed(t, version, true)
			if len(got) != len(objects) {
				t.Errorf("reported %d objects, want %d", len(got), len(objects))
			}
			for _, object := range objects {
				live := cluster.live(t, RefOf(object))
				if live == nil || !isOurs(live) || live.GetLabels()[LabelVersion] != version {
					t.Errorf("%s is missing or not marked as ours", RefOf(object))
				}
			}
		})
	}
}

func TestInstallingRefusesWhatItWouldBreak(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		existing []*unstructured.Unstructured
		manifest []byte
		want     string
	}{
		"a release whose selector is another": {installed(t, "v0.6.1", true), lwsManifest(t, "v0.9.0"), "whose selector cannot be changed; delete it first"},
		"somebody else's objects":             {installed(t, "v0.9.0", false), lwsManifest(t, "v0.9.0"), "was left alone"},
		"another manifest":                    {nil, []byte("{apiVersion: v1, kind: Namespace, metadata: {name: x}}"), "not a release manifest"},
		"no manifest":                         {nil, []byte("a: b"), "not a Kubernetes object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := newFakeCluster(t, test.existing...)
			err := InstallLWS(t.Context(), cluster.applier(ApplyOptions{}), test.manifest, func(Result) {})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if writes := cluster.writes(); writes != nil {
				t.Errorf("%v was changed before the refusal", writes)
			}
		})
	}
}

func TestAnotherReleaseIsInstalledOnceTheOldControllerIsDeleted(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	install := func(release string) {
		if err := InstallLWS(t.Context(), cluster.applier(ApplyOptions{}), lwsManifest(t, release), func(Result) {}); err != nil {
			t.Fatal(err)
		}
	}
	install("v0.6.1")
	deployments := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	if err := cluster.Tracker().Delete(deployments, lwsNamespace, lwsDeployment); err != nil {
		t.Fatal(err)
	}
	install("v0.9.0")
	for _, object := range installed(t, "v0.9.0", true) {
		if live := cluster.live(t, RefOf(object)); live == nil || live.GetLabels()[LabelVersion] != "v0.9.0" {
			t.Errorf("%s is missing or still of the old release", RefOf(object))
		}
	}
}

// startingController is a cluster whose controller becomes available and
// answers some time after now.
func startingController(t *testing.T, availableAfter, answersAfter time.Duration, pods ...runtime.Object) (*fake.Clientset, *fakeCluster) {
	t.Helper()
	start := time.Now()
	objects := installed(t, "v0.9.0", true)
	kube, cluster := typedClient(t, objects), newFakeCluster(t, objects...)
	for _, pod := range pods {
		if err := kube.Tracker().Add(pod); err != nil {
			t.Fatal(err)
		}
	}
	kube.PrependReactor("get", "deployments", func(k8stesting.Action) (bool, runtime.Object, error) {
		if time.Since(start) < availableAfter {
			return false, nil, nil
		}
		return true, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: lwsNamespace, Name: lwsDeployment},
			Status:     appsv1.DeploymentStatus{AvailableReplicas: 1},
		}, nil
	})
	cluster.PrependReactor("create", "leaderworkersets", func(k8stesting.Action) (bool, runtime.Object, error) {
		if time.Since(start) < answersAfter {
			return true, nil, apierrors.NewInternalError(errors.New(`failed calling webhook "mleaderworkerset.kb.io": no endpoints available`))
		}
		return false, nil, nil
	})
	return kube, cluster
}

func TestLeaderWorkerSetIsReadyOnceItsWebhookAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kube, cluster := startingController(t, 5*time.Second, 7*time.Second, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: lwsNamespace, Name: "pod-a", Labels: map[string]string{
				"app.kubernetes.io/instance": "lws", "app.kubernetes.io/name": "lws", "control-plane": "controller-manager",
			}},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "Insufficient cpu",
			}}},
		})
		start := time.Now()
		var waited []string
		err := WaitLWS(t.Context(), kube, cluster, LWSWait{Namespace: "default"}, func(text string) { waited = append(waited, text) })
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("waited %s, want until the webhook answers", took)
		}
		if len(waited) != 2 || !strings.HasSuffix(waited[0], ": Unschedulable: Insufficient cpu") || !strings.Contains(waited[1], "webhook to answer") {
			t.Errorf("reported %q, want the pod's reason and then the webhook", waited)
		}
		if live := cluster.live(t, ObjectRef{APIVersion: "leaderworkerset.x-k8s.io/v1", Kind: kindLWS, Namespace: "default", Name: "kubectl-jetstream-trial"}); live != nil {
			t.Error("the trial was kept")
		}
	})
}

func TestWaitingForLeaderWorkerSetEnds(t *testing.T) {
	t.Parallel()
	pulling := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: lwsNamespace, Name: "pod-a", Labels: map[string]string{
			"app.kubernetes.io/instance": "lws", "app.kubernetes.io/name": "lws", "control-plane": "controller-manager",
		}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Image: "lws:v9", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"}},
		}}},
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "leaderworkersets"}, "", errors.New("no"))
	noNamespace := apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "default")
	for name, test := range map[string]struct {
		pod       *corev1.Pod
		failFast  bool
		createErr error
		want      string
	}{
		"when time is up":                       {nil, false, nil, "deployment lws-system/lws-controller-manager to become available"},
		"when time is up, with the pod's cause": {pulling, false, nil, "its image lws:v9 cannot be pulled: pod pod-a: no such image"},
		"at once for an image":                  {pulling, true, nil, "does not start: its image lws:v9 cannot be pulled: pod pod-a: no such image"},
		"at once without permission":            {nil, false, forbidden, "forbidden"},
		"at once without the namespace":         {nil, false, noNamespace, "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var pods []runtime.Object
				if test.pod != nil {
					pods = append(pods, test.pod.DeepCopy())
				}
				availableAfter := time.Hour
				if test.createErr != nil {
					availableAfter = 0
				}
				kube, cluster := startingController(t, availableAfter, 0, pods...)
				cluster.PrependReactor("create", "leaderworkersets", func(k8stesting.Action) (bool, runtime.Object, error) {
					return test.createErr != nil, nil, test.createErr
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				err := WaitLWS(ctx, kube, cluster, LWSWait{Namespace: "default", FailFast: test.failFast}, func(string) {})
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got error %v, want one with %q", err, test.want)
				}
				atOnce := test.failFast || test.createErr != nil
				if blocked := (*LWSBlockedError)(nil); errors.As(err, &blocked) != test.failFast {
					t.Errorf("got error %T, want an *LWSBlockedError: %t", err, test.failFast)
				}
				if took := time.Since(start); (took == 0) != atOnce {
					t.Errorf("took %s, want it at once: %t", took, atOnce)
				}
				if !atOnce && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got error %v, want the deadline in it", err)
				}
			})
		})
	}
}

func TestADefinitionAloneIsNoLeaderWorkerSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kube, cluster := startingController(t, 0, 0)
		cluster.PrependReactor("create", "leaderworkersets", func(action k8stesting.Action) (bool, runtime.Object, error) {
			return true, action.(k8stesting.CreateActionImpl).GetObject(), nil // no webhook touches it
		})
		start := time.Now()
		err := WaitLWS(t.Context(), kube, cluster, LWSWait{Namespace: "default"}, func(string) {})
		var blocked *LWSBlockedError
		if !errors.As(err, &blocked) || !strings.Contains(err.Error(), "webhook to be registered") {
			t.Errorf("got error %v, want an *LWSBlockedError that names the webhook", err)
		}
		if took := time.Since(start); took != lwsPatience {
			t.Errorf("took %s, want it bounded by %s", took, lwsPatience)
		}
	})
}
