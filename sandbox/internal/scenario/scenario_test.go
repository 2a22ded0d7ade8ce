package scenario

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

func TestNames(t *testing.T) {
	t.Parallel()
	want := []string{
		"bad-checkpoint-path", "happy", "hbm-oom-in-warmup", "hostile-text", "image-pull-denied",
		"model-runs-on", "no-tpu-nodes", "node-lost", "proxy-args-missing", "slow-restore", "worker-crash",
	}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Errorf("Names (-want +got)\n%s", diff)
	}
}

func TestEveryScenarioSaysWhatItIsAndWhereItIsFrom(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		s, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if s.Name != name || len(s.Summary) < 20 || s.Provenance == "" {
			t.Errorf("%s: summary %q, provenance %q", name, s.Summary, s.Provenance)
		}
	}
}

func TestEveryScenarioHasItsRowInTheDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, m[1])
	}
	slices.Sort(rows)
	if diff := cmp.Diff(Names(), rows); diff != "" {
		t.Errorf("rows of docs/faults.md (-scenarios +rows)\n%s", diff)
	}
}

func TestLookupListsWhatThereIs(t *testing.T) {
	t.Parallel()
	_, err := Lookup("hapy")
	if err == nil || !strings.Contains(err.Error(), `"hapy"`) || !strings.Contains(err.Error(), "happy, hbm-oom-in-warmup") {
		t.Errorf("error %v, want the names", err)
	}
}

// faults sets a scenario's faults in a world of its own.
func faults(t *testing.T, name string) *world.World {
	t.Helper()
	s, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	w := world.New(world.Options{})
	w.SetFaults(s.Faults)
	return w
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	if err := faults(t, "image-pull-denied").Faults().Pull("us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server:jax-0.5.3"); !errors.Is(err, world.ErrImageDenied) {
		t.Errorf("pulling a Pathways image: %v", err)
	}
	if err := faults(t, "image-pull-denied").Faults().Pull("us-docker.pkg.dev/cloud-tpu-images/inference/jetstream-http:v0.2.3"); err != nil {
		t.Errorf("pulling another image: %v", err)
	}
	if _, err := faults(t, "bad-checkpoint-path").Checkpoint("gs://bucket/int8"); !errors.Is(err, world.ErrNotFound) {
		t.Errorf("looking up a checkpoint: %v", err)
	}
	if got := faults(t, "hbm-oom-in-warmup").HBM(40 * gib); got != 32*gib {
		t.Errorf("40 GiB become %d", got)
	}
	if slow, usual := faults(t, "slow-restore").ReadRate(), faults(t, "happy").ReadRate(); slow*4 != usual {
		t.Errorf("the rate is %g of %g", slow, usual)
	}
	answer := func(name string) (a world.Answer) {
		a.Text = "an answer"
		faults(t, name).Faults().Answer(&a)
		return a
	}
	if diff := cmp.Diff(world.Answer{Text: "an answer", RunsOn: true}, answer("model-runs-on")); diff != "" {
		t.Errorf("a model that runs on (-want +got)\n%s", diff)
	}
	hostile := answer("hostile-text")
	if len(hostile.Token) != 10<<20 || hostile.RunsOn {
		t.Errorf("the last token has %d bytes; the model runs on: %v", len(hostile.Token), hostile.RunsOn)
	}
	for _, evil := range []string{"simulated", "\x1b]52;", "\x1b]0;", "\x1b[2J", "\u202e", "\u200b", "\r"} {
		if !strings.Contains(hostile.Text, evil) {
			t.Errorf("hostile text lacks %q", evil)
		}
	}
	proxy := world.Start{Image: "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/proxy_server:jax-0.5.3", Args: []string{"--server_port=38681"}}
	server := world.Start{Image: "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server:jax-0.5.3", Args: []string{"--server_port=38677"}}
	edit := faults(t, "proxy-args-missing").Faults().Start
	edit(&proxy)
	edit(&server)
	if len(proxy.Args) != 0 || len(server.Args) != 1 {
		t.Errorf("arguments left: proxy %v, server %v", proxy.Args, server.Args)
	}
}

func TestOnlyWorkerOneCrashes(t *testing.T) {
	t.Parallel()
	crash := faults(t, "worker-crash").Faults().Crash
	reach := func(index, name string) int {
		code, _ := crash(world.Milestone{Pod: "jetstream-pathways-0-" + index, Container: "worker", Name: name, Labels: map[string]string{"leaderworkerset.sigs.k8s.io/worker-index": index}})
		return code
	}
	got := []int{reach("1", "serving"), reach("2", "executing"), reach("1", "executing"), reach("1", "executing")}
	if diff := cmp.Diff([]int{0, 0, 1, 1}, got); diff != "" {
		t.Errorf("exit codes (-want +got)\n%s", diff)
	}
}

// fakeCluster records what a scenario does to it.
type fakeCluster struct{ did []string }

func (c *fakeCluster) RemoveTPUNodes(context.Context) error {
	c.did = append(c.did, "remove")
	return nil
}

func (c *fakeCluster) RestoreTPUNodes(context.Context) error {
	c.did = append(c.did, "restore")
	return nil
}

func (c *fakeCluster) CrashTPUNode(context.Context) error {
	c.did = append(c.did, "crash")
	return nil
}

func (c *fakeCluster) ReviveTPUNode(context.Context) error {
	c.did = append(c.did, "revive")
	return nil
}

func (c *fakeCluster) KillContainers(func(namespace, pod, container string, labels map[string]string) bool, int) int {
	c.did = append(c.did, "kill")
	return 0
}

func TestWhatScenariosDoToNodesTheyUndo(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{"no-tpu-nodes": {"remove", "restore"}, "node-lost": {"crash", "revive"}} {
		s, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		c := new(fakeCluster)
		if err := errors.Join(s.Enter(t.Context(), c), s.Leave(t.Context(), c)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.did, want) {
			t.Errorf("%s did %v", name, c.did)
		}
	}
}
