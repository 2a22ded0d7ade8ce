// Package control is how other processes speak to a running sandbox: HTTP with JSON
// over a unix socket that only the sandbox's user can open.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Sandbox is what can be controlled. Its methods may be called concurrently.
type Sandbox interface {
	Status() Status
	// SetScenario replaces the scenario in force.
	SetScenario(ctx context.Context, name string) error
	// RestartAPIServer ends the API server and starts it again after a time, and
	// returns when it is ready.
	RestartAPIServer(ctx context.Context, away time.Duration) error
	// RequestStop makes the sandbox stop soon.
	RequestStop()
}

// Status describes a running sandbox.
type Status struct {
	PID        int       `json:"pid"`
	Started    time.Time `json:"started"`
	Dir        string    `json:"dir"`
	Kubeconfig string    `json:"kubeconfig"`
	// Server is the URL of the API server, Version its Kubernetes version.
	Server  string `json:"server"`
	Version string `json:"kubernetesVersion"`
	// LWSVersion is that of the LeaderWorkerSet controller whose image can run.
	LWSVersion string `json:"lwsVersion"`
	Pools      []Pool `json:"nodePools"`
	Scenario   string `json:"scenario"`
	// Speed divides simulated durations; TokensPerSecond is the decoding speed.
	Speed           float64 `json:"speed"`
	Seed            uint64  `json:"seed"`
	TokensPerSecond float64 `json:"tokensPerSecond"`
	// Real and Simulated name the parts of the cluster that are the one or the other.
	Real      []string `json:"real"`
	Simulated []string `json:"simulated"`
}

// Pool is one node pool.
type Pool struct {
	Name        string `json:"name"`
	Nodes       int    `json:"nodes"`
	Machine     string `json:"machine"`
	Accelerator string `json:"accelerator,omitempty"`
	Topology    string `json:"topology,omitempty"`
}

// Paths of the interface.
const (
	pathStatus    = "/v1/status"
	pathScenario  = "/v1/scenario"
	pathAPIServer = "/v1/apiserver/restart"
	pathStop      = "/v1/stop"
)

// restartOrder is the body of the order to restart the API server.
type restartOrder struct {
	Away time.Duration `json:"awayNanoseconds"`
}

// problem is the body of answers that are errors.
type problem struct {
	Error string `json:"error"`
}

// headerTimeout bounds how long a client may take to say what it wants.
const headerTimeout = 10 * time.Second

// Serve answers on the listener until ctx ends, and closes it. Requests under way are
// answered first.
func Serve(ctx context.Context, l net.Listener, s Sandbox) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathStatus, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, s.Status())
	})
	mux.HandleFunc("PUT "+pathScenario, func(w http.ResponseWriter, r *http.Request) {
		var order struct{ Name string }
		if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
			answer(w, http.StatusBadRequest, problem{"reading the request: " + err.Error()})
			return
		}
		// A client that goes away must not leave half of the nodes removed.
		if err := s.SetScenario(context.WithoutCancel(r.Context()), order.Name); err != nil {
			answer(w, http.StatusUnprocessableEntity, problem{err.Error()})
			return
		}
		answer(w, http.StatusOK, s.Status())
	})
	mux.HandleFunc("POST "+pathAPIServer, func(w http.ResponseWriter, r *http.Request) {
		var order restartOrder
		if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
			answer(w, http.StatusBadRequest, problem{"reading the request: " + err.Error()})
			return
		}
		if err := s.RestartAPIServer(r.Context(), order.Away); err != nil {
			answer(w, http.StatusUnprocessableEntity, problem{err.Error()})
			return
		}
		answer(w, http.StatusOK, s.Status())
	})
	mux.HandleFunc("POST "+pathStop, func(w http.ResponseWriter, _ *http.Request) {
		s.RequestStop()
		answer(w, http.StatusAccepted, s.Status())
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
	shut := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { shut <- shutDown(context.WithoutCancel(ctx), server) })
	err := server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return <-shut
	}
	stop()
	return fmt.Errorf("serving the control socket: %w", err)
}

// shutdownTimeout is how long clients may take to read their answers.
const shutdownTimeout = 500 * time.Millisecond

func shutDown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		return server.Close()
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone, and nobody is left to tell
}
