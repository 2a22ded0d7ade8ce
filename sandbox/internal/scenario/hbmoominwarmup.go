package scenario

import "github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"

// usableHBM is the part of each chip's memory that is left: enough for the weights
// and the prefill programs of both guide models, too little for their decode step
// with the caches of all slots. So every prefill bucket compiles, and the decode
// step, whose failure is not swallowed as that of a bucket would be, ends the server.
const usableHBM = 0.8

var _ = register(Scenario{
	Name:       "hbm-oom-in-warmup",
	Summary:    "the chips have less memory than the batch needs; jax-tpu exits with RESOURCE_EXHAUSTED while compiling the decode step",
	Provenance: "OpenXLA error code E1000 (compile time: HBM OOM) for the text; JetStream's warmup_utils.py for what is swallowed and what is not",
	Faults: world.Faults{
		HBM: func(bytes int64) int64 { return int64(float64(bytes) * usableHBM) },
	},
})
