package world

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string
		want       Checkpoint
		err        error
	}{
		{"int8 below a model's directory", "gs://b/maxtext/llama-3.1-405b/int8", Checkpoint{"gs://b/maxtext/llama-3.1-405b/int8", true}, nil},
		{"int8 right below the bucket, with a slash", "gs://b/int8/", Checkpoint{"gs://b/int8/", true}, nil},
		{"bf16", "gs://b/m/bf16/unscanned/checkpoints/0/items", Checkpoint{"gs://b/m/bf16/unscanned/checkpoints/0/items", false}, nil},
		{"a placeholder", "CHECKPOINT_PATH", Checkpoint{}, ErrNotFound},
		{"a path without gs://", "b/maxtext/int8", Checkpoint{}, ErrNotFound},
		{"a bucket alone", "gs://int8", Checkpoint{}, ErrNotFound},
		{"a directory above the checkpoint", "gs://b/maxtext/llama-3.1-405b", Checkpoint{}, ErrNotFound},
		{"a name that ends like one", "gs://b/xint8", Checkpoint{}, ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := New(Options{}).Checkpoint(tt.path)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Checkpoint(%q) (-want +got)\n%s", tt.path, diff)
			}
		})
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	for location, exists := range map[string]bool{
		"gs://bucket":                     true,
		"gs://cloud-pathways-staging/tmp": true,
		"gs://my.bucket_1/a/b":            true,
		"PATHWAYS_BUCKET":                 false,
		"gs://PATHWAYS_BUCKET":            false,
		"gs://":                           false,
		"gs:///tmp":                       false,
		"gs://b/x":                        false, // three characters at least
		"":                                false,
	} {
		if err := New(Options{}).Bucket(location); (err == nil) != exists || err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("Bucket(%q) = %v, want existence %v", location, err, exists)
		}
	}
}

func TestRefusalsAreWordedAsContainerdDoes(t *testing.T) {
	t.Parallel()
	const image = "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server:jax-0.5.3"
	denied := PullDenied(image)
	const wantDenied = `rpc error: code = Unknown desc = failed to pull and unpack image "` + image + `": failed to resolve reference "` + image + `": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://us-docker.pkg.dev/v2/token?scope=repository%3Acloud-tpu-v2-images%2Fpathways%2Fserver%3Apull&service=us-docker.pkg.dev: 403 Forbidden`
	if diff := cmp.Diff(wantDenied, denied.Error()); diff != "" || !errors.Is(denied, ErrImageDenied) {
		t.Errorf("denied (-want +got)\n%s", diff)
	}
	missing := PullNotFound("busybox")
	const wantMissing = `rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/busybox:latest": failed to resolve reference "docker.io/library/busybox:latest": docker.io/library/busybox:latest: not found`
	if diff := cmp.Diff(wantMissing, missing.Error()); diff != "" || !errors.Is(missing, ErrImageNotFound) {
		t.Errorf("not found (-want +got)\n%s", diff)
	}
}

func TestSleepIsScaledAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(Options{Speed: 60})
		start := time.Now()
		if err := w.Sleep(t.Context(), time.Minute); err != nil || time.Since(start) != time.Second {
			t.Errorf("a minute at speed 60 took %v (%v)", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("sleeping past the context: %v", err)
		}
	})
}

func TestRandDependsOnSeedAndKeyAlone(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64, key string) uint64 { return New(Options{Seed: seed}).Rand(key).Uint64() }
	first, second := draw(1, "a"), draw(1, "a")
	if first != second {
		t.Error("the same seed and key give different numbers")
	}
	if draw(1, "a") == draw(2, "a") || draw(1, "a") == draw(1, "b") {
		t.Error("another seed or key gives the same number")
	}
}
