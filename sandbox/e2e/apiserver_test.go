package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// surviveAPIServer restarts the API server below a dashboard of a deployment that is
// ready, and below a plain status that watches it. The connections, and the caches
// that the server's watches were served from, are gone after this; what is stored is
// not. The group of the deployment starts anew at the end.
func surviveAPIServer(t *testing.T, c *cluster, term *screen, ns string) {
	t.Helper()
	plain := c.start(t, "status", "-n", ns, "--watch")
	plain.await(t, "Ready for")
	restarted := make(chan result, 1)
	go func() {
		restarted <- c.run(t, "", bin("jetstream-sandbox"), "restart-apiserver", "--away", "3s", "--dir", c.dir)
	}()
	// What was shown stays, and is said to be old.
	term.await("the API server away", time.Minute, func(screen string) bool {
		return strings.Contains(screen, "disconnected since") && strings.Contains(screen, "worker 4") && strings.Contains(screen, "READY for")
	})
	plain.await(t, "ago: the API server does not answer)")
	if r := <-restarted; r.code != 0 {
		t.Fatalf("restart-apiserver: %s", r)
	}
	term.await("the API server back", time.Minute, func(screen string) bool {
		return !strings.Contains(screen, "disconnected") && strings.Contains(screen, "connected") && strings.Contains(screen, "READY for")
	})
	newest := func() string {
		parts := strings.Split(plain.printed(), "\njetstream-pathways, namespace ")
		return parts[len(parts)-1]
	}
	eventually(t, time.Minute, func() (bool, string) {
		return strings.Contains(newest(), "Ready for") && !strings.Contains(newest(), "does not answer"), plain.printed()
	})

	// What happens from now on is seen: the controllers work, and so do the watches.
	c.kubectl(t, "delete", "pod", "-n", ns, "jetstream-pathways-0-2", "--wait=false")
	term.await("the group starting anew", time.Minute, func(screen string) bool {
		return !strings.Contains(screen, "READY for") && strings.Contains(screen, "● restore")
	})
	eventually(t, time.Minute, func() (bool, string) {
		return !strings.Contains(newest(), "Ready for") && strings.Contains(newest(), "4/5"), plain.printed()
	})
	if code := plain.end(t, syscall.SIGINT); code != 130 {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, plain.printed())
	}
}
