package jetstreampathways

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/driver"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/ifrt"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/maxtext"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// engines are the server's engines. An interleaved server has one, which prefill and
// generate share.
type engines struct {
	config            *maxtext.Config
	session           *ifrt.Session
	layout            layout
	slots             int
	prefill, generate memory
	// warm tells which prefill lengths are compiled; generateWarm the decode step.
	// The driver's threads change them, each its own.
	warm         map[int]bool
	generateWarm bool
}

// engines creates the engines: each makes its mesh before any loads.
func (p *process) engines(ctx context.Context, c *maxtext.Config, session *ifrt.Session, l layout) (*engines, error) {
	devices := session.Topology().Devices
	createAt := python.At("/JetStream/jetstream/core/server_lib.py", 118, "create_driver", "engines = config_lib.get_engines(config, devices=devices)")
	if l.wanted != devices {
		return nil, &python.Exception{
			Type:    "ValueError",
			Message: fmt.Sprintf("The number of available devices (%d) do not match the expected number of devices on all the slices (%d) specified in the server_config:\n%s", devices, l.wanted, l.slices),
			Frames:  []python.Frame{createAt, python.At("/JetStream/jetstream/core/config_lib.py", 137, "get_engines", "raise ValueError(")},
		}
	}
	count := 1
	if l.disaggregated {
		count = 2
	}
	for range count {
		if err := p.sleep(ctx, time.Second); err != nil {
			return nil, err
		}
		shape, exception := c.Mesh(l.generate)
		if exception != nil {
			return nil, exception.Within(createAt)
		}
		p.stdout.PrintFlush(fmt.Sprintf("Num_devices: %d, shape %s", l.generate, shape))
	}
	slots := int(c.Float("per_device_batch_size") * float64(devices))
	perParameter := int64(2)
	if c.String("quantization") != "" {
		perParameter = 1
	}
	hbm := session.Topology().HBM
	e := &engines{config: c, session: session, layout: l, slots: slots, warm: make(map[int]bool)}
	e.generate = memoryOf(c, l.generate, slots, hbm, perParameter)
	e.prefill = e.generate
	return e, nil
}

// load restores the checkpoint, once for each engine.
func (p *process) load(ctx context.Context, e *engines) error {
	count, at := 1, python.At("/JetStream/jetstream/core/server_lib.py", 122, "create_driver", "shared_params = [ie.load_params() for ie in engines.interleaved_engines]")
	if e.layout.disaggregated {
		count, at = 2, python.At("/JetStream/jetstream/core/server_lib.py", 120, "create_driver", "prefill_params = [pe.load_params() for pe in engines.prefill_engines]")
	}
	for range count {
		if err := p.loadParams(ctx, e); err != nil {
			return within(err, at)
		}
	}
	return nil
}

// loadParams is MaxEngine.load_params.
func (p *process) loadParams(ctx context.Context, e *engines) error {
	c := e.config
	quantized := c.Bool("checkpoint_is_quantized") && c.String("quantization") != ""
	if quantized {
		p.stdout.Print("Loading from the quantized checkpoint...") // not flushed
	}
	path := c.String("load_parameters_path")
	if path == "" {
		p.stdout.PrintFlush("No decode checkpoint specified - generating random weights.")
		if err := p.sleep(ctx, time.Minute); err != nil {
			return err
		}
	} else {
		p.stdout.PrintFlush("Loading decode params from " + path)
		if err := p.restore(ctx, e, path, quantized); err != nil {
			return within(err,
				python.At("/maxtext/MaxText/maxengine.py", 230, "load_params", "state, self.state_mesh_annotations = max_utils.setup_decode_state(self.model, self.config, rng1, self._mesh, None)"),
				python.At("/maxtext/MaxText/max_utils.py", 650, "setup_decode_state", "params = checkpointing.load_params_from_path("))
		}
	}
	p.stdout.PrintFlush("\nMemstats: After load_params:")
	p.stdout.PrintFlush("\tMemstats unavailable, error: INVALID_ARGUMENT: MemoryStats is only supported for addressable PjRt devices.")
	const total = 708.62 // GiB, a host of four chips
	used := 40 + 20*p.chance.Float64()
	p.stdout.PrintFlush("\nRAMstats: After load_params:")
	p.stdout.PrintFlush(fmt.Sprintf("\tUsing (GB) %.2f / %.2f (%f%%) -->  Available:%.2f", used, total, 100*used/total, total-used))
	return nil
}

