package jetstreampathways

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/driver"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/orchestrator"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/textgen"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/tokenizer"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/uvicorn"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

const (
	grpcPort    = 9000
	grpcThreads = 256
)

// listen starts the driver and the servers, and blocks in the profiling server as
// the real process does: nothing after its banner is ever printed.
func (p *process) listen(ctx context.Context, e *engines) error {
	tokens, err := p.tokenizer(e)
	d := p.newDriver(e, tokens)
	mode := "interleaved"
	if e.layout.disaggregated {
		mode = "disaggregated"
	}
	p.logger.Logf(python.Info, "Initializing the driver with %d prefill engines and %d generate engines in %s mode", 1, 1, mode)
	for _, thread := range []string{"prefill", "transfer", "generate", "detokenize"} {
		p.logger.Logf(python.Info, "Spinning up %s thread %d.", thread, 0)
		if thread == "prefill" && err != nil {
			return p.threadFailed(&driver.ThreadError{Thread: "prefill-0", Err: err})
		}
	}
	p.logger.Logf(python.Info, "Driver initialized.")
	p.stdout.Print("GC tweaked (allocs, gen1, gen2):  60000 20 30") // not flushed

	l, err := p.Net.Listen(grpcPort)
	if err != nil {
		return &python.Exception{Type: "RuntimeError", Message: fmt.Sprintf("Failed to bind to address [::]:%d; set GRPC_VERBOSITY=debug environment variable to see detailed error message.", grpcPort)}
	}
	p.infof("core/server_lib.py", 252, "run", "Starting server on port %d with %d threads", grpcPort, grpcThreads)
	ctx, cancel := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(nil)
	server := orchestrator.NewServer(&service{process: p, driver: d, tokenizer: tokens})
	defer server.Stop()
	running.Go(func() { _ = server.Serve(l) })
	running.Go(func() {
		if err := d.Run(ctx); ctx.Err() == nil {
			cancel(err)
		}
	})
	p.infof("core/server_lib.py", 265, "run", "Not starting JAX profiler server: %s", maxtextBool(e.config.Bool("enable_jax_profiler")))
	if err := p.profile(ctx, e.config.Int("jax_profiler_port")); err != nil {
		return err
	}
	return p.ended(context.Cause(ctx))
}

func maxtextBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// ended turns what stopped the servers into the way the process ends.
func (p *process) ended(cause error) error {
	var failed *driver.ThreadError
	switch {
	case errors.As(cause, &failed):
		return p.threadFailed(failed)
	case isException(cause):
		// The devices are gone: the next step of the generate thread raises.
		return p.threadFailed(&driver.ThreadError{Thread: "generate-0", Err: cause})
	}
	return cause
}

// threadFailed is what JetThread does when its thread raises: print, which is
// buffered and so lost, a traceback, and SIGKILL.
func (p *process) threadFailed(t *driver.ThreadError) error {
	var e *python.Exception
	var bucket *driver.BucketError
	switch {
	case errors.As(t.Err, &bucket):
		e = &python.Exception{Type: "ValueError", Message: bucket.Error(), Frames: []python.Frame{
			python.At(orchestratorFile, 569, "_prefill_thread", "padded_tokens, true_length = self._process_prefill_content("),
			python.At("/JetStream/jetstream/engine/token_utils.py", 130, "pad_tokens", ": prefill_lengths.index(max_prefill_length)"),
		}}
	case !errors.As(t.Err, &e):
		e = &python.Exception{Type: "RuntimeError", Message: t.Err.Error()}
	}
	p.stdout.Print(fmt.Sprintf("Thread %s encountered an error: %s", t.Thread, e.Message))
	frames := []python.Frame{
		python.At(orchestratorFile, 194, "run", "super().run()"),
		python.At("/usr/lib/python3.10/threading.py", 953, "run", "self._target(*self._args, **self._kwargs)"),
	}
	switch {
	case len(e.Frames) > 0:
	case t.Thread == "prefill-0":
		frames = append(frames, python.At(orchestratorFile, 583, "_prefill_thread", "prefill_result, first_token = prefill_engine.prefill("))
	default:
		frames = append(frames, python.At(orchestratorFile, 975, "_generate_thread", "decode_state, sampled_tokens = generate_engine.generate("))
	}
	_, _ = io.WriteString(p.Stderr, e.Within(frames...).Traceback()) // a container's log never fails
	return errKilled
}

