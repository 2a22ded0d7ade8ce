package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTheDashboardShowsWhatWasMadeByHand(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, fillGuide(t, "jetstream-pathways-disagg-llama-2-70b-2-2x4.yaml", "gs://models/maxtext/llama-2-70b/int8"), "-n", ns)
	term := shared.onTerminal(t, 120, 40, "monitor", "-n", ns)
	term.await("the model serving", 2*time.Minute, func(screen string) bool {
		// The guide's probes may hide for minutes what /healthcheck tells.
		return strings.Contains(screen, "SERVING for") || strings.Contains(screen, "READY for")
	})
	term.see("llama2-70b", "gs://models/maxtext/llama-2-70b/int8", "✓ restore 2/2", "✓ slices 2/2", "✓ serving")
	term.press("q")
	if code, left := term.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, left)
	}
}

func TestTheDashboardShowsManyHostsAsAGrid(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	// The guide's 405B on the largest slice of this kind: 256 chips on 64 hosts.
	manifest := strings.NewReplacer("4x4", "16x16", "size: 5", "size: 65", "ici_autoregressive_parallelism=2", "ici_autoregressive_parallelism=32").
		Replace(fillGuide(t, "jetstream-pathways-llama-3-1-405b-4x4.yaml", "gs://models/llama-3.1-405b/int8"))
	// As it stands there, the proxy has no arguments.
	manifest = strings.Replace(manifest, "          args:\n          imagePullPolicy", `          args:
          - --server_port=38681
          - --resource_manager_address=$(LWS_LEADER_ADDRESS):38677
          - --gcs_scratch_location=gs://pathways-scratch
          imagePullPolicy`, 1)
	shared.apply(t, manifest, "-n", ns)
	term := shared.onTerminal(t, 120, 40, "monitor", "-n", ns)
	term.await("64 ready hosts that serve a model", 2*time.Minute, func(screen string) bool {
		return strings.Contains(screen, "READY for") && strings.Contains(screen, "65/65") && strings.Count(screen, "●") >= 64 && strings.Contains(screen, "workers 64/64")
	})
	const deleted = "jetstream-pathways-0-33"
	if topology := shared.kubectl(t, "get", "pod", "-n", ns, deleted, "-o", `jsonpath={.spec.nodeSelector.cloud\.google\.com/gke-tpu-topology}`); topology != "16x16" {
		t.Errorf("worker 33 runs on a slice of %s", topology)
	}
	shared.kubectl(t, "delete", "pod", "-n", ns, deleted, "--wait=false")
	term.await("a host that is not ready", time.Minute, func(screen string) bool { return !strings.Contains(screen, "65/65") })
	term.press("q")
	if code, left := term.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, left)
	}
}

func TestTheDashboardOfAGroupThatIsRecreatedMidRestore(t *testing.T) {
	t.Parallel()
	sandbox, c := foreground(t, "--speed", "60")
	const ns = "default"
	term := c.onTerminal(t, 140, 44, llama405BOnBoard(ns)...)
	term.await("the restore", 2*time.Minute, func(screen string) bool { return strings.Contains(screen, "● restore") })
	c.kubectl(t, "delete", "pod", "-n", ns, "jetstream-pathways-0", "--wait=false")
	term.await("a new start-up", time.Minute, func(screen string) bool { return strings.Contains(screen, "recreated") })
	term.await("the restore again", time.Minute, func(screen string) bool { return strings.Contains(screen, "● restore") })

	// What the first incarnation said is kept.
	term.press("3p")
	term.await("the log of the first incarnation", time.Minute, func(screen string) bool {
		return strings.Contains(screen, "previous") && strings.Contains(screen, "restoring params from")
	})
	term.press("p")
	term.await("READY", 2*time.Minute, func(screen string) bool { return strings.Contains(screen, "READY for") })

	surviveAPIServer(t, c, term, ns)
	term.await("READY again", 2*time.Minute, func(screen string) bool { return strings.Contains(screen, "READY for") })

	// The API server goes for good: what is shown is said to be old, and nothing hangs.
	if err := sandbox.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	term.see("disconnected since", "worker 4")
	term.press("q")
	if code, left := term.wait(); code != 0 || !strings.Contains(left, "the API server does not answer") {
		t.Errorf("exit code %d\n%s", code, left)
	}
}

// llama405BOnBoard is the command line that deploys in the dashboard.
func llama405BOnBoard(ns string) []string {
	return []string{
		"up", "-n", ns, "--profile", llama405B.profile, "--checkpoint", llama405B.checkpoint, "--pathways-bucket", "gs://pathways-scratch",
	}
}

func TestTheDashboardNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	t.Run("an absent checkpoint", func(t *testing.T) {
		t.Parallel()
		c := ownCluster(t, "--scenario", "bad-checkpoint-path")
		term := c.onTerminal(t, 120, 40, llama405BOnBoard("default")...)
		term.await("the cause", 2*time.Minute, func(screen string) bool {
			return strings.Contains(screen, "FAILED · will not heal") && strings.Contains(screen, "was not found") && strings.Contains(screen, "--checkpoint")
		})
		term.press("e" + keyEnter)
		term.see("[Events", "FileNotFoundError")
		term.press("q")
		if code, left := term.wait(); code != 3 || !strings.Contains(left, "checkpoint") {
			t.Errorf("exit code %d\n%s", code, left)
		}
	})
	t.Run("no permission", func(t *testing.T) {
		t.Parallel()
		ns := shared.namespace(t)
		nobody := shared.user(t, ns, "nobody")
		term := nobody.onTerminal(t, 120, 30, "monitor")
		term.see("not permitted to list leaderworkersets", "docs/rbac/viewer.yaml")
		term.press("q")
		if code, left := term.wait(); code != 1 {
			t.Errorf("exit code %d\n%s", code, left)
		}
	})
	t.Run("no cluster", func(t *testing.T) {
		t.Parallel()
		ns := "default"
		term := shared.onTerminal(t, 100, 30, "monitor", "-n", ns, "--server", "https://127.0.0.1:1")
		term.see("127.0.0.1:1")
		term.press("q")
		if code, left := term.wait(); code != 1 {
			t.Errorf("exit code %d\n%s", code, left)
		}
	})
}

func TestPlainOutputAndDashboardTellTheSameMilestones(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)
	r := shared.mustUp(t, ns, llama70B, append(place, "-o", "json")...)
	told := map[string]bool{}
	for _, e := range jsonEvents(t, r.stdout) {
		if e.Type == "milestone" && e.Data.State == "done" {
			told[e.Data.ID] = true
		}
	}
	term := shared.onTerminal(t, 140, 44, "monitor", "-n", ns)
	term.see("READY for", "✓ ready")
	for id, title := range map[string]string{
		"scheduled": "scheduled", "images": "images pulled", "resource-manager": "resource manager", "workers": "workers 4/4",
		"slices": "slices 2/2", "proxy": "proxy", "restore": "restore 2/2", "weights": "weights", "warm-up": "warm-up 14/14",
		"driver": "driver", "server": "server", "serving": "serving", "ready": "ready",
	} {
		if !told[id] {
			t.Errorf("plain output did not tell of %s", id)
		}
		if !strings.Contains(term.Text(), "✓ "+title) {
			t.Errorf("the dashboard does not show %q as done", title)
		}
	}
	if t.Failed() {
		t.Log(fmt.Sprint(told) + "\n" + term.Text())
	}
	term.press("q")
	term.wait()
}
