package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A seat is a set of TPU node pools that one test has to itself. Exclusive placement
// keeps groups of one namespace apart and does not see other namespaces: a leader can
// land on the slice of another test's group, and its workers then wait for the end of
// that test. So the nodes of a seat are tainted, and only deployments that name the
// seat go there.
const seatKey = "e2e/seat"

// Kinds of seats, by what fits on them.
const (
	one405B = "one-405b" // a slice of 4x4
	two405B = "two-405b"
	one70B  = "one-70b" // two slices of 2x4
	two70B  = "two-70b"
)

// seats has a channel for each kind, with the names of the free ones.
var seats = map[string]chan string{
	one405B: make(chan string, 2), two405B: make(chan string, 1),
	one70B: make(chan string, 2), two70B: make(chan string, 1),
}

// seatPools are the node pools of all seats, in the sandbox's own words.
func seatPools() []string {
	var args []string
	for kind, free := range seats {
		topology, slices := "4x4", 1
		switch kind {
		case two405B:
			slices = 2
		case one70B:
			topology, slices = "2x4", 2
		case two70B:
			topology, slices = "2x4", 4
		}
		for i := range cap(free) {
			args = append(args, "--pool", fmt.Sprintf("name=%s-%d,topology=%s,count=%d", kind, i, topology, slices))
		}
	}
	return args
}

// reserveSeats labels and taints the nodes of the seats and makes them free.
func (c *cluster) reserveSeats(ctx context.Context) error {
	pools, err := c.command(ctx, bin("kubectl"), "get", "nodes", "-o",
		`jsonpath={range .items[*]}{.metadata.name} {.metadata.labels.cloud\.google\.com/gke-nodepool}{"\n"}{end}`).Output()
	if err != nil {
		return fmt.Errorf("listing nodes: %w", err)
	}
	for kind, free := range seats {
		for i := range cap(free) {
			seat := fmt.Sprintf("%s-%d", kind, i)
			var nodes []string
			for line := range strings.Lines(string(pools)) {
				if node, pool, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(pool, seat) {
					nodes = append(nodes, node)
				}
			}
			for _, args := range [][]string{{"label", "nodes"}, {"taint", "nodes"}} {
				value := seatKey + "=" + seat
				if args[0] == "taint" {
					value += ":NoSchedule"
				}
				args = append(append(args, nodes...), value)
				if out, err := c.command(ctx, bin("kubectl"), args...).CombinedOutput(); err != nil {
					return fmt.Errorf("kubectl %v: %w\n%s", args, err, out)
				}
			}
			free <- seat
		}
	}
	return nil
}

// seat waits for a free seat of a kind on the shared cluster. The namespace and the
// flags for `up` are the test's until it ends.
func seat(t *testing.T, kind string) (ns string, flags []string) {
	t.Helper()
	var name string
	select {
	case name = <-seats[kind]:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
	// Cleanups run last in, first out: the namespace has let its nodes go by then.
	t.Cleanup(func() { seats[kind] <- name })
	return shared.namespace(t), []string{
		"--node-selector", seatKey + "=" + name,
		"--toleration", seatKey + "=" + name + ":NoSchedule",
	}
}
