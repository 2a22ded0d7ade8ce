package main

import (
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// expectedOf is how long the steps of a profile's start-up usually take. A
// profile that is not known here, such as one made by hand or kept on
// another machine, expects nothing.
func expectedOf(profile string) forecast.Expectations {
	if profile == "" {
		return nil
	}
	p, err := deploy.LoadProfile(profile)
	if err != nil {
		return forecast.Expectations{}
	}
	return expectedRanges(p)
}

func expectedRanges(p *deploy.Profile) forecast.Expectations {
	out := forecast.Expectations{}
	for name, r := range p.Expected {
		out[milestone.ID(name)] = rangeOf(r)
	}
	return out
}

func rangeOf(r deploy.DurationRange) forecast.Range {
	return forecast.Range{Min: r.Min.Duration, Max: r.Max.Duration, Basis: forecast.FromProfile}
}
