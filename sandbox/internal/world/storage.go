package world

import (
	"errors"
	"fmt"
	"strings"
)

// Checkpoint is a converted model in the simulated object storage.
type Checkpoint struct {
	Path string
	// Quantized tells an int8 checkpoint from a bf16 one.
	Quantized bool
}

var (
	// ErrNotFound is returned for objects and buckets that do not exist.
	ErrNotFound = errors.New("not found")
	// ErrIncomplete is returned for a checkpoint whose conversion has not finished.
	ErrIncomplete = errors.New("incomplete")
)

// Checkpoint looks a path up in the simulated object storage. The storage holds, in
// every bucket, what the conversion Job writes: an int8 checkpoint at any path that
// ends in /int8 and a bf16 one at any path that ends in /0/items. Anything else,
// also a path without gs://, is ErrNotFound.
func (w *World) Checkpoint(path string) (Checkpoint, error) {
	if fault := w.Faults().Checkpoint; fault != nil {
		if err := fault(path); err != nil {
			return Checkpoint{}, err
		}
	}
	object, ok := strings.CutPrefix(strings.TrimRight(path, "/"), "gs://")
	if ok {
		bucket, rest, _ := strings.Cut(object, "/")
		switch {
		case bucket == "" || rest == "":
		case rest == "int8" || strings.HasSuffix(rest, "/int8"):
			return Checkpoint{Path: path, Quantized: true}, nil
		case rest == "0/items" || strings.HasSuffix(rest, "/0/items"):
			return Checkpoint{Path: path}, nil
		}
	}
	return Checkpoint{}, fmt.Errorf("checkpoint %s: %w", path, ErrNotFound)
}

// readRate is how fast one slice reads a checkpoint in the real system, in bytes
// per second: 405 GB in about twelve minutes, the middle of the documented ten to
// twenty less the warm-up.
const readRate = 405e9 / 720

// ReadRate is the rate at which one slice reads a checkpoint, in bytes per second of
// unscaled time.
func (w *World) ReadRate() float64 {
	if fault := w.Faults().ReadRate; fault != nil {
		return fault(readRate)
	}
	return readRate
}

// HBM is the usable memory of one chip in bytes, given what the accelerator has.
func (w *World) HBM(bytes int64) int64 {
	if fault := w.Faults().HBM; fault != nil {
		return fault(bytes)
	}
	return bytes
}
