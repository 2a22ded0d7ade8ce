package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deployment is what `up` is given for one profile.
type deployment struct {
	profile, checkpoint string
	pods                int    // of one replica
	seat                string // the kind that holds one replica
}

var (
	llama405B = deployment{
		profile: "llama-3.1-405b-v6e-4x4", checkpoint: "gs://models/llama-3.1-405b/int8", pods: 5, seat: one405B,
	}
	llama70B = deployment{
		profile: "llama-2-70b-v6e-2x4-disagg", checkpoint: "gs://models/llama-2-70b/int8", pods: 5, seat: one70B,
	}
)

// up is the command line that deploys d into a namespace.
func (d deployment) up(ns string, more ...string) []string {
	return append([]string{
		"up", "-n", ns, "--no-tui", "--timeout", "2m", "--profile", d.profile,
		"--checkpoint", d.checkpoint, "--pathways-bucket", "gs://pathways-scratch",
	}, more...)
}

// again is the command line that goes on with what was deployed.
func again(ns string, more ...string) []string {
	return append([]string{"up", "-n", ns, "--no-tui", "--timeout", "2m"}, more...)
}

// mustUp deploys and waits until ready.
func (c *cluster) mustUp(t *testing.T, ns string, d deployment, more ...string) result {
	t.Helper()
	r := c.jetstream(t, d.up(ns, more...)...)
	if r.code != 0 {
		t.Fatalf("up: %s", r)
	}
	return r
}

// expect checks an exit code and that each text was printed on either stream.
func expect(t *testing.T, what string, r result, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("%s: want exit code %d: %s", what, code, r)
		return
	}
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("%s does not say %q: %s", what, text, r)
		}
	}
}

func TestUpServesEachProfileAndDownEndsIt(t *testing.T) {
	t.Parallel()
	for _, d := range []deployment{llama405B, llama70B} {
		t.Run(d.profile, func(t *testing.T) {
			t.Parallel()
			ns, place := seat(t, d.seat)

			expect(t, "up", shared.mustUp(t, ns, d, place...), 0,
				"lws/jetstream-pathways  created", "svc/jetstream-svc       created", "restore done", "READY after", "generate")
			expect(t, "status", shared.jetstream(t, "status", "-n", ns), 0, "Ready", d.profile, "5/5")
			answersInPieces(t, ns)

			again := shared.jetstream(t, again(ns)...)
			expect(t, "up without flags, repeated", again, 0, "lws/jetstream-pathways  unchanged", "svc/jetstream-svc       unchanged", "READY")
			if strings.Contains(again.stdout, "LOADING") || strings.Contains(again.stdout, "restore") {
				t.Errorf("up of what is ready tells of its start: %s", again)
			}

			expect(t, "down", shared.jetstream(t, "down", "-n", ns, "--yes"), 0,
				"node-pools delete", "clusters delete", "storage rm --recursive "+d.checkpoint,
				"storage rm --recursive gs://pathways-scratch", "service-accounts delete")
			if left := shared.kubectl(t, "get", "lws,pods,svc,sts", "-n", ns, "-o", "name"); left != "" {
				t.Errorf("down left:\n%s", left)
			}
			expect(t, "down, repeated", shared.jetstream(t, "down", "-n", ns, "--yes"), 0, "nothing left to delete")
			expect(t, "status after down", shared.jetstream(t, "status", "-n", ns), 3, "NotFound")
			expect(t, "generate after down", shared.jetstream(t, "generate", "-n", ns, "hello"), 3, "there is no deployment", "up")
		})
	}
}

// answersInPieces asks the default deployment of a namespace and reads the answer as
// it is streamed.
func answersInPieces(t *testing.T, ns string) {
	t.Helper()
	r := shared.jetstream(t, "generate", "-n", ns, "--max-tokens", "30", "-o", "jsonl", "What is a TPU?")
	if r.code != 0 {
		t.Errorf("generate: %s", r)
		return
	}
	text, pieces, complete := "", 0, false
	for line := range strings.Lines(r.stdout) {
		var piece struct {
			Text     string
			Complete bool
		}
		if err := json.Unmarshal([]byte(line), &piece); err != nil {
			t.Errorf("%v in line %q", err, line)
		}
		text += piece.Text
		complete = piece.Complete
		pieces++
	}
	if pieces < 10 || strings.TrimSpace(text) == "" || !complete {
		t.Errorf("the answer came in %d pieces, complete: %t: %s", pieces, complete, r)
	}
	plain := shared.jetstream(t, "generate", "-n", ns, "--max-tokens", "10", "What is a TPU?")
	if plain.code != 0 || strings.TrimSpace(plain.stdout) == "" || plain.stderr != "" {
		t.Errorf("generate: %s", plain)
	}
}

