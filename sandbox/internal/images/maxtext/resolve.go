package maxtext

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

// The axes of the device mesh, in the mesh's order.
var meshAxes = []string{
	"data", "pipeline", "fsdp", "fsdp_transpose", "sequence", "context_autoregressive",
	"tensor", "tensor_transpose", "tensor_sequence", "expert", "autoregressive",
}

// Resolve derives, checks and prints what depends on the number of devices: it is
// the part of the configuration after the backend has been initialised.
func (c *Config) Resolve(devices int, log func(line string)) *python.Exception {
	at := python.At(pyconfig, 398, "__init__", "_HyperParameters.user_init(raw_keys)")
	for name, base := range map[string]string{
		"emb_dim": "base_emb_dim", "num_query_heads": "base_num_query_heads", "num_kv_heads": "base_num_kv_heads",
		"mlp_dim": "base_mlp_dim", "moe_mlp_dim": "base_moe_mlp_dim", "num_decoder_layers": "base_num_decoder_layers",
	} {
		c.set(name, c.values[base])
	}
	perDevice := c.Float("per_device_batch_size")
	batch := int64(float64(devices) * perDevice)
	load := batch
	if perDevice < 1 {
		load = int64(devices)
	}
	for name, v := range map[string]Value{
		"global_batch_size_to_load": load, "global_batch_size_to_train_on": batch, "micro_batch_size_to_train_on": batch,
		"global_batch_size_to_load_eval": load, "global_batch_size_to_eval_on": batch, "micro_batch_size_to_eval_on": batch,
		"eval_per_device_batch_size": perDevice, "num_slices": int64(1), "quantization_local_shard_count": int64(1),
		"ici_parallelism": c.axes("ici"), "dcn_parallelism": c.axes("dcn"), "using_pipeline_parallelism": false,
	} {
		c.set(name, v)
	}
	log("Not using emergency checkpoint, ignoring local_checkpoint_directory, local_checkpoint_period, use_replicator_service and replicator_backup_interval_minutes")
	log(fmt.Sprintf("dataset_type set to tfds, will use keys['dataset_path']=%s and keys['dataset_name']=%s to read data", python.Repr(c.String("dataset_path")), python.Repr(c.String("dataset_name"))))
	if e := c.validate(at); e != nil {
		return e
	}
	if c.Bool("log_config") {
		names := slices.Clone(c.names)
		slices.Sort(names)
		for _, name := range names {
			if name != "hf_access_token" {
				log("Config param " + name + ": " + Format(c.values[name]))
			}
		}
	}
	return nil
}

func (c *Config) axes(prefix string) List {
	parts := make([]string, 0, len(meshAxes))
	for _, axis := range meshAxes {
		parts = append(parts, Format(c.values[prefix+"_"+axis+"_parallelism"]))
	}
	return List("[" + strings.Join(parts, ", ") + "]")
}

// validate has those checks that the serving options can fail.
func (c *Config) validate(at python.Frame) *python.Exception {
	fail := func(message string, line int, function, code string) *python.Exception {
		return raise("ValueError", message, at, python.At(pyconfig, 500, "user_init", "validate_keys(raw_keys)"), python.At(pyconfig, line, function, code))
	}
	tuple := func(message string, options ...string) string {
		return fmt.Sprintf("('%s', (%s))", message, strings.Trim(python.ReprList(options), "[]"))
	}
	if kernels := []string{"autoselected", "dot_product", "flash", "cudnn_flash_te", "paged"}; !slices.Contains(kernels, c.String("attention")) {
		return fail(tuple("Invalid attention kernel was passed. Valid options ", kernels...), 81, "validate_attention_kernel", `raise ValueError("Invalid attention kernel was passed. Valid options ", valid_attention_kernels)`)
	}
	if orders := []string{"0,1,2,3", "0,2,1,3"}; !slices.Contains(orders, c.String("compute_axis_order")) {
		return fail(tuple("Invalid compute_axis_order was passed. Valid options ", orders...), 62, "validate_compute_axis_order", `raise ValueError("Invalid compute_axis_order was passed. Valid options ", valid_compute_axis_order)`)
	}
	prefill, target := c.Int("max_prefill_predict_length"), c.Int("max_target_length")
	if prefill <= 0 {
		return fail(fmt.Sprintf("Invalid max_prefill_predict_length %d, it should be a positive number", prefill), 110, "validate_prefill_and_target_lengths", `raise ValueError(f"Invalid max_prefill_predict_length {max_prefill_length}, it should be a positive number")`)
	}
	if target < prefill {
		return fail(fmt.Sprintf("Invalid max_target_length %d, this should be the sum of max_prefill_predict_length (%d) and the expected max output length.", target, prefill), 113, "validate_prefill_and_target_lengths", "raise ValueError(")
	}
	return nil
}

// Mesh is the shape of the mesh over a number of devices, as Python prints it. The
// error is the assertion that a wrong product of parallelisms fails.
func (c *Config) Mesh(devices int) (shape string, e *python.Exception) {
	sizes := make([]int, len(meshAxes))
	product, open := 1, -1
	for i, axis := range meshAxes {
		sizes[i] = c.Int("ici_" + axis + "_parallelism")
		if sizes[i] == -1 {
			if open >= 0 {
				return "", assertion("Found unspecified values (-1) for more than one ICI      parallelism axis. At most one axis can be unspecified.", 379)
			}
			open = i
			continue
		}
		product *= sizes[i]
	}
	if open >= 0 {
		if product <= 0 || devices/product < 1 {
			return "", assertion("Unspecified value unable to be determined with the given      ICI parallelism values", 386)
		}
		sizes[open] = devices / product
		product *= sizes[open]
	}
	if product != devices {
		return "", assertion(fmt.Sprintf("Number of devices per slice %d does not match the product of the ICI parallelism %d", devices, product), 394)
	}
	parts := make([]string, len(sizes))
	for i, n := range sizes {
		parts[i] = fmt.Sprint(n)
	}
	return "(" + strings.Join(parts, ", ") + ")", nil
}

func assertion(message string, line int) *python.Exception {
	const maxUtils = "/maxtext/MaxText/max_utils.py"
	return &python.Exception{Type: "AssertionError", Message: message, Frames: []python.Frame{
		python.At("/maxtext/MaxText/maxengine.py", 89, "__init__", "devices_array = max_utils.create_device_mesh(config=config, devices=devices)"),
		python.At(maxUtils, 533, "create_device_mesh", `ici_parallelism = fill_unspecified_mesh_axes(config.ici_parallelism.copy(), num_devices_per_slice, "ICI")`),
		python.At(maxUtils, line, "fill_unspecified_mesh_axes", "assert ("),
	}}
}
