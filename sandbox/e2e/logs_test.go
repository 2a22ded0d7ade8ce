package e2e

import (
	"fmt"
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
	// A worker of the old group that goes late makes the LeaderWorkerSet
	// controller create the group anew once more, and a server whose proxy goes
	// first may restart before that, so there may be more than two runs.
	runs := 0
	eventually(t, time.Minute, func() (bool, string) {
		runs = strings.Count(shared.jetstream(t, "logs", "-n", ns).stdout, restoring)
		followed := strings.Count(follow.printed(), restoring)
		return runs >= 2 && followed == runs, fmt.Sprintf("%d runs of the model server, %d followed", runs, followed)
	})
	if code := follow.end(t, syscall.SIGINT); code != 130 {
		t.Errorf("interrupted, logs -f ended with %d", code)
	}
	once(t, "logs -f", follow.printed())

	earlier := shared.jetstream(t, "logs", "-n", ns, "--previous-incarnation", "--timestamps")
	expect(t, "logs --previous-incarnation", earlier, 0, "jetstream-pathways-0/pathways-rm ")
	all := shared.jetstream(t, "logs", "-n", ns, "--timestamps")
	expect(t, "logs", all, 0)
	once(t, "logs", all.stdout)
	// What was followed is what can be read again: all of every run,
	// and of the incarnation before the present one not the present one's.
	begin, _, _ := strings.Cut(earlier.stdout, "\n")
	if !strings.Contains("\n"+all.stdout, "\n"+begin+"\n") || strings.Count(all.stdout, restoring) != runs || strings.Count(earlier.stdout, restoring) >= runs {
		t.Errorf("of %d runs, logs: %s\nand of the earlier incarnation: %s", runs, all, earlier)
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
