// Package jetstreamhttp simulates the image inference/jetstream-http: the small web
// server in front of JetStream's gRPC service. Bodies, framing, errors and log lines
// are those of its source, http_server.py of GoogleCloudPlatform/ai-on-gke at 8676d66,
// and of the framework below it.
package jetstreamhttp

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/orchestrator"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/uvicorn"
)

// Program is the image's entry point. It takes no arguments.
type Program struct{}

var _ container.Program = Program{}

const (
	port = 8000
	// backend is where the server always looks for JetStream; the request's own
	// server and port fields are accepted and ignored.
	backend = "127.0.0.1:9000"
	// startupTime is how long Python takes to import the server, in real time.
	startupTime = 3 * time.Second
)

// Run serves until the process is told to stop.
func (Program) Run(ctx context.Context, p *container.Process) int {
	start := time.NewTimer(p.World.Scale(startupTime))
	defer start.Stop()
	select {
	case <-start.C:
	case <-p.Term:
		return exitTerminated
	case <-ctx.Done():
		return exitTerminated
	}
	stdout := python.NewStdout(p.Stdout, p.Env)
	l, err := p.Net.Listen(port)
	if err != nil {
		fmt.Fprintf(p.Stderr, "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', %d): address already in use\n", port)
		return 1
	}
	// Answers that nobody waits for any more run on until the process ends.
	lifetime, end := context.WithCancel(ctx)
	f := &frontend{process: p, background: new(sync.WaitGroup)}
	defer f.background.Wait()
	defer end()
	server := &uvicorn.Server{
		App: uvicorn.App{
			{Method: http.MethodGet, Path: "/", Handler: f.root},
			{Method: http.MethodGet, Path: "/healthcheck", Handler: f.healthcheck},
			{Method: http.MethodPost, Path: "/generate", Handler: f.generate(lifetime)},
		},
		Stdout: stdout, Stderr: p.Stderr, PID: 1, PodIP: p.PodIP, Port: port,
	}
	server.Serve(ctx, l, p.Term)
	return 0
}

const exitTerminated = 128 + 15

// frontend holds what the handlers share.
type frontend struct {
	process *container.Process
	// background counts the calls that outlive their requests.
	background *sync.WaitGroup
}

// dial opens a channel to JetStream, as the server does for every request.
func (f *frontend) dial() (*orchestrator.Client, error) {
	return orchestrator.NewClient(backend, f.process.Net.DialContext)
}

func (f *frontend) root(w http.ResponseWriter, _ *http.Request) {
	uvicorn.JSON(w, http.StatusOK, pyjson.Indented(pyjson.Object{{Name: "message", Value: "HTTP Server for JetStream"}}))
}

// healthcheck answers 500 with the same detail for every failure, after two
// tracebacks in the log. There is no deadline on the call.
func (f *frontend) healthcheck(w http.ResponseWriter, r *http.Request) {
	client, err := f.dial()
	if err == nil {
		defer client.Close()
		var live bool
		if live, err = client.HealthCheck(r.Context()); err == nil {
			if live {
				uvicorn.JSON(w, http.StatusOK, pyjson.Indented(pyjson.Object{{Name: "response", Value: pyjson.Object{{Name: "is_live", Value: true}}}}))
				return
			}
			f.logHealthcheck(&python.Exception{
				Type: "fastapi.exceptions.HTTPException", Message: "500: Healthcheck failed, is_live = False",
				Frames: []python.Frame{python.At(source, 67, "healthcheck", `raise fastapi.HTTPException(status_code=500, detail="Healthcheck failed, is_live = False")`)},
			})
			uvicorn.Detail(w, http.StatusInternalServerError, "Healthcheck failed")
			return
		}
	}
	if r.Context().Err() != nil {
		return // the probe is gone; nobody reads the answer
	}
	f.logHealthcheck(callError(err, client, awaited).Within(python.At(source, 63, "healthcheck", "response = await response")))
	uvicorn.Detail(w, http.StatusInternalServerError, "Healthcheck failed")
}

// source is the program's file in the image.
const source = "/usr/src/http_server.py"

// logHealthcheck logs as the handler does: once with its own words and once with the
// exception's, each followed by the traceback.
func (f *frontend) logHealthcheck(e *python.Exception) {
	fmt.Fprintf(f.process.Stderr, "ERROR:root:Exception in healthcheck\n%sERROR:root:%s\n%s", e.Traceback(), e.Message, e.Traceback())
}
