package images

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/imagetest"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/scenario"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// with returns arguments with some replaced, by their keys, or appended.
func with(args []string, changes ...string) []string {
	args = slices.Clone(args)
	for _, change := range changes {
		key, _, _ := strings.Cut(change, "=")
		i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, key+"=") })
		if i < 0 {
			args = append(args, change)
			continue
		}
		args[i] = change
	}
	return args
}

func jax(s spec, changes ...string) spec {
	s.jax = with(s.jax, changes...)
	return s
}

func faults(t *testing.T, s spec, name string) spec {
	t.Helper()
	found, err := scenario.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	s.faults = found.Faults
	return s
}

const killedByItself = 137

func TestServerFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		spec spec
		code int
		want string // in the log of jax-tpu
		most time.Duration
	}{
		{
			"a placeholder for the checkpoint is not found", jax(spec405B(), "load_parameters_path=CHECKPOINT_PATH"), 1,
			"FileNotFoundError: Checkpoint at CHECKPOINT_PATH not found.\n", time.Minute,
		},
		{
			"the scenario takes the checkpoint away", faults(t, spec405B(), "bad-checkpoint-path"), 1,
			"FileNotFoundError: Checkpoint at gs://models/llama-3.1-405b/int8 not found.\n", time.Minute,
		},
		{"the conversion has not finished", func() spec {
			s := spec405B()
			s.faults.Checkpoint = func(path string) error { return fmt.Errorf("%s: %w", path, world.ErrIncomplete) }
			return s
		}(), 1, "ValueError: Found incomplete checkpoint at gs://models/llama-3.1-405b/int8.\n", time.Minute},
		{
			"an int8 server is given a bf16 checkpoint", jax(spec405B(), "load_parameters_path=gs://models/llama-3.1-405b/bf16/unscanned/checkpoints/0/items"), 1,
			"ValueError: User-provided restore item and on-disk value metadata tree structures do not match: ", time.Minute,
		},
		{
			"a bf16 server is given an int8 checkpoint", jax(spec405B(), "checkpoint_is_quantized=false"), 1,
			"ValueError: User-provided restore item and on-disk value metadata tree structures do not match: ", time.Minute,
		},
		{
			"an unknown key", jax(spec405B(), "max_prefil_length=1"), 1,
			"ValueError: Key max_prefil_length was passed at the command line but isn't in config.\n", time.Minute,
		},
		{
			"an unknown model", jax(spec405B(), "model_name=llama3.1-406b"), 1,
			"ValueError: Invalid model name was passed. Got llama3.1-406b, Valid options ('default', 'llama2-7b', ", time.Minute,
		},
		{
			"a configuration that does not exist",
			spec{proxy: proxyArgs, jax: []string{"MaxText/configs/bsae.yml"}, instanceType: "tpuv6e:4x4", instanceCount: 1},
			1,
			"FileNotFoundError: [Errno 2] No such file or directory: '/maxtext/MaxText/configs/bsae.yml'\n", time.Minute,
		},
		{"no arguments", spec{proxy: proxyArgs, instanceType: "tpuv6e:4x4", instanceCount: 1}, 1, "IndexError: list index out of range\n", time.Minute},
		{"an unknown inference server", jax(spec70B(), "inference_server=MaxtextServer"), 1, "NotImplementedError\n", time.Minute},
		{
			"parallelisms whose product is not the number of chips", jax(spec405B(), "ici_tensor_parallelism=4"), 1,
			"AssertionError: Number of devices per slice 16 does not match the product of the ICI parallelism 8\n", time.Minute,
		},
		{"a disaggregated server with the chips of one slice", func() spec {
			s := spec70B()
			s.instanceCount, s.slicesOfHosts = 1, []int{2}
			return s
		}(), 1, "ValueError: The number of available devices (8) do not match the expected number of devices on all the slices (16) specified in the server_config:\n", time.Minute},
		{
			"a prompt limit above the total", jax(spec405B(), "max_prefill_predict_length=4096"), 1,
			"ValueError: Invalid max_target_length 2048, this should be the sum of max_prefill_predict_length (4096) and the expected max output length.\n", time.Minute,
		},
		{
			"weights that do not fit", jax(spec405B(), "load_parameters_path=gs://models/llama-3.1-405b/bf16/unscanned/checkpoints/0/items",
				"checkpoint_is_quantized=false", "quantization="), 1,
			"jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Error allocating device buffer: Attempting to allocate 512.00M. That was not possible. There are ", time.Hour,
		},
		{
			"a batch that does not fit", jax(spec405B(), "per_device_batch_size=16"), 1,
			"jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 33.00G of 31.25G hbm. Exceeded hbm capacity by 1.75G.\n", time.Hour,
		},
		{
			"the scenario takes memory from the chips of 405B", faults(t, spec405B(), "hbm-oom-in-warmup"), 1,
			"RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 28.08G of 25.00G hbm. Exceeded hbm capacity by 3.08G.\n", time.Hour,
		},
		{
			"the scenario takes memory from the chips of 70B", faults(t, spec70B(), "hbm-oom-in-warmup"), 1,
			"RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used ", time.Hour,
		},
		{
			"the scenario leaves the proxy without arguments", faults(t, spec405B(), "proxy-args-missing"), 1,
			"RuntimeError: Unable to initialize backend 'proxy': UNAVAILABLE: Unable to establish connection to ifrt_proxy server, please check provided address 'localhost:38681'; detailed error: failed to connect to all addresses; ", 2 * time.Minute,
		},
		{"a backend target that does not resolve", func() spec {
			s := spec405B()
			s.env = map[string]string{"JAX_BACKEND_TARGET": "grpc://nowhere:38681"}
			return s
		}(), 1, "Unable to establish connection to ifrt_proxy server, please check provided address 'nowhere:38681'; detailed error: DNS resolution failed", 2 * time.Minute},
		{
			"a tokenizer that does not exist", jax(spec405B(), "tokenizer_path=assets/tokenizer.llama4", "enable_model_warmup=false"), killedByItself,
			"AssertionError: assets/tokenizer.llama4\n", time.Hour,
		},
		{
			"a tokenizer of the other kind that does not exist", jax(spec70B(), "tokenizer_path=tokenizer.model"), killedByItself,
			"NotFoundError: tokenizer.model; No such file or directory\n", time.Hour,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := deploy(t, tt.spec)
				d.until("the end of jax-tpu", tt.most, func() bool { return !d.jax.Running() })
				if code := d.end(d.jax); code != tt.code {
					t.Errorf("exit code %d, want %d", code, tt.code)
				}
				if log := d.jax.Log.String(); !strings.Contains(log, tt.want) {
					t.Errorf("log lacks %q:\n%s", tt.want, tail(d.jax.Log))
				}
				if !d.http.Running() || !d.proxy.Running() || !d.rm.Running() {
					t.Error("another container of the leader has ended with jax-tpu")
				}
			})
		})
	}
}

