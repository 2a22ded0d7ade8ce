package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
)

// logServer is an API server that has the pods of one group.
type logServer struct {
	mu   sync.Mutex
	pods []corev1.Pod
	logs map[string]string // by pod/container, or pod/container/previous
	code int               // of answers to requests for logs, if not 0
}

func (s *logServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const pods = "/api/v1/namespaces/models/pods"
	pod, isLog := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, pods+"/"), "/log")
	switch {
	case isLog && s.code != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(s.code)
		_, _ = w.Write(statusBody(s.code, "Forbidden", "pods/log is forbidden"))
	case isLog:
		key := pod + "/" + r.URL.Query().Get("container")
		if r.URL.Query().Get("previous") == "true" {
			key += "/previous"
		}
		fmt.Fprint(w, s.logs[key])
	case r.URL.Path == pods:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(corev1.PodList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Items: s.pods,
		})
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(statusBody(http.StatusNotFound, "NotFound", "not found"))
	}
}

func (s *logServer) set(logs map[string]string, pods ...corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods, s.logs = pods, logs
}

// leaderPod is the leader of group 0 with running containers.
func leaderPod(uid string, restarts int32, containers ...string) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "jetstream-pathways-0", Namespace: "models", UID: types.UID(uid),
		Labels: map[string]string{
			lwsv1.SetNameLabelKey: "jetstream-pathways", lwsv1.GroupIndexLabelKey: "0", lwsv1.WorkerIndexLabelKey: "0",
		},
	}}
	for _, name := range containers {
		s := corev1.ContainerStatus{
			Name: name, RestartCount: restarts,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}
		if restarts > 0 {
			s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1}
		}
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, s)
	}
	return p
}

// logsHome is a home and a cluster of its own for the program. It sets
// environment variables, so such tests do not run beside others.
func logsHome(t *testing.T) (s *logServer, run func(args ...string) (code int, stdout, stderr string)) {
	t.Helper()
	s = &logServer{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(kubeconfig, "https://203.0.113.1", server.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", config)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	return s, func(args ...string) (int, string, string) {
		var out, stderr bytes.Buffer
		code := runApp(t, &out, &stderr, args...)
		return code, out.String(), stderr.String()
	}
}

func runApp(t *testing.T, out, stderr *bytes.Buffer, args ...string) int {
	t.Helper()
	return run(t.Context(), append([]string{"kubectl-jetstream"}, args...), streams{
		IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: out, ErrOut: stderr},
	})
}

