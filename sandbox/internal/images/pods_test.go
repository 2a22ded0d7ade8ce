package images

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/imagetest"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// The arguments of the guide's two manifests, with the placeholders filled in and the
// proxy's missing ones added.
var (
	proxyArgs = []string{"--resource_manager_address=jetstream-pathways-0:38677", "--server_port=38681", "--gcs_scratch_location=gs://scratch/tmp"}
	args405B  = strings.Fields(`MaxText/configs/v5e/inference/llama3_405b_v5e-64.yml model_name=llama3.1-405b
		load_parameters_path=gs://models/llama-3.1-405b/int8 max_prefill_predict_length=1024 max_target_length=2048
		async_checkpointing=false steps=1 ici_fsdp_parallelism=1 ici_autoregressive_parallelism=2 ici_tensor_parallelism=8
		scan_layers=false weight_dtype=bfloat16 per_device_batch_size=6 enable_single_controller=true quantization=int8
		quantize_kvcache=true checkpoint_is_quantized=true enable_model_warmup=true`)
	args70B = strings.Fields(`MaxText/configs/base.yml tokenizer_path=assets/tokenizer.llama2
		load_parameters_path=gs://models/maxtext/llama-2-70b/int8 max_prefill_predict_length=1024 max_target_length=2048
		model_name=llama2-70b ici_fsdp_parallelism=1 ici_autoregressive_parallelism=1 ici_tensor_parallelism=-1
		scan_layers=false weight_dtype=bfloat16 per_device_batch_size=27 checkpoint_is_quantized=true quantization=int8
		quantize_kvcache=true compute_axis_order=0,2,1,3 ar_cache_axis_order=0,2,1,3 stack_prefill_result_cache=True
		inference_server=ExperimentalMaxtextDisaggregatedServer_8 inference_benchmark_test=True enable_model_warmup=True`)
)

// deployment is a group as the workload controller makes it, without the controller.
type deployment struct {
	t                    *testing.T
	cluster              *imagetest.Cluster
	leader               *imagetest.Pod
	proxy, rm, jax, http *imagetest.Container
	workers              []*imagetest.Container
}

// spec is what differs between deployments.
type spec struct {
	options       world.Options
	faults        world.Faults
	proxy, jax    []string
	instanceType  string
	instanceCount int
	slicesOfHosts []int // how many workers each slice gets
	env           map[string]string
	proxyTag      string // jax-0.5.3 unless set
}

func spec405B() spec {
	return spec{
		proxy: proxyArgs, jax: args405B, instanceType: "tpuv6e:4x4", instanceCount: 1, slicesOfHosts: []int{4},
		env: map[string]string{"LOG_LEVEL": "INFO"},
	}
}

func spec70B() spec {
	return spec{
		proxy: proxyArgs, jax: args70B, instanceType: "tpuv6e:2x4", instanceCount: 2, slicesOfHosts: []int{2, 2},
		env: map[string]string{"LOG_LEVEL": "INFO"},
	}
}

