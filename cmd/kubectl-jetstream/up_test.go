package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

func TestUpOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		args  string
		tty   bool
		want  deploy.Values
		check func(*testing.T, *upOptions)
	}{
		{
			"nothing given leaves everything to what is remembered", "", false,
			deploy.Values{Name: "jetstream-pathways", Namespace: "models"},
			func(t *testing.T, o *upOptions) {
				t.Helper()
				if !o.wait || !o.failFast || o.yes || o.dryRun != dryRunNone {
					t.Errorf("wait %v, fail-fast %v, yes %v, dry run %q", o.wait, o.failFast, o.yes, o.dryRun)
				}
			},
		},
		{
			"a terminal waits on", "", true,
			deploy.Values{Name: "jetstream-pathways", Namespace: "models"},
			func(t *testing.T, o *upOptions) {
				t.Helper()
				if o.failFast {
					t.Error("fail-fast is on by default on a terminal")
				}
			},
		},
		{
			"parameters come by flags of their names, lists by repetition",
			"mine -n other --profile p --replicas 2 --warm-up --node-selector a=b --node-selector c=d --image jax-tpu=x --param extra=1 --set spec.replicas=3",
			false,
			deploy.Values{
				Profile: "p", Name: "mine", Namespace: "other", Set: []string{"spec.replicas=3"},
				Params: map[string]string{"replicas": "2", "warm-up": "true", "node-selector": "a=b,c=d", "image": "jax-tpu=x", "extra": "1"},
			},
			nil,
		},
		{
			"warm-up is written either way", "--warmup=false", false,
			deploy.Values{Name: "jetstream-pathways", Namespace: "models", Params: map[string]string{"warm-up": "false"}},
			nil,
		},
		{
			"a bare --dry-run is the client's, as in kubectl", "--dry-run --wait=false --timeout 5m --fail-fast=false", false,
			deploy.Values{Name: "jetstream-pathways", Namespace: "models"},
			func(t *testing.T, o *upOptions) {
				t.Helper()
				if o.dryRun != dryRunClient || o.wait || o.timeout != 5*time.Minute || o.failFast {
					t.Errorf("dry run %q, wait %v, timeout %v, fail-fast %v", o.dryRun, o.wait, o.timeout, o.failFast)
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := testApp(t)
			a.outTTY = tt.tty
			var got *upOptions
			cmd := upCommand(a, func(o *upOptions, _ context.Context) error {
				got = o
				return nil
			})
			a.cluster.flags.AddFlags(cmd.PersistentFlags())
			// Reading the flags again must not forget the test's kubeconfig.
			cmd.SetArgs(strings.Fields(tt.args))
			if err := cmd.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.given); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tt.check != nil {
				tt.check(t, got)
			}
		})
	}
}

func TestAParameterGivenTwoWaysMustAgree(t *testing.T) {
	t.Parallel()
	a, _ := testApp(t)
	cmd := upCommand(a, func(*upOptions, context.Context) error { return nil })
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{"--replicas", "2", "--param", "replicas=3"})
	var usage *usageError
	if err := cmd.ExecuteContext(t.Context()); !errors.As(err, &usage) {
		t.Errorf("error %v, want a usage error", err)
	}
}

func TestAReloadNeedsConsent(t *testing.T) {
	t.Parallel()
	path, err := deploy.ParsePath("leader.spec.containers[jax-tpu].args[per_device_batch_size]")
	if err != nil {
		t.Fatal(err)
	}
	changes := []deploy.Change{{Path: path, Old: "6", New: "4"}}
	tests := []struct {
		name    string
		yes     bool
		tty     bool
		typed   string
		want    func(error) bool
		wantAsk bool
	}{
		{"--yes goes ahead", true, false, "", func(err error) bool { return err == nil }, false},
		{"nobody to ask is a refusal that names --yes", false, false, "", func(err error) bool {
			return errors.As(err, new(*usageError)) && strings.Contains(err.Error(), "--yes")
		}, false},
		{"yes goes ahead", false, true, "y\n", func(err error) bool { return err == nil }, true},
		{"no changes nothing", false, true, "n\n", func(err error) bool { return errors.Is(err, errDeclined) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, stderr := testApp(t)
			a.inTTY, a.errTTY, a.In = tt.tty, tt.tty, strings.NewReader(tt.typed)
			var out bytes.Buffer
			u := &upRun{upOptions: &upOptions{app: a, yes: tt.yes, dryRun: dryRunNone}, sink: newEventSink(&out, "", "jetstream-pathways")}
			if err := u.confirmReload(t.Context(), changes); !tt.want(err) {
				t.Errorf("unexpected error: %v", err)
			}
			if !strings.Contains(out.String(), "args[per_device_batch_size]: 4, was 6") {
				t.Errorf("the change is not shown:\n%s", &out)
			}
			if asked := strings.Contains(stderr.String(), "Go ahead?"); asked != tt.wantAsk {
				t.Errorf("asked: %v, want %v", asked, tt.wantAsk)
			}
		})
	}
}