// restore reads the checkpoint through orbax.
func (p *process) restore(ctx context.Context, e *engines, path string, quantized bool) error {
	p.stdout.PrintFlush("restoring params from " + path)
	if err := p.reach("restoring"); err != nil {
		return err
	}
	if err := p.sleep(ctx, 2*time.Second); err != nil {
		return err
	}
	checkpoint, err := p.World.Checkpoint(path)
	if err != nil {
		return checkpointError(path, err)
	}
	// Nothing runs on virtual devices.
	if err := e.session.Await(ctx); err != nil {
		return context.Cause(ctx)
	}
	if checkpoint.Quantized != quantized {
		return restoreError("ValueError", "User-provided restore item and on-disk value metadata tree structures do not match: "+treeDifference(quantized), 312, "self._handler.restore(directory, args=args)")
	}
	bytes := modelOf(e.config).parameters
	if !checkpoint.Quantized {
		bytes *= 2
	}
	duration := time.Duration(float64(bytes) / p.World.ReadRate() * float64(time.Second))
	weights := bytes / int64(e.layout.generate)
	if err := e.generate.load(weights); err != nil {
		// The allocation fails once the chips are full.
		full := float64(e.generate.capacity) / float64(weights)
		if err := p.sleep(ctx, time.Duration(float64(duration)*full)); err != nil {
			return err
		}
		return err
	}
	if err := p.sleep(ctx, duration); err != nil {
		return err
	}
	p.root.Logf(python.Warning, "absl", python.Source{File: orbax + "transform_utils.py", Line: 230, Function: "apply_transformations"},
		"The transformations API will eventually be replaced by an upgraded design. The current API will not be removed until this point, but it will no longer be actively worked on.")
	return p.sleep(ctx, time.Second)
}

const orbax = "/usr/local/lib/python3.10/dist-packages/orbax/checkpoint/"

func restoreError(kind, message string, line int, code string) *python.Exception {
	return &python.Exception{Type: kind, Message: message, Frames: []python.Frame{
		python.At("/maxtext/MaxText/checkpointing.py", 348, "load_params_from_path", "restored = ckptr.restore("),
		python.At(orbax+"_src/checkpointers/checkpointer.py", line, "restore", code),
	}}
}

func checkpointError(path string, err error) *python.Exception {
	switch {
	case errors.Is(err, world.ErrNotFound):
		return restoreError("FileNotFoundError", fmt.Sprintf("Checkpoint at %s not found.", path), 285, "raise FileNotFoundError(f'Checkpoint at {directory} not found.')")
	case errors.Is(err, world.ErrIncomplete):
		return restoreError("ValueError", fmt.Sprintf("Found incomplete checkpoint at %s.", path), 287, "raise ValueError(f'Found incomplete checkpoint at {directory}.')")
	default:
		return restoreError("OSError", err.Error(), 284, "if not directory.exists():")
	}
}

// treeDifference is one of the entries in which the trees of a quantised and of a
// plain checkpoint differ.
func treeDifference(quantizedWanted bool) string {
	tree, missing := "{'AqtDotGeneral_0': {'qrhs': {'frozen': ...}}}", "{'kernel': ...}"
	if !quantizedWanted {
		tree, missing = missing, tree
	}
	return fmt.Sprintf("{'params': {'params': {'decoder': {'layers_0': {'mlp': {'wi_0': Diff(lhs=%s, rhs=%s)}}}}}}", tree, missing)
}

// buckets are the prompt lengths that the engines are warmed up for.
func (e *engines) buckets() []int { return driver.Buckets(e.config.Int("max_prefill_predict_length")) }