func lookup(t *testing.T, c *imagetest.Cluster, image string) container.Program {
	t.Helper()
	p, err := New(c.World).Lookup(image)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func deploy(t *testing.T, s spec) *deployment {
	t.Helper()
	c := imagetest.New(t, s.options)
	c.World.SetFaults(s.faults)
	d := &deployment{t: t, cluster: c}
	d.start(s)
	return d
}

// start brings up the pods of one group; those of an earlier start must have ended.
func (d *deployment) start(s spec) {
	d.t.Helper()
	run := func(pod *imagetest.Pod, name, image string, args []string, env map[string]string) *imagetest.Container {
		return pod.Run(name, image, lookup(d.t, d.cluster, image), args, env)
	}
	d.leader = d.cluster.Pod("jetstream-pathways-0", map[string]string{"leaderworkerset.sigs.k8s.io/worker-index": "0"})
	d.proxy = run(d.leader, "pathways-proxy", PathwaysProxy+":"+cmp.Or(s.proxyTag, "jax-0.5.3"), s.proxy, nil)
	d.rm = run(d.leader, "pathways-rm", PathwaysServer+":jax-0.5.3", []string{
		"--server_port=38677", "--gcs_scratch_location=gs://scratch/tmp", "--node_type=resource_manager",
		fmt.Sprintf("--instance_count=%d", s.instanceCount), "--instance_type=" + s.instanceType,
	}, nil)
	d.jax = run(d.leader, "jax-tpu", JetStreamPathways+":v0.2.0", s.jax, s.env)
	d.http = run(d.leader, "jetstream-http", JetStreamHTTP+":v0.2.3", nil, nil)
	d.workers = nil
	for slice, hosts := range s.slicesOfHosts {
		for range hosts {
			d.workers = append(d.workers, d.worker(len(d.workers)+1, fmt.Sprintf("slice-%d", slice)))
		}
	}
}

// worker starts the pod of one worker.
func (d *deployment) worker(index int, slice string) *imagetest.Container {
	d.t.Helper()
	pod := d.cluster.Pod(fmt.Sprintf("jetstream-pathways-0-%d", index), map[string]string{"leaderworkerset.sigs.k8s.io/worker-index": fmt.Sprint(index)})
	return pod.Run("worker", PathwaysServer, lookup(d.t, d.cluster, PathwaysServer+":jax-0.5.3"), []string{
		"--server_port=38679", "--resource_manager_address=jetstream-pathways-0:38677", "--gcs_scratch_location=gs://scratch/tmp",
	}, map[string]string{"TPU_WORKER_HOSTNAMES": slice})
}

// until sleeps in simulated time until the condition holds and returns how long that
// took; it fails the test when it never does.
func (d *deployment) until(what string, most time.Duration, ok func() bool) time.Duration {
	d.t.Helper()
	const step = time.Second
	for waited := time.Duration(0); waited <= most; waited += step {
		if ok() {
			return waited
		}
		time.Sleep(step)
		synctest.Wait()
	}
	d.t.Fatalf("%s did not happen within %v; jax-tpu wrote\n%s\n%s", what, most, tail(d.jax.Stdout), tail(d.jax.Stderr))
	return 0
}

// end waits, within an hour of simulated time, for the end of a container and returns
// its exit code.
func (d *deployment) end(c *imagetest.Container) int {
	d.t.Helper()
	d.until("the end of a container", time.Hour, func() bool { return !c.Running() })
	return c.Wait()
}

// ready waits for the banner that says that the model is served.
func (d *deployment) ready() time.Duration {
	d.t.Helper()
	return d.until("the model's readiness", time.Hour, func() bool {
		return strings.Contains(d.jax.Stderr.String(), "Uvicorn running on http://0.0.0.0:9999")
	})
}

func tail(o *imagetest.Output) string {
	lines := o.Lines()
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// client is an HTTP client that talks to the leader from outside the pod.
func (d *deployment) client() *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return d.leader.Dial(ctx, address)
		},
		DisableKeepAlives: true,
	}
	return &http.Client{Transport: transport}
}

func (d *deployment) get(path string) (status int, body string) {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://localhost:8000"+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.do(request)
}

func (d *deployment) do(request *http.Request) (status int, body string) {
	d.t.Helper()
	response, err := d.client().Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

func (d *deployment) generate(body string) (status int, answer string) {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, "http://localhost:8000/generate", strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	return d.do(request)
}

// update rewrites the goldens in testdata instead of comparing with them.
var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with testdata/NAME.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

// transcript is a log without what would make a golden long: structured lines keep
// their message, of the configuration only the first and last lines are left.
func transcript(log string) string {
	var b strings.Builder
	params := 0
	for line := range strings.Lines(log) {
		var structured struct{ Message, Severity string }
		switch {
		case strings.HasPrefix(line, "Config param "):
			if params++; params > 1 {
				continue
			}
		case json.Unmarshal([]byte(line), &structured) == nil && structured.Message != "":
			line = "{JSON " + structured.Severity + "} " + structured.Message + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
