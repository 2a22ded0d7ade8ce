package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestSoak lives with one deployment for the time in SOAK: it asks, kills the leader,
// scales and asks again, round after round, and fails if an answer is missing or the
// sandbox grows without bound.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("SOAK"))
	if err != nil {
		t.Skip("runs only with SOAK=DURATION, by make soak: it takes as long as that says")
	}
	cmd, c := foreground(t, "--pool", "default", "--pool", "name=second,topology=4x4")
	ns := c.namespace(t)
	c.mustUp(t, ns, llama405B)
	var sizes []int
	for began, round := time.Now(), 0; time.Since(began) < length; round++ {
		if r := c.jetstream(t, "generate", "-n", ns, "--max-tokens", "20", "round "+strconv.Itoa(round)); r.code != 0 || r.stdout == "" {
			t.Fatalf("round %d: generate: %s", round, r)
		}
		c.kubectl(t, "delete", "pod", "-n", ns, "jetstream-pathways-0", "--wait=false")
		c.kubectl(t, "scale", "-n", ns, "lws/jetstream-pathways", "--replicas="+strconv.Itoa(1+round%2))
		eventually(t, 2*time.Minute, func() (bool, string) {
			r := c.jetstream(t, "status", "-n", ns)
			return r.code == 0, r.String()
		})
		sizes = append(sizes, residentKiB(t, cmd.Process.Pid))
		t.Logf("round %d after %v: ready again, %d MiB", round, time.Since(began).Round(time.Second), sizes[round]>>10)
	}
	if n := len(sizes); n >= 8 && sizes[n-1] > sizes[n/4]*3/2 {
		t.Errorf("the sandbox grew from %d to %d KiB over %d rounds", sizes[n/4], sizes[n-1], n-n/4)
	}
}

// residentKiB reads the resident memory of a process.
func residentKiB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
