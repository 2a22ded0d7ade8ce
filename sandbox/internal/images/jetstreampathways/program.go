// Package jetstreampathways simulates the image inference/jetstream-pathways: the JAX
// process that loads a checkpoint with MaxText through Pathways and serves it with
// JetStream.
//
// Lines, their order, their streams and their exceptions are those of the sources:
// MaxText at aa5fa06, JetStream at 1d6b4563, pathways-utils at 17ed026 (whose Cloud
// Logging client makes the root logger write JSON on standard error). Which commits
// the image really contains is not known; the sources are those nearest to the log
// that its users are shown. What the real process computes is replaced by arithmetic:
// bytes over bandwidth for the restore, weights and caches against the memory of the
// chips for the compiler, one token of a made-up text a step for the model.
package jetstreampathways

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/ifrt"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/maxtext"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

// Program is the image's entry point.
type Program struct{}

var _ container.Program = Program{}

// importTime is how long Python takes to import JAX, MaxText and JetStream.
const importTime = 12 * time.Second

// Run serves until the process is told to stop or fails.
func (Program) Run(ctx context.Context, container *container.Process) int {
	p := newProcess(container)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-p.Term:
			cancel(errTerminated)
		case <-stop:
		}
	}()
	err := p.main(ctx, cancel)
	close(stop)
	<-watching
	return p.exitCode(err)
}

// main is maxengine_server.py. cancel ends everything that runs under ctx.
func (p *process) main(ctx context.Context, cancel context.CancelCauseFunc) error {
	if err := p.sleep(ctx, importTime); err != nil {
		return err
	}
	fmt.Fprintf(p.Stderr, "/usr/local/lib/python3.10/dist-packages/pathwaysutils/__init__.py:59: UserWarning: pathwaysutils: Legacy initialization. Ensure you also call pathwaysutils.initialize(). This warning will be removed in a future release.\n  warnings.warn(\n")

	config, exception := maxtext.Read(shellWords(p.Args), p.Env, p.stdout.PrintFlush)
	if exception != nil {
		return exception
	}
	session, err := p.connect(ctx)
	if err != nil {
		return err
	}
	watched := make(chan struct{})
	defer func() {
		session.Close() // ends the watch
		<-watched
	}()
	go func() {
		defer close(watched)
		<-session.Done()
		if ctx.Err() == nil && !errors.Is(session.Err(), net.ErrClosed) {
			cancel(p.lost(session))
		}
	}()
	if err := p.reach("connected"); err != nil {
		return err
	}
	devices := session.Topology().Devices
	if exception := config.Resolve(devices, p.stdout.PrintFlush); exception != nil {
		return exception
	}
	p.infof("core/server_lib.py", 283, "get_devices", "Using devices: %d", devices)
	layout, exception := layoutOf(config.String("inference_server"), devices)
	if exception != nil {
		return exception
	}
	return p.serve(ctx, config, session, layout)
}

// shellWords splits arguments at spaces, since the image's script passes them on as
// an unquoted $@.
func shellWords(args []string) []string { return strings.Fields(strings.Join(args, " ")) }

// layout is how the inference server divides the devices.
type layout struct {
	// prefill and generate are the chips of the two engines of a disaggregated
	// server; an interleaved one has all of its chips in generate.
	prefill, generate int
	disaggregated     bool
	// slices is what the error of a wrong number of devices prints.
	wanted int
	slices string
}

func layoutOf(server string, devices int) (layout, *python.Exception) {
	const text = "server_config.prefill_slices=%s\nserver_config.generate_slices=%s\nserver_config.interleaved_slices=%s\n"
	split := func(chips int, slice string) layout {
		slice = fmt.Sprintf("('%s',)", slice)
		return layout{chips, chips, true, 2 * chips, fmt.Sprintf(text, slice, slice, "()")}
	}
	switch server {
	case "MaxtextInterleavedServer":
		return layout{0, devices, false, devices, ""}, nil
	case "ExperimentalMaxtextDisaggregatedServer_16":
		return split(16, "v5e-16"), nil
	case "ExperimentalMaxtextDisaggregatedServer_8":
		return split(8, "v6e-8"), nil
	}
	return layout{}, &python.Exception{Type: "NotImplementedError", Frames: []python.Frame{
		python.At(mainFile, 69, "<module>", "main(cfg)"),
		python.At(mainFile, 40, "main", "server_config = maxengine_config.get_server_config(config.inference_server, config)"),
		python.At("/maxtext/MaxText/maxengine_config.py", 73, "get_server_config", "raise NotImplementedError"),
	}}
}

const mainFile = "/maxtext/MaxText/maxengine_server.py"

// runFrames are the frames of every exception under server_lib.run.
var runFrames = []python.Frame{
	python.At(mainFile, 69, "<module>", "main(cfg)"),
	python.At(mainFile, 50, "main", "jetstream_server = server_lib.run("),
	python.At("/JetStream/jetstream/core/server_lib.py", 227, "run", "driver = create_driver("),
}

// serve is server_lib.run: load, warm up, serve.
func (p *process) serve(ctx context.Context, c *maxtext.Config, session *ifrt.Session, l layout) error {
	p.infof("core/server_lib.py", 211, "run", "Kicking off gRPC server.")
	if port := c.Int("prometheus_port"); port != 0 {
		p.infof("core/server_lib.py", 215, "run", "Starting Prometheus server on port %d", port)
	} else {
		p.infof("core/server_lib.py", 223, "run", "Not starting Prometheus server: --prometheus_port flag not set")
	}
	e, err := p.engines(ctx, c, session, l)
	if err != nil {
		return within(err, runFrames...)
	}
	if err := p.load(ctx, e); err != nil {
		return within(err, runFrames...)
	}
	p.infof("core/server_lib.py", 123, "create_driver", "Loaded all weights.")
	if err := p.reach("restored"); err != nil {
		return err
	}
	if c.Bool("enable_model_warmup") {
		if err := p.warmUp(ctx, e); err != nil {
			return within(err, runFrames...)
		}
	}
	if err := p.reach("warm"); err != nil {
		return err
	}
	return p.listen(ctx, e)
}

// within adds outer frames to an exception and leaves other errors alone.
func within(err error, outer ...python.Frame) error {
	var e *python.Exception
	if errors.As(err, &e) {
		return e.Within(outer...)
	}
	return err
}
