package e2e

import (
	"strings"
	"testing"
	"time"
)

// showLostNode loses the machine below a worker of a deployment that is ready, and
// follows on a dashboard what Kubernetes and LeaderWorkerSet make of it: the group is to
// be created anew, which does not happen until the node is back, since its pod cannot
// end before.
func (c *cluster) showLostNode(t *testing.T) {
	t.Helper()
	ns := c.namespace(t)
	c.mustUp(t, ns, llama405B)
	term := c.onTerminal(t, 140, 44, "monitor", "-n", ns)
	term.see("READY for", "5/5")
	leader := func() string {
		return c.kubectl(t, "get", "pod", "-n", ns, "jetstream-pathways-0", "-o", "jsonpath={.metadata.uid}")
	}
	before := leader()
	c.setScenario(t, "node-lost")
	term.await("a pod that cannot end, and why", 3*time.Minute, func(screen string) bool {
		return !strings.Contains(screen, "READY for") && strings.Contains(screen, "Terminating") && strings.Contains(screen, "does not answer")
	})
	screen := term.Text()

	// kubectl says the same.
	lost, others := "", 0
	for line := range strings.Lines(c.kubectl(t, "get", "nodes", "--no-headers")) {
		if fields := strings.Fields(line); fields[1] == "NotReady" {
			lost = fields[0]
		} else {
			others++
		}
	}
	if lost == "" || others != 8 || !strings.Contains(screen, lost) {
		t.Errorf("node %q is NotReady and %d others are not, and the dashboard shows:\n%s", lost, others, screen)
	}
	ending := ""
	for line := range strings.Lines(c.kubectl(t, "get", "pods", "-n", ns, "--no-headers", "-o", "wide")) {
		if fields := strings.Fields(line); fields[2] == "Terminating" {
			ending += line
			if !strings.Contains(line, lost) {
				t.Errorf("a pod on a node that is well does not end: %s", line)
			}
		}
	}
	if ending == "" {
		t.Error("no pod is Terminating")
	}
	if now := leader(); now != before {
		t.Error("the group was created anew though one of its pods cannot end")
	}

	// The node is back, its pod ends, and the group begins anew.
	c.setScenario(t, "happy")
	term.await("the group back", 2*time.Minute, func(screen string) bool {
		return strings.Contains(screen, "READY for") && strings.Contains(screen, "5/5") && !strings.Contains(screen, "does not answer")
	})
	if now := leader(); now == before {
		t.Error("the leader is the one from before, so nothing was recreated")
	}
	term.press("q")
	if code, left := term.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, left)
	}
}
