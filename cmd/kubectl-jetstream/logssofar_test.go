package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestADamagedKeptLogIsWorthARemark(t *testing.T) {
	server, run := logsHome(t)
	server.set(map[string]string{"jetstream-pathways-0/jax-tpu": "2026-03-01T12:00:01Z first\n"}, leaderPod("a", 0, "jax-tpu"))
	if code, _, stderr := run("logs"); code != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	kept, err := filepath.Glob(filepath.Join(os.Getenv("XDG_STATE_HOME"), "kubectl-jetstream", "deployments", "*", "*", "*", "group-0_a", "*.log"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept files %v, %v", kept, err)
	}
	if err := os.WriteFile(kept[0], []byte(`{"kubectlJetstreamLog":99}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server.set(map[string]string{"jetstream-pathways-0/jax-tpu": "2026-03-01T13:00:01Z second\n"}, leaderPod("b", 0, "jax-tpu"))
	code, out, stderr := run("logs")
	if code != exitOK || out != "second\n" || strings.Count(stderr, kept[0]+": its format is 99") != 1 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out, stderr)
	}
}

func TestALogThatCannotBeReadAtTheMomentIsFollowedAllTheSame(t *testing.T) {
	t.Parallel()
	logs := schema.GroupResource{Resource: "pods/log"}
	tests := []struct {
		name    string
		failure error
		follow  bool
		goesOn  bool
	}{
		{"the kubelet is restarting", apierrors.NewInternalError(errors.New("connection refused")), true, true},
		{"it may not be read", apierrors.NewForbidden(logs, "", errors.New("no")), true, false},
		{"one look", apierrors.NewInternalError(errors.New("connection refused")), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, stderr := testApp(t)
			a.Out = &bytes.Buffer{}
			o := &logsOptions{app: a, deployment: deploymentRef{"models", "jetstream-pathways"}, follow: tt.follow}
			c := newLiveCluster(t)
			pod := leaderPod("a", 0, "jax-tpu", "pathways-rm")
			c.change(t, &pod)
			c.kube.(*fake.Clientset).PrependReactor("get", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
				return action.GetSubresource() == "log", nil, tt.failure
			})
			present, err := o.lookAtPods(t.Context(), c.clients, o.deployment)
			if err != nil {
				t.Fatal(err)
			}
			far, err := o.printSoFar(t.Context(), c.clients, present, o.printer(present, nil))
			if goesOn := err == nil && far != nil; goesOn != tt.goesOn {
				t.Errorf("it goes on: %v, error %v", goesOn, err)
			}
			if told := strings.Count(stderr.String(), "reading the log of "); (told == 2) != tt.goesOn {
				t.Errorf("remarks %q", stderr)
			}
		})
	}
}
