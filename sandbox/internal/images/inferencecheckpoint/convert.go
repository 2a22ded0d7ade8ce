package inferencecheckpoint

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long the steps take for 405B; other models take their share by size. Together
// they are in the nine to ten hours that the guide gives.
const (
	downloadTime = 2 * time.Hour
	scanTime     = 3 * time.Hour
	unscanTime   = 2 * time.Hour
	quantizeTime = 150 * time.Minute
	largest      = 405
	// shortest is the least that a step takes, whatever the model.
	shortest = 2 * time.Minute
)

// shards is how many files the weights of a model come in, one a chip of the machine
// that Meta publishes them for.
var shards = map[string]int{"405b": 16, "70b": 8, "13b": 2}

// share is the part of a 405B model's time that a model takes.
func share(size string, d time.Duration) time.Duration {
	_, billions, _ := strings.Cut(size, "-")
	n, err := strconv.Atoi(strings.TrimSuffix(billions, "b"))
	if err != nil {
		return d
	}
	return max(shortest, d*time.Duration(n)/largest)
}

func (s *script) convert(ctx context.Context, o options) error {
	v := o.values
	path, name := v["model_path"], v["model_name"]
	out := v["output_directory"]
	s.stampedf("Bucket name=%s", v["bucket_name"])
	s.stampedf("Model path=%s", path)
	s.stampedf("Model name=%s", name)
	s.stampedf("Version=%s", v["version"])
	s.stampedf("Output ckpt dir=%s", out)
	s.stampedf("Huggingface=%s", v["huggingface"])
	s.stampedf("Meta url=%s", v["meta_url"])
	s.stampedf("Cloned MaxText repository and completed installing requirements")
	if !strings.Contains(path, "Llama") {
		s.echof("Unclear model")
		return nil
	}
	if v["huggingface"] == "" { // the script compares it without quotes
		fmt.Fprintln(s.Stderr, "/usr/bin/checkpoint_converter.sh: line 166: [: ==: unary operator expected")
	}
	if v["huggingface"] == "True" {
		s.stampedf("Checkpoint weights are from HuggingFace")
	} else {
		s.stampedf("Checkpoint weights are from Meta, use llama CLI")
		if v["meta_url"] == "" {
			s.stampedf("META_URL is empty, please provide the Meta url by visiting https://www.llama.com/llama-downloads/ and agreeing to the Terms and Conditions.")
			return errExit{exitFailed}
		}
		s.echof("META_URL: %s", v["meta_url"])
		s.stampedf("Downloading checkpoint %s from Meta...", path)
	}
	size, complaint := modelSize(name, path)
	if err := s.sleep(ctx, share(size, downloadTime)); err != nil {
		return err
	}
	s.stampedf("Setting model size for %s", path)
	if complaint != "" {
		s.echof("%s", complaint) // and goes on
	}
	s.stampedf("Model size for %s is %s", path, size)
	input := "/root/.llama/checkpoints/" + strings.ReplaceAll(path, ":", "-") + "/"
	scanned, unscanned := out+"/bf16/scanned", out+"/bf16"
	concurrent := 96
	if size == "llama3.1-405b" {
		concurrent = 500
	}
	s.stampedf("Input directory=%s", input)
	s.stampedf("Maxtext model path=%s", scanned)
	s.stampedf("Model path=%s", path)
	s.stampedf("Model size=%s", size)
	s.stampedf("Concurrent_gb=%d", concurrent)
	s.stampedf("Beginning conversion of scanned checkpoint to %s/0/items", scanned)
	if size == "" {
		fmt.Fprintln(s.Stderr, "llama_or_mistral_ckpt.py: error: argument --model-size: expected one argument")
		return errExit{2}
	}
	if err := s.scan(ctx, size, input, out); err != nil {
		return err
	}
	s.stampedf("Completed conversion of scanned checkpoint to %s/0/items", scanned)
	s.stampedf("Beginning conversion of from scanned checkpoint %s/0/items to unscanned checkpoint %s/unscanned", scanned, unscanned)
	if err := s.sleep(ctx, share(size, unscanTime)); err != nil {
		return err
	}
	items := unscanned + "/unscanned/checkpoints/0/items"
	s.stampedf("Completed unscanning checkpoint to %s", items)
	return s.quantize(ctx, o, size, items)
}

// scan is llama_or_mistral_ckpt.py.
func (s *script) scan(ctx context.Context, size, input, out string) error {
	s.echof("Loading the base model from %s", input)
	_, billions, _ := strings.Cut(size, "-")
	files := max(1, shards[billions])
	each := share(size, scanTime) / time.Duration(files+1)
	for i := range files {
		s.echof("Loading checkpoint %d of %d ...", i+1, files)
		if err := s.sleep(ctx, each); err != nil {
			return err
		}
	}
	for _, part := range []string{"decoder norm scale", "logits dense", "token embeddings", "self attention", "pre and post self attention norms", "layer weights"} {
		s.echof("Processing %s", part)
	}
	if err := s.sleep(ctx, each); err != nil {
		return err
	}
	if err := s.World.Bucket(out); err != nil {
		fmt.Fprintf(s.Stderr, "google.api_core.exceptions.NotFound: 404 The specified bucket does not exist.: %s\n", out)
		return errExit{exitFailed}
	}
	s.echof("saved a checkpoint at step 0")
	return nil
}

// quantize is the last step; a type that is not known ends the script in success, as
// the real one does.
func (s *script) quantize(ctx context.Context, o options, size, items string) error {
	wanted, kind := o.values["quantize_weights"], o.values["quantize_type"]
	if wanted == "" {
		wanted = "False"
	}
	s.stampedf("Quantize weights: %s", wanted)
	if wanted != "True" {
		return nil
	}
	valid := []string{"int8", "int8w", "int4w", "intmp", "fp8"}
	if !slices.Contains(valid, kind) {
		s.stampedf("Quantize weights was True but an invalid quantization was provided: %s. Valid quantizations: %s", kind, valid[0])
		return nil
	}
	target := o.values["output_directory"] + "/" + kind
	s.stampedf("Beginning quantizing model %s with %s and parameter path %s", size, kind, items)
	if err := s.sleep(ctx, share(size, quantizeTime)); err != nil {
		return err
	}
	s.echof("Quantized params checkpoint saved at: %s", target)
	s.stampedf("Completed quantizing model %s with %s to %s", size, kind, target)
	return nil
}
