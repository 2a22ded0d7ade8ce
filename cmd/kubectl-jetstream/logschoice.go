package main

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// incarnation is one life of a group of which logs are kept.
type incarnation = logstore.Incarnation

// logChoice is which logs the flags ask for.
type logChoice struct {
	pod, container string
	all            bool
	group          int
	groupSet       bool
	previous       bool

	// earlier are the incarnations that --previous-incarnation means.
	earlier map[types.UID]bool
}

// settle finds out which incarnations --previous-incarnation means: of each
// group the latest before the present one.
func (c *logChoice) settle(present presentPods, incarnations []incarnation) {
	latest := map[int]types.UID{}
	for _, in := range earlierIncarnations(present, incarnations) {
		latest[in.Group] = in.LeaderUID
	}
	c.earlier = map[types.UID]bool{}
	for _, leader := range latest {
		c.earlier[leader] = true
	}
}

// earlierIncarnations leaves out the present incarnation of each group. Where
// that is not known, because the cluster does not answer, the latest is taken
// for it.
func earlierIncarnations(present presentPods, incarnations []incarnation) []incarnation {
	now := present.leaders
	if !present.known {
		now = map[int]types.UID{}
		for _, in := range incarnations {
			now[in.Group] = in.LeaderUID
		}
	}
	return slices.DeleteFunc(slices.Clone(incarnations), func(in incarnation) bool { return in.LeaderUID == now[in.Group] })
}

// wants says whether a run is among the logs asked for.
func (c *logChoice) wants(o status.Origin) bool {
	switch {
	case c.pod != "" && o.Pod != c.pod,
		c.container != "" && o.Container != c.container,
		c.container == "" && !c.all && o.Container == noisyContainer,
		c.groupSet && o.Group != c.group,
		c.previous && !c.earlier[o.LeaderUID]:
		return false
	}
	return true
}

// names are the pods and containers, as pod/container, whose logs are asked
// for and there.
func (c *logChoice) names(present presentPods, incarnations []incarnation) []string {
	var names []string
	add := func(o status.Origin) {
		if c.wants(o) {
			names = append(names, sourceName(o))
		}
	}
	for _, r := range present.runs {
		add(r.origin)
	}
	for _, in := range incarnations {
		for _, o := range in.Runs {
			add(o)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func sourceName(o status.Origin) string { return o.Pod + "/" + o.Container }

// String is the choice as its flags.
func (c logChoice) String() string {
	var flags []string
	if c.groupSet {
		flags = append(flags, fmt.Sprintf("--group %d", c.group))
	}
	if c.pod != "" {
		flags = append(flags, fmt.Sprintf("--pod %q", c.pod))
	}
	if c.container != "" {
		flags = append(flags, fmt.Sprintf("--container %q", c.container))
	}
	if len(flags) == 0 {
		return "without --all-containers"
	}
	return strings.Join(flags, " ")
}