func TestTwoDeploymentsLiveBesideEachOther(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, two70B)
	shared.mustUp(t, ns, llama70B, place...)
	second := append([]string{"up", "llama"}, llama70B.up(ns, place...)[1:]...)
	expect(t, "up llama", shared.jetstream(t, second...), 0, "lws/llama", "svc/llama-svc", "--name llama")
	services := shared.kubectl(t, "get", "endpointslices", "-n", ns, "-o",
		`jsonpath={range .items[*]}{.metadata.labels.kubernetes\.io/service-name} {.endpoints[*].targetRef.name}{"\n"}{end}`)
	for _, want := range []string{"jetstream-svc jetstream-pathways-0\n", "llama-svc llama-0\n"} {
		if !strings.Contains(services, want) {
			t.Errorf("no endpoint line %q in\n%s", want, services)
		}
	}
	for _, name := range []string{"jetstream-pathways", "llama"} {
		expect(t, "generate --name "+name, shared.jetstream(t, "generate", "-n", ns, "--name", name, "--max-tokens", "5", "hello"), 0)
	}
	expect(t, "down llama", shared.jetstream(t, "down", "llama", "-n", ns, "--yes"), 0, "lws/llama")
	expect(t, "the first deployment after the second one's down", shared.jetstream(t, "status", "-n", ns), 0, "Ready")
}

func TestScalingByHandSurvivesARepeatedUp(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, two405B)
	shared.mustUp(t, ns, llama405B, place...)
	replicas := func() string {
		return shared.kubectl(t, "get", "lws", "-n", ns, "jetstream-pathways", "-o", "jsonpath={.spec.replicas}")
	}
	shared.kubectl(t, "scale", "-n", ns, "lws/jetstream-pathways", "--replicas=2")
	expect(t, "up after scaling", shared.jetstream(t, again(ns)...), 0, "unchanged", "READY")
	if got := replicas(); got != "2" {
		t.Errorf("replicas after a repeated up: %s, want the 2 that were scaled to", got)
	}
	expect(t, "status with two replicas", shared.jetstream(t, "status", "-n", ns), 0, "2 groups", "group 1")

	// Whoever scaled holds the field; to take it back is to be said.
	expect(t, "up --replicas 1", shared.jetstream(t, again(ns, "--replicas", "1")...), 1, `"kubectl"`, "spec.replicas", "--force-conflicts")
	if got := replicas(); got != "2" {
		t.Errorf("replicas after a conflict: %s", got)
	}
	expect(t, "up --replicas 1 --force-conflicts", shared.jetstream(t, again(ns, "--replicas", "1", "--force-conflicts")...), 0, "configured")
	eventually(t, time.Minute, func() (bool, string) {
		pods := shared.kubectl(t, "get", "pods", "-n", ns, "-o", "name")
		return strings.Count(pods, "\n") == llama405B.pods, pods
	})
}

// jsonEvent is one line of `up -o json`, as docs/events.md describes it.
type jsonEvent struct {
	Time      time.Time
	Type      string
	Object    string
	Container string
	Message   string
	Data      struct {
		Action   string
		ID       string
		State    string
		Phase    string
		Status   string
		Code     string
		Cause    string
		Remedy   string
		Evidence []string
		Fatal    bool
		Result   string
		ExitCode int
		Next     []string
	}
}

// jsonEvents decodes the output of `up -o json`.
func jsonEvents(t *testing.T, output string) []jsonEvent {
	t.Helper()
	var events []jsonEvent
	for line := range strings.Lines(output) {
		var e jsonEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in line %q", err, line)
		}
		if e.Time.IsZero() || e.Type == "" || e.Message == "" {
			t.Errorf("time, type or message is missing in %q", line)
		}
		events = append(events, e)
	}
	return events
}

