package deploy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// checkLengths checks that a prompt of full length leaves room for an
// answer.
func checkLengths(p *Profile, w workload, ps *problems) {
	prefill, okPrefill := w.serverNumber("max_prefill_predict_length")
	target, okTarget := w.serverNumber("max_target_length")
	if okPrefill && okTarget && prefill >= target {
		ps.add("--max-target-length", strconv.FormatInt(target, 10),
			fmt.Sprintf("prompts may have up to %d tokens, which leaves none for an answer", prefill),
			fmt.Sprintf("make it larger than %d, or --max-prefill-length smaller; the profile has %d and %d", prefill, p.Context.MaxTarget, p.Context.MaxPrefill))
	}
}

const (
	weightsInt8 = "int8"
	weightsBF16 = "bf16"
)

// checkNumberFormat checks the checkpoint's path against what the server is
// told of it. The conversion puts int8 checkpoints into .../int8 and bf16 ones
// into .../bf16/unscanned/checkpoints/0/items; a path that is named otherwise
// says nothing.
func checkNumberFormat(p *Profile, w workload, ps *problems) {
	checkpoint := w.serverArgument("load_parameters_path")
	parts := strings.Split(strings.Trim(checkpoint, "/"), "/")
	isQuantized, quantization := w.serverFlag("checkpoint_is_quantized"), w.serverArgument("quantization")
	switch {
	case isQuantized && quantization == "":
		ps.wrongField(pathServerArgs+"[checkpoint_is_quantized]", "true", "without quantization the server would read the int8 weights as bf16",
			"set quantization=int8, or --weights "+weightsBF16)
	case slices.Contains(parts, weightsInt8) && !isQuantized:
		ps.add("--checkpoint", checkpoint, "an int8 checkpoint by its path, but the server is told that it is not quantized",
			"give --weights "+weightsInt8+", or the path of the bf16 checkpoint, which ends in /items")
	case slices.Contains(parts, weightsBF16) && isQuantized:
		ps.add("--checkpoint", checkpoint, "a bf16 checkpoint by its path, but the server is told that it is int8",
			"give the int8 checkpoint's path, which ends in /int8"+weightsRemedy(p))
	case slices.Contains(parts, "scanned") && strings.EqualFold(w.serverArgument("scan_layers"), "false"):
		ps.add("--checkpoint", checkpoint, "the scanned checkpoint, which only training reads",
			"give the path with unscanned in place of scanned")
	case slices.Contains(parts, "unscanned") && parts[len(parts)-1] != "items":
		ps.add("--checkpoint", checkpoint, "not the directory of the arrays themselves",
			"give the path down to /items, such as .../unscanned/checkpoints/0/items")
	}
}

// weightsRemedy offers the flag by which bf16 is served, if there is one and
// the weights would fit.
func weightsRemedy(p *Profile) string {
	param := p.Parameter("weights")
	if param == nil || param.Choices[weightsBF16] == nil {
		return ""
	}
	const bytesPerWeight = 2
	if p.Sizing != nil && float64(p.Sizing.Parameters)*bytesPerWeight >= p.engineMemory() {
		return ""
	}
	return ", or --weights " + weightsBF16
}

const gib = 1 << 30

// engineMemory returns the memory of the chips of an engine in bytes.
func (p *Profile) engineMemory() float64 {
	return float64(p.Chips()/p.Engines) * p.Sizing.HBMPerChipGiB * gib
}

// checkMemory refuses what cannot fit into the chips: weights and cache
// alone, without compiled programs and activations, so that nothing which
// works is refused.
func checkMemory(p *Profile, w workload, ps *problems) {
	bytesPerWeight, known := weightBytes(w.serverArgument("quantization"))
	if p.Sizing == nil || !known {
		return
	}
	engineChips, capacity := p.Chips()/p.Engines, p.engineMemory()
	weights := float64(p.Sizing.Parameters) * bytesPerWeight
	if weights >= capacity {
		ps.add("--weights", weightsName(bytesPerWeight), fmt.Sprintf("the weights alone take %.0f GiB, and the %d chips of an engine have %.0f GiB",
			weights/gib, engineChips, capacity/gib), "serve the int8 checkpoint with --weights "+weightsInt8+", or use a profile with more chips")
		return
	}
	batch, err := strconv.ParseFloat(w.serverArgument("per_device_batch_size"), 64)
	target, ok := w.serverNumber("max_target_length")
	if err != nil || !ok || batch <= 0 || target <= 0 {
		return
	}
	perBatch := float64(p.Chips()) * float64(target) * float64(p.Sizing.KVValuesPerToken) * cacheBytes(w)
	if weights+batch*perBatch > capacity {
		most := (capacity - weights) / perBatch
		ps.add("--batch-size", w.serverArgument("per_device_batch_size"),
			fmt.Sprintf("weights and a cache for sequences of %d tokens would take %.0f GiB, and the %d chips of an engine have %.0f GiB",
				target, (weights+batch*perBatch)/gib, engineChips, capacity/gib),
			fmt.Sprintf("use %s or less; less than that leaves room for compiled programs", roundDown(most)))
	}
}

// weightBytes returns the bytes of a weight; known is false for formats whose
// size depends on more than their name.
func weightBytes(quantization string) (bytes float64, known bool) {
	switch quantization {
	case "":
		return 2, true
	case weightsInt8, "int8w":
		return 1, true
	default:
		return 0, false
	}
}

func weightsName(bytesPerWeight float64) string {
	if bytesPerWeight == 1 {
		return weightsInt8
	}
	return weightsBF16
}

// cacheBytes returns the bytes of a cached value.
func cacheBytes(w workload) float64 {
	switch {
	case !w.serverFlag("quantize_kvcache"):
		return 2
	case w.serverArgument("kv_quant_dtype") == "int4":
		return 0.5
	default:
		return 1
	}
}

func roundDown(batch float64) string {
	if batch >= 1 {
		batch = math.Floor(batch)
	}
	return strconv.FormatFloat(batch, 'g', 3, 64)
}

// checkVersions checks that the containers of Pathways are of one release:
// the client and the server of its protocol refuse each other otherwise.
func checkVersions(w workload, ps *problems) {
	tags := map[string]string{}
	var names []string
	for _, container := range []string{"leader.spec.containers[pathways-proxy]", "leader.spec.containers[pathways-rm]", "worker.spec.containers[worker]"} {
		image := w.text(container + ".image")
		tag := imageTag(image)
		if image == "" || tag == "" {
			return // a digest says nothing of its release
		}
		tags[tag] = container
		names = append(names, image)
	}
	if len(tags) > 1 {
		ps.add("--image", strings.Join(names, ","), "the containers of Pathways are of different releases and would refuse each other",
			"give pathways-proxy, pathways-rm and worker images with the same tag")
	}
}

// imageTag returns the tag of an image reference, empty if it has none or a
// digest.
func imageTag(image string) string {
	image, _, digest := strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') && !digest {
		return image[i+1:]
	}
	return ""
}