func TestOldPodsAreNotTakenForTheNewOnes(t *testing.T) {
	t.Parallel()
	applied := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	at := func(revision string, after time.Duration) status.Snapshot {
		return status.Snapshot{Rollout: status.Rollout{Revision: revision}, ObservedAt: applied.Add(after)}
	}
	tests := []struct {
		name     string
		before   string // revision before a change of the template, "" for no change
		snapshot status.Snapshot
		want     bool
	}{
		{"without a change what runs is what was wanted", "", at("a", 0), true},
		{"the controller has not noticed the change yet", "a", at("a", time.Second), false},
		{"the rollout has begun", "a", at("b", time.Second), true},
		{"a change that makes no new revision is not waited for for ever", "a", at("a", 2*time.Minute), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rolledOut{revision: tt.before, appliedAt: applied}
			if got := r.begun(tt.snapshot); got != tt.want {
				t.Errorf("begun: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestUpGoesOnWithoutItsValuesOnceTheyAreRemembered(t *testing.T) {
	t.Parallel()
	a, _ := testApp(t)
	a.args = []string{"up", "--profile", "p", "--set", "a=b c"}
	u := &upRun{upOptions: &upOptions{app: a, deployment: deploymentRef{namespace: "models", name: deploy.DefaultName}}}
	if got, want := u.goOn(), "kubectl jetstream up --profile p --set 'a=b c'"; got != want {
		t.Errorf("before it was applied: %q, want %q", got, want)
	}
	u.applied = true
	if got, want := u.goOn(), "kubectl jetstream up --kubeconfig "+shellQuote(*a.cluster.flags.KubeConfig); got != want {
		t.Errorf("after it was applied: %q, want %q", got, want)
	}
}

func TestACommandThatLeadsOnReachesTheSameClusterAsTheSamePerson(t *testing.T) {
	t.Parallel()
	a, _ := testApp(t)
	root := newRootCommand(a)
	const flags = "--kubeconfig k --context c --cluster l --user u --server https://203.0.113.2 --namespace n --as a --as-uid i --as-group g --as-group h"
	if err := root.ParseFlags(strings.Fields(flags)); err != nil {
		t.Fatal(err)
	}
	if got, want := a.again("status", deploymentRef{name: "mine"}), "kubectl jetstream status mine "+flags; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheCostsNameTheClusterInUse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ cluster, server, want string }{
		{"", "", "tpu"},
		{"gke_p_l_c", "", "gke_p_l_c"},
		{"gke_p_l_c", "https://203.0.113.2", ""},
	} {
		a, _ := testApp(t)
		*a.cluster.flags.ClusterName, *a.cluster.flags.APIServer = tt.cluster, tt.server
		d := &downRun{downOptions: &downOptions{app: a}}
		if got := d.contextInUse(); got != tt.want {
			t.Errorf("--cluster %q --server %q: %q, want %q", tt.cluster, tt.server, got, tt.want)
		}
	}
}

func TestAskingForNoGroupsEndsWhenThePodsAreGone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		replicas string
		stops    bool
		result   string
	}{{"0", true, "scaled to zero groups; start it again with: "}, {"2", false, "ask it something with: "}, {"", false, "ask it something with: "}} {
		a, _ := testApp(t)
		var out bytes.Buffer
		u := &upRun{
			upOptions: &upOptions{app: a, wait: true, deployment: deploymentRef{namespace: "models", name: deploy.DefaultName}},
			sink:      newEventSink(&out, "json", deploy.DefaultName),
		}
		u.given.Params = map[string]string{"replicas": tt.replicas}
		if got := u.stops(); got != tt.stops {
			t.Errorf("--replicas %q stops: %v, want %v", tt.replicas, got, tt.stops)
		}
		u.result(t.Context(), nil)
		if !strings.Contains(out.String(), tt.result) {
			t.Errorf("--replicas %q: %q is missing in %s", tt.replicas, tt.result, &out)
		}
		err := u.ended(t.Context(), outcome{ending: endedStill})
		if p := a.explain(t.Context(), err); exitCodeFor(t.Context(), err) != exitFailed || !strings.HasSuffix(strings.Join(p.remedy, "\n"), " --replicas N") {
			t.Errorf("a deployment found stopped: %+v", p)
		}
		err = u.ended(t.Context(), outcome{ending: endedDeleted})
		if p := a.explain(t.Context(), err); exitCodeFor(t.Context(), err) != exitFailed || !strings.Contains(p.what, "was deleted meanwhile") {
			t.Errorf("a deployment that was deleted: %+v", p)
		}
	}
}

func TestAFindingAboutPodsThatARolloutReplacesIsNotFinal(t *testing.T) {
	t.Parallel()
	s := status.Snapshot{
		Rollout:  status.Rollout{Revision: "b"},
		Groups:   []status.Group{{Index: 0, Revision: "a"}},
		Findings: []status.Finding{{Summary: "bad path", Fatal: true}},
	}
	if f := fatalNow(s); f != nil {
		t.Errorf("%q ends the wait although the group is about to be replaced", f.Summary)
	}
	s.Groups[0].Revision = "b"
	if fatalNow(s) == nil {
		t.Error("a finding about the present revision does not end the wait")
	}
}
