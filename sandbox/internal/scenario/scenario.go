// Package scenario is the registry of named faults. A scenario injects a cause, in
// the world or in the cluster, and lets the consequences follow; it prints no log
// lines of its own but those that a fault of the world is documented to cause.
//
// One scenario is one file that calls register in a package-level declaration.
package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// Scenario is one named fault.
type Scenario struct {
	Name string
	// Summary says in one line what goes wrong and what a user will see.
	Summary string
	// Provenance names the documents that the behaviour and any log text come from.
	Provenance string
	// Faults change what the world answers while the scenario is set.
	Faults world.Faults
	// Enter and Leave change the cluster when the scenario is set and when another
	// one replaces it; both may be nil. They must be safe to repeat.
	Enter, Leave func(context.Context, Cluster) error
}

// Cluster is what a scenario may do to the cluster itself.
type Cluster interface {
	// RemoveTPUNodes deletes every simulated TPU node; RestoreTPUNodes brings the
	// node pools back as they were configured.
	RemoveTPUNodes(ctx context.Context) error
	RestoreTPUNodes(ctx context.Context) error
	// CrashTPUNode stops the machine of one TPU node without a word, one that runs a
	// worker and no leader if there is such a node. ReviveTPUNode brings it back, or
	// does nothing.
	CrashTPUNode(ctx context.Context) error
	ReviveTPUNode(ctx context.Context) error
	// KillContainers ends, with the exit code, the running containers for which the
	// predicate holds, and returns how many there were.
	KillContainers(match func(namespace, pod, container string, labels map[string]string) bool, exitCode int) int
}

// all is filled while the package's variables are initialised and only read after.
var all = map[string]Scenario{}

func register(s Scenario) Scenario { //nolint:unparam // the result lets a declaration make the call
	if _, twice := all[s.Name]; twice {
		panic("scenario " + s.Name + " is registered twice")
	}
	all[s.Name] = s
	return s
}

// Names lists the scenarios in alphabetical order.
func Names() []string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Lookup finds a scenario; the error lists the names there are.
func Lookup(name string) (Scenario, error) {
	s, ok := all[name]
	if !ok {
		return Scenario{}, fmt.Errorf("scenario %q does not exist; there are: %s", name, strings.Join(Names(), ", "))
	}
	return s, nil
}
