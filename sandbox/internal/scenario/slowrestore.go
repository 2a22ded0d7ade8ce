package scenario

import "github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"

// slowdown is how many times slower than usual a checkpoint is read.
const slowdown = 4

var _ = register(Scenario{
	Name:       "slow-restore",
	Summary:    "object storage delivers a quarter of the usual bandwidth; everything works, the restore takes four times as long",
	Provenance: "the guide's 10 to 20 minutes for 405B and the 7 of its sister page show how far restores differ; the factor is made up",
	Faults: world.Faults{
		ReadRate: func(bytesPerSecond float64) float64 { return bytesPerSecond / slowdown },
	},
})
