package e2e

import (
	"strings"
	"testing"
)

// scenario is one fault of the sandbox and what `up` must make of it.
type scenario struct {
	name    string
	code    int    // exit code
	finding string // the code of the one finding that matters; empty for none at all
	fatal   bool
	says    []string // each must be in that finding's summary, cause, remedy or evidence
}

func TestUpNamesTheCauseOfEachScenario(t *testing.T) { //nolint:tparallel // a fault meets every container of its cluster, so these take turns on one
	t.Parallel()
	c := ownCluster(t)
	if err := c.installLWS(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range []scenario{
		{name: "slow-restore"},
		{
			name: "bad-checkpoint-path", code: 4, finding: "checkpoint-not-found", fatal: true,
			says: []string{"gs://models/llama-3.1-405b/int8", "not found", "--checkpoint"},
		},
		{
			name: "proxy-args-missing", code: 4, finding: "proxy-unreachable", fatal: true,
			says: []string{"pathways-proxy", "arguments", "--resource_manager_address"},
		},
		{
			name: "hbm-oom-in-warmup", code: 4, finding: "hbm-out-of-memory", fatal: true,
			says: []string{"out of TPU memory", "--batch-size"},
		},
		{
			name: "image-pull-denied", code: 4, finding: "image-denied", fatal: true,
			says: []string{"cloud-tpu-v2-images/pathways/", "allowlist", "ask Google"},
		},
		{
			// It strikes each incarnation of the group: the second time is one too many.
			name: "worker-crash", code: 4, finding: "unknown", fatal: true,
			says: []string{"worker ended with exit code 1 (2 times)", "cause unknown"},
		},
	} {
		t.Run(s.name, func(t *testing.T) { c.meet(t, s) })
	}
	t.Run("happy until the model misbehaves", func(t *testing.T) {
		c.askWhatMisbehaves(t, c.meet(t, scenario{name: "happy"}))
	})
}

// No node is a state that may pass, so it has to last before it counts, and a node may
// be silent for a while: this test mostly waits, on a cluster of its own while others
// work.
func TestNodesThatAreMissing(t *testing.T) { //nolint:tparallel // both concern the nodes of one cluster
	t.Parallel()
	c := ownCluster(t, "--scenario", "no-tpu-nodes")
	if err := c.installLWS(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("up names the nodes that no pool has", func(t *testing.T) {
		c.meet(t, scenario{
			name: "no-tpu-nodes", code: 4, finding: "no-matching-node", fatal: true,
			says: []string{"no node has", "cloud.google.com/gke-tpu-topology=4x4", "create a node pool"},
		})
	})
	c.setScenario(t, "happy")
	t.Run("the dashboard shows a node that is lost", func(t *testing.T) { c.showLostNode(t) })
}

// passing reports whether a finding may come and go without any scenario: shortly after
// its installation the server of LeaderWorkerSet's webhook may drop a connection.
func passing(code string, fatal bool) bool { return code == "webhook-unavailable" && !fatal }

func (c *cluster) setScenario(t *testing.T, name string) {
	t.Helper()
	if r := c.run(t, "", bin("jetstream-sandbox"), "scenario", "set", name, "--dir", c.dir); r.code != 0 {
		t.Fatalf("scenario set: %s", r)
	}
}

// meet deploys under a scenario and compares what `up` says with what it should.
func (c *cluster) meet(t *testing.T, s scenario) (ns string) {
	t.Helper()
	ns = c.namespace(t)
	c.setScenario(t, s.name)
	r := c.jetstream(t, llama405B.up(ns, "-o", "json")...)
	if r.code != s.code {
		t.Fatalf("exit code %d, want %d: %s", r.code, s.code, r)
	}
	var said []string
	found := false
	for _, e := range jsonEvents(t, r.stdout) {
		if e.Type != "finding" || passing(e.Data.Code, e.Data.Fatal) && s.finding != e.Data.Code {
			continue
		}
		text := strings.Join(append(e.Data.Evidence, e.Message, e.Data.Cause, e.Data.Remedy), "\n")
		said = append(said, e.Data.Code+": "+text)
		if e.Data.Code != s.finding || e.Data.Fatal != s.fatal {
			continue
		}
		found = true
		for _, want := range s.says {
			if !strings.Contains(text, want) {
				t.Errorf("the finding does not say %q:\n%s", want, text)
			}
		}
	}
	if s.finding == "" && len(said) > 0 {
		t.Errorf("nothing is wrong, and up finds:\n%s", strings.Join(said, "\n\n"))
	}
	if s.finding != "" && !found {
		t.Errorf("no finding %s (fatal: %t):\n%s", s.finding, s.fatal, r)
	}
	if s.fatal && !strings.Contains(r.stderr, "error: ") {
		t.Errorf("nothing on standard error: %s", r)
	}
	return ns
}