const orchestratorFile = "/JetStream/jetstream/core/orchestrator.py"

func (p *process) newDriver(e *engines, tokens tokenizer.Tokenizer) *driver.Driver {
	return driver.New(driver.Config{
		Slots:         e.slots,
		Disaggregated: e.layout.disaggregated,
		MaxPrefill:    e.config.Int("max_prefill_predict_length"),
		StepTime:      time.Duration(float64(time.Second) / p.World.TokensPerSecond()),
		Tokenizer:     tokens,
		Prefill:       func(ctx context.Context, bucket int) error { return p.runPrefill(ctx, e, bucket) },
		Generate:      func(ctx context.Context) error { return p.runGenerate(ctx, e) },
		Answer: func(prompt string, most int) []tokenizer.Token {
			// No slot holds more than what the target length leaves.
			most = min(most, e.config.Int("max_target_length"))
			return p.answer(tokens, prompt, most)
		},
		OnStep: func(step, free int, took time.Duration) {
			p.logger.Logf(python.Debug, "[Generate thread 0] Step %d - slots free : %d / %d, took %.2fms", step, free, e.slots, float64(took)/float64(time.Millisecond))
		},
		OnLongPrompt: func() {
			p.root.Logf(python.Warning, "root", python.Source{File: "/JetStream/jetstream/engine/token_utils.py", Line: 151, Function: "pad_tokens"}, "Provided sequence longer than available.")
		},
	})
}

// mostBytes is more than a token of the simulated tokenizers has.
const mostBytes = 32

// answer is the model.
func (p *process) answer(tokens tokenizer.Tokenizer, prompt string, most int) []tokenizer.Token {
	generator := textgen.Generator{Seed: p.World.Seed()}
	a := world.Answer{Text: generator.Reply(prompt)}
	if change := p.World.Faults().Answer; change != nil {
		change(&a)
	}
	if a.RunsOn {
		a.Text += generator.RunOn(prompt, most*mostBytes)
	}
	said := tokens.Encode(a.Text)
	if a.Token != "" {
		said = append(said, tokens.Whole(a.Token))
	}
	return said
}

// tokenizers are the files that the image has.
var tokenizers = []string{
	"assets/tokenizer", "assets/tokenizer.gemma", "assets/tokenizer.gemma3", "assets/tokenizer.llama2",
	"assets/tokenizer.mistral-v1", "assets/tokenizer.mistral-v3", "assets/tokenizer_llama3.tiktoken",
}

// profile runs the profiling server, whose banner is the sign that the model is
// served. It returns when ctx ends.
func (p *process) profile(ctx context.Context, port int) error {
	const file = "core/utils/proxy_util.py"
	if port <= 0 || port > 65535 {
		port = 9999
	}
	p.infof(file, 28, "start_profiling_server", "Starting JAX profiler server on port %d", port)
	l, err := p.Net.Listen(uint16(port))
	if err != nil {
		fmt.Fprintf(p.Stderr, "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', %d): address already in use\n", port)
		return fmt.Errorf("%w: %w", &crash{1}, err) // uvicorn exits
	}
	if err := p.reach("serving"); err != nil {
		_ = l.Close()
		return err
	}
	server := &uvicorn.Server{
		App: uvicorn.App{{Method: http.MethodGet, Path: "/", Handler: func(w http.ResponseWriter, _ *http.Request) {
			uvicorn.JSON(w, http.StatusOK, pyjson.Compact(pyjson.Object{{Name: "message", Value: "Hello from proxy profiling server"}}))
		}}},
		Stdout: p.stdout, Stderr: p.Stderr, PID: pid, PodIP: p.PodIP, Port: uint16(port),
	}
	server.Serve(ctx, l, nil)
	return nil
}