func TestUpPrintsOneJSONObjectAnEvent(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)
	r := shared.mustUp(t, ns, llama70B, append(place, "-o", "json")...)
	events := jsonEvents(t, r.stdout)
	has := func(what string, is func(jsonEvent) bool) {
		t.Helper()
		if !slices.ContainsFunc(events, is) {
			t.Errorf("no event tells %s:\n%s", what, r.stdout)
		}
	}
	has("what was applied", func(e jsonEvent) bool {
		return e.Type == "applied" && e.Object == "leaderworkerset.leaderworkerset.x-k8s.io/jetstream-pathways" && e.Data.Action == "created"
	})
	has("that a pod runs", func(e jsonEvent) bool {
		return e.Type == "pod" && e.Object == "pod/jetstream-pathways-0" && e.Data.Status == "Running"
	})
	has("that the checkpoint was restored", func(e jsonEvent) bool {
		return e.Type == "milestone" && e.Container == "jax-tpu" && e.Data.ID == "restore" && e.Data.State == "done"
	})
	has("the last phase", func(e jsonEvent) bool { return e.Type == "phase" && e.Data.Phase == "Ready" })
	if last := events[len(events)-1]; last.Type != "result" || last.Data.Result != "ready" || last.Data.ExitCode != 0 || len(last.Data.Next) == 0 {
		t.Errorf("the last event is %+v", last)
	}
	if r.stderr != "" {
		t.Errorf("standard error is not empty: %s", r.stderr)
	}
}

func TestATimeoutLeavesTheClusterAndSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one405B)
	// The nodes get the label only after the timeouts, so that these do not race with
	// the model, however fast or slow the machine is.
	const open = "e2e/open"
	place = append(place, "--node-selector", open+"="+ns)
	expect(t, "up --wait=false", shared.jetstream(t, llama405B.up(ns, append(place, "--wait=false")...)...), 0, "created", "status --wait")
	expect(t, "up --timeout", shared.jetstream(t, again(ns, "--fail-fast=false", "--timeout", "10s")...), 124,
		"timed out after 10s: the last known state is Pending", "kubectl jetstream up --namespace "+ns)
	expect(t, "status --wait --timeout", shared.jetstream(t, "status", "-n", ns, "--wait", "--timeout", "50ms"), 124, "timed out after 50ms")
	shared.kubectl(t, "label", "nodes", "-l", place[1], open+"="+ns)
	t.Cleanup(func() { shared.kubectl(t, "label", "nodes", "-l", place[1], open+"-") })
	expect(t, "waiting on", shared.jetstream(t, "status", "-n", ns, "--wait", "--fail-fast=false", "--timeout", "2m"), 0, "Ready")
}

func TestUpStopsAtASignalAndConvergesWhenRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		at     string // the line after which the signal comes
		signal syscall.Signal
		code   int // -1: killed, no exit code
	}{
		{"an interrupt while loading", "LOADING", syscall.SIGINT, 130},
		{"a termination before pods run", "svc/jetstream-svc       created", syscall.SIGTERM, 143},
		{"a kill half-way through applying", "lws/jetstream-pathways  created", syscall.SIGKILL, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ns, place := seat(t, one405B)
			up := shared.start(t, llama405B.up(ns, place...)...)
			up.await(t, c.at)
			if code := up.end(t, c.signal); code != c.code {
				t.Errorf("%v: exit code %d, want %d\n%s", c.signal, code, c.code, up.printed())
			}
			if c.code > 0 && !strings.Contains(up.printed(), "kubectl jetstream up --namespace "+ns) {
				t.Errorf("%v: no word on how to resume:\n%s", c.signal, up.printed())
			}
			if got := shared.kubectl(t, "get", "lws", "-n", ns, "-o", "name"); !strings.Contains(got, "jetstream-pathways") {
				t.Errorf("%v: the deployment is gone: %q", c.signal, got)
			}
			expect(t, "up, repeated", shared.jetstream(t, again(ns)...), 0, "lws/jetstream-pathways  unchanged", "svc/jetstream-svc", "READY")
			if r := shared.jetstream(t, "generate", "-n", ns, "--max-tokens", "5", "hello"); r.code != 0 {
				t.Errorf("generate: %s", r)
			}
		})
	}
}

func TestAThirdProfileIsServedFromDataAlone(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t) // The profile has no parameters for a seat.
	third := deployment{
		profile:    "../../internal/deploy/testdata/profiles/llama-3.1-8b-v6e-2x4",
		checkpoint: "gs://models/llama-3.1-8b/unscanned/checkpoints/0/items",
	}
	expect(t, "up", shared.mustUp(t, ns, third), 0, "READY")
	expect(t, "status", shared.jetstream(t, "status", "-n", ns), 0, "llama-3.1-8b-v6e-2x4")
	expect(t, "generate", shared.jetstream(t, "generate", "-n", ns, "--max-tokens", "5", "hello"), 0)
	expect(t, "up without flags, repeated", shared.jetstream(t, again(ns)...), 0, "unchanged", "READY")
}
