package status

import (
	"cmp"
	"slices"
	"time"
)

const (
	// maxEvidence bounds the evidence of one finding; more of the same adds
	// nothing.
	maxEvidence = 5
	// settle is how long a state must last before it counts as one that
	// waiting cannot heal: nodes appear, Secrets and ConfigMaps are applied a
	// moment after the pods that need them.
	settle = 30 * time.Second
)

// findings collects what is wrong, the one to act on first.
func (b *builder) findings(groups []Group) []Finding {
	var all []Finding
	for _, g := range groups {
		all = append(all, b.podFindings(g)...)
		all = append(all, b.incidentFindings(g)...)
		all = append(all, milestoneFindings(g)...)
	}
	all = append(all, b.createFindings(groups)...)
	all = merge(all)
	slices.SortStableFunc(all, func(x, y Finding) int {
		if x.Fatal != y.Fatal {
			if x.Fatal {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(x.rank, y.rank), x.Time.Compare(y.Time), cmp.Compare(x.Group, y.Group))
	})
	return all
}

// merge makes findings of one code in one group one finding: five pods that
// miss the same node pool miss it once.
func merge(all []Finding) []Finding {
	var out []Finding
	for _, f := range all {
		i := slices.IndexFunc(out, func(g Finding) bool {
			return g.Code == f.Code && g.Group == f.Group && g.Container == f.Container
		})
		if i < 0 {
			out = append(out, f)
			continue
		}
		g := &out[i]
		g.Fatal = g.Fatal || f.Fatal
		g.Times = max(g.Times, f.Times)
		for _, line := range f.Evidence {
			if len(g.Evidence) < maxEvidence && !slices.Contains(g.Evidence, line) {
				g.Evidence = append(g.Evidence, line)
			}
		}
	}
	return out
}

// lasted reports whether a state that began at since has lasted long enough to
// be judged. A time that is not known has not lasted.
func (b *builder) lasted(since time.Time) bool {
	return !since.IsZero() && b.in.Now.Sub(since) >= settle
}
