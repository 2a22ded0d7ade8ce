package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLogsOfAGroupThatWasCreatedAnewAreKept(t *testing.T) {
	t.Parallel()
	const restoring = "restoring params from"
	ns, place := seat(t, one405B)
	expect(t, "up", shared.jetstream(t, llama405B.up(ns, append(place, "--wait=false")...)...), 0)
	leader := func() string {
		return shared.run(t, "", bin("kubectl"), "get", "pod", "-n", ns, "jetstream-pathways-0", "-o", "jsonpath={.metadata.uid}").stdout
	}

	follow := shared.start(t, "logs", "-n", ns, "-f", "--timestamps")
	follow.await(t, restoring)
	first := leader()
	shared.kubectl(t, "delete", "pod", "-n", ns, "jetstream-pathways-0", "--wait=false")
	eventually(t, time.Minute, func() (bool, string) {
		now := leader()
		return now != "" && now != first, now
	})
	shared.mustUp(t, ns, llama405B, place...)
	eventually(t, time.Minute, func() (bool, string) {
		text := follow.printed()
		return strings.Count(text, restoring) == 2, text
	})
	if code := follow.end(t, syscall.SIGINT); code != 130 {
		t.Errorf("interrupted, logs -f ended with %d", code)
	}
	once(t, "logs -f", follow.printed())

	earlier := shared.jetstream(t, "logs", "-n", ns, "--previous-incarnation", "--timestamps")
	expect(t, "logs --previous-incarnation", earlier, 0, restoring, "jetstream-pathways-0/jax-tpu ", "jetstream-pathways-0-1/")
	all := shared.jetstream(t, "logs", "-n", ns, "--timestamps")
	expect(t, "logs", all, 0)
	once(t, "logs", all.stdout)
	// What was followed is what can be read again: all of the first
	// incarnation, and the second one after it.
	begin, _, _ := strings.Cut(earlier.stdout, "\n")
	if !strings.HasPrefix(all.stdout, begin) || strings.Count(all.stdout, restoring) != 2 || strings.Count(earlier.stdout, restoring) != 1 {
		t.Errorf("logs: %s\nand of the earlier incarnation: %s", all, earlier)
	}
	expect(t, "logs with a pattern", shared.jetstream(t, "logs", "-n", ns, "-c", "jax-tpu", "--grep", "^"+restoring+" gs://", "--tail", "1"), 0, restoring)

	expect(t, "down", shared.jetstream(t, "down", "-n", ns, "--yes"), 0)
	expect(t, "logs after down", shared.jetstream(t, "logs", "-n", ns), 0, restoring, "is gone; this is what was kept")
}

// once checks that no line with its time and its container is there twice.
func once(t *testing.T, what, text string) {
	t.Helper()
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if seen[line] {
			t.Errorf("%s prints a line twice: %s", what, line)
		}
		seen[line] = true
	}
}
