package scenario

import (
	"fmt"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

var _ = register(Scenario{
	Name:       "bad-checkpoint-path",
	Summary:    "no checkpoint is where load_parameters_path points; jax-tpu exits with FileNotFoundError once it tries to restore",
	Provenance: "orbax checkpointer.py (Checkpointer.restore): \"Checkpoint at … not found.\"",
	Faults: world.Faults{
		Checkpoint: func(path string) error { return fmt.Errorf("checkpoint %s: %w", path, world.ErrNotFound) },
	},
})
