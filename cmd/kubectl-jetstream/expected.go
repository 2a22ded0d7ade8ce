package main

import (
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// expectedOf is how long the steps of a profile's start-up usually take. A
// profile that is not known here, such as one made by hand or kept on
// another machine, expects nothing.
func expectedOf(profile string) map[milestone.ID]expectedRange {
	if profile == "" {
		return nil
	}
	p, err := deploy.LoadProfile(profile)
	if err != nil {
		return nil
	}
	return expectedRanges(p)
}

func expectedRanges(p *deploy.Profile) map[milestone.ID]expectedRange {
	out := map[milestone.ID]expectedRange{}
	for name, r := range p.Expected {
		out[milestone.ID(name)] = expectedRange{r.Min.Duration, r.Max.Duration}
	}
	return out
}