func TestLogsOutliveTheirPods(t *testing.T) {
	server, run := logsHome(t)
	server.set(map[string]string{
		"jetstream-pathways-0/jax-tpu/previous": "2026-03-01T12:00:01Z first run\n",
		"jetstream-pathways-0/jax-tpu":          "2026-03-01T12:00:03Z second run\n",
		"jetstream-pathways-0/jetstream-http":   "2026-03-01T12:00:02Z noise\n",
	}, leaderPod("a", 0, "jetstream-http"), leaderPod("a", 1, "jax-tpu"))

	expect := func(when, wantOut, wantErr string, args ...string) {
		t.Helper()
		code, out, stderr := run(args...)
		wantCode := 0
		if strings.HasPrefix(wantErr, "error: ") {
			wantCode = 1
		}
		if diff := cmp.Diff(wantOut, out); diff != "" || code != wantCode || !strings.HasPrefix(stderr, wantErr) || wantErr == "" && stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q, stdout (-want +got):\n%s", when, code, stderr, diff)
		}
	}
	expect("with two runs", "first run\nsecond run\n", "", "logs")
	expect("again", "first run\nsecond run\n", "", "logs")
	expect("with the noise", "jetstream-pathways-0/jax-tpu first run\njetstream-pathways-0/jetstream-http noise\njetstream-pathways-0/jax-tpu second run\n", "", "logs", "--all-containers")
	expect("of the noise alone", "noise\n", "", "logs", "-c", "jetstream-http")
	expect("with no earlier incarnation", "", "error: no logs of an earlier incarnation of jetstream-pathways are kept\n", "logs", "--previous-incarnation")
	expect("of a container that is not there", "",
		"error: no log of jetstream-pathways fits --container \"jax\"\n  There are logs of these pods and containers:\n    jetstream-pathways-0/jax-tpu\n    jetstream-pathways-0/jetstream-http\n",
		"logs", "-c", "jax")

	// The group is created anew and has not said anything.
	server.set(nil, leaderPod("b", 0))
	expect("of a new group", "first run\nsecond run\n", "", "logs")
	expect("of the one before", "first run\nsecond run\n", "", "logs", "--previous-incarnation")
	a := newApp("kubectl jetstream", streams{IOStreams: genericiooptions.NewTestIOStreamsDiscard()})
	here := deploymentRef{"models", "jetstream-pathways"}
	stream := logtail.Stream{Pod: "jetstream-pathways-0", Container: "jax-tpu"}
	lines, began, err := a.earlierLog(t.Context(), here, stream)
	want := []logtail.Line{
		{Stream: stream, UID: "a", Restart: 0, Time: time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC), Text: "first run", Seq: 1},
		{Stream: stream, UID: "a", Restart: 1, Time: time.Date(2026, 3, 1, 12, 0, 3, 0, time.UTC), Text: "second run", Seq: 2},
	}
	if diff := cmp.Diff(want, lines); diff != "" || err != nil || !began.Equal(want[0].Time) {
		t.Errorf("earlier log: began %s, error %v, lines (-want +got):\n%s", began, err, diff)
	}
	stream.Container = "jetstream-http"
	if lines, began, err := a.earlierLog(t.Context(), here, stream); len(lines) > 0 || !began.IsZero() || err != nil {
		t.Errorf("a log that is not kept: %v, %s, %v", lines, began, err)
	}

	server.set(map[string]string{"jetstream-pathways-0/jax-tpu": "2026-03-01T13:00:00Z third run\n"}, leaderPod("b", 0, "jax-tpu"))
	expect("of both", "first run\nsecond run\nthird run\n", "", "logs")
	expect("of the end", "third run\n", "", "logs", "--tail", "1")

	server.set(nil)
	expect("after all", "first run\nsecond run\nthird run\n", "jetstream-pathways in namespace models is gone; this is what was kept of its logs\n", "logs")
	expect("of what was last", "third run\n", "jetstream-pathways in namespace models is gone", "logs", "--previous-incarnation")
}

func TestLogsThatMayNotBeReadAreAnErrorAfterTheKeptOnes(t *testing.T) {
	server, run := logsHome(t)
	server.set(map[string]string{"jetstream-pathways-0/jax-tpu": "2026-03-01T12:00:01Z kept\n"}, leaderPod("a", 0, "jax-tpu"))
	if code, _, stderr := run("logs"); code != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	server.mu.Lock()
	server.code = http.StatusForbidden
	server.mu.Unlock()
	code, out, stderr := run("logs")
	if code != 1 || out != "kept\n" || !strings.Contains(stderr, "jax-tpu in pod jetstream-pathways-0") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out, stderr)
	}
}

func TestNothingIsKeptWhereThatIsSwitchedOff(t *testing.T) {
	server, run := logsHome(t)
	t.Setenv("KUBECTL_JETSTREAM_KEEP_LOGS", "0")
	server.set(map[string]string{"jetstream-pathways-0/jax-tpu": "2026-03-01T12:00:01Z once\n"}, leaderPod("a", 0, "jax-tpu"))
	if code, out, stderr := run("logs"); code != 0 || out != "once\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out, stderr)
	}
	server.set(nil)
	if code, out, stderr := run("logs"); code != 1 || out != "" || !strings.Contains(stderr, "no logs of one are kept") {
		t.Errorf("afterwards: exit code %d, stdout %q, stderr %q", code, out, stderr)
	}
}

func TestControlCharactersReachATerminalOnlyWhereItIsNone(t *testing.T) {
	server, run := logsHome(t)
	const raw = "\x1b[2J\x1b]0;title\x07text"
	server.set(map[string]string{"jetstream-pathways-0/jax-tpu": "2026-03-01T12:00:01Z " + raw + "\n"}, leaderPod("a", 0, "jax-tpu"))
	if _, out, _ := run("logs"); out != raw+"\n" {
		t.Errorf("into a file: %q", out)
	}
	var out, stderr bytes.Buffer
	a := newApp("kubectl jetstream", streams{IOStreams: genericiooptions.IOStreams{In: &stderr, Out: &out, ErrOut: &stderr}, outTTY: true})
	root := newRootCommand(a)
	root.SetArgs([]string{"logs"})
	if err := root.ExecuteContext(t.Context()); err != nil || out.String() != "text\n" {
		t.Errorf("to a terminal: %q, error %v", out.String(), err)
	}
}