func TestProxyIsTriedForAboutAMinute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		speed       float64
		least, most time.Duration
	}{
		{1, 60 * time.Second, 90 * time.Second},
		{60, 5 * time.Second, 6 * time.Second}, // the containers start no faster
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("at speed %v", tt.speed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := faults(t, spec405B(), "proxy-args-missing")
				s.options.Speed = tt.speed
				d := deploy(t, s)
				took := d.until("the end of jax-tpu", time.Hour, func() bool { return !d.jax.Running() })
				if took < tt.least || took > tt.most {
					t.Errorf("gave up after %v, want %v to %v", took, tt.least, tt.most)
				}
			})
		})
	}
}

func TestPathwaysFails(t *testing.T) {
	t.Parallel()
	const bucket = "Permanent error, with a last message of The specified bucket does not exist.; Error while initializing persistent cache storage gcs"
	tests := []struct {
		name, image string
		args        []string
		want        string
	}{
		{"the resource manager with a placeholder for its bucket", PathwaysServer, []string{"--server_port=38677", "--gcs_scratch_location=PATHWAYS_BUCKET", "--node_type=resource_manager", "--instance_count=1", "--instance_type=tpuv6e:4x4"}, bucket},
		{"a worker with a placeholder for its bucket", PathwaysServer, []string{"--server_port=38679", "--gcs_scratch_location=gs://PATHWAYS_BUCKET"}, bucket},
		{"the proxy with a placeholder for its bucket", PathwaysProxy, []string{"--server_port=38681", "--gcs_scratch_location=gs://", "--resource_manager_address=rm:38677"}, bucket},
		{"the resource manager with an unknown machine", PathwaysServer, []string{"--server_port=38677", "--gcs_scratch_location=gs://scratch", "--node_type=resource_manager", "--instance_count=1", "--instance_type=tpuv99:4x4"}, "tpuv99"},
		{"the resource manager without a count", PathwaysServer, []string{"--server_port=38677", "--gcs_scratch_location=gs://scratch", "--node_type=resource_manager", "--instance_type=tpuv6e:4x4"}, "--instance_count"},
		{"a port that is none", PathwaysServer, []string{"--server_port=http", "--gcs_scratch_location=gs://scratch"}, "--server_port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := imagetest.New(t, world.Options{})
				program, err := New(c.World).Lookup(tt.image + ":jax-0.5.3")
				if err != nil {
					t.Fatal(err)
				}
				run := c.Pod("pod", nil).Run("c", tt.image, program, tt.args, nil)
				if code := run.Wait(); code != 1 {
					t.Errorf("exit code %d, want 1", code)
				}
				if !strings.Contains(run.Stderr.String(), tt.want) {
					t.Errorf("log lacks %q:\n%s", tt.want, run.Stderr)
				}
			})
		})
	}
}

func TestProxyNeedsAllOfItsArguments(t *testing.T) {
	t.Parallel()
	for i, missing := range proxyArgs {
		t.Run("without "+missing, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := spec405B()
				s.proxy = slices.Delete(slices.Clone(proxyArgs), i, i+1)
				d := deploy(t, s)
				d.end(d.jax)
				if !d.proxy.Running() || strings.Contains(d.proxy.Log.String(), "started with status OK") {
					t.Errorf("the proxy has ended or serves:\n%s", d.proxy.Log)
				}
			})
		})
	}
}

func TestProxyOfAnotherReleaseIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := spec405B()
		s.proxyTag = "jax-0.8.0"
		d := deploy(t, s)
		d.until("the end of jax-tpu", time.Hour, func() bool { return !d.jax.Running() })
		const want = "IFRT Proxy client and server failed to agree on the protocol version; supported versions: client = [3, 14], server = [15, 24]"
		if !strings.Contains(d.jax.Log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, tail(d.jax.Log))
		}
	})
}

func TestSlicesBecomeReadyWhenAllWorkersAreThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := spec405B()
		s.slicesOfHosts = []int{3} // one short
		d := deploy(t, s)
		time.Sleep(time.Hour)
		synctest.Wait()
		if strings.Contains(d.rm.Log.String(), "Slices Now Ready") {
			t.Errorf("a slice of 4 hosts is ready with 3 workers:\n%s", d.rm.Log)
		}
		// The devices are virtual until then: everything up to the restore works.
		out := d.jax.Stdout.String()
		if !strings.Contains(out, "restoring params from") || strings.Contains(out, "Memstats") {
			t.Errorf("jax-tpu does not wait in its restore:\n%s", tail(d.jax.Stdout))
		}
	})
}
