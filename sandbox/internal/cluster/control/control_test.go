package control_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/control"
)

// sandbox knows two scenarios.
type sandbox struct {
	mu      sync.Mutex
	status  control.Status
	away    time.Duration // of the API server, as last ordered
	stopped bool
}

func (s *sandbox) Status() control.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *sandbox) SetScenario(_ context.Context, name string) error {
	if name != "happy" && name != "worker-crash" {
		return errors.New("scenario \"" + name + "\" does not exist")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Scenario = name
	return nil
}

func (s *sandbox) RestartAPIServer(_ context.Context, away time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
	return nil
}

func (s *sandbox) RequestStop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
}

func serve(t *testing.T, s control.Sandbox) *control.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl") // the path of t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "control.sock")
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- control.Serve(ctx, l, s) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(dir)
	})
	return control.NewClient(socket)
}

func TestAClientSeesAndChangesARunningSandbox(t *testing.T) {
	t.Parallel()
	s := &sandbox{status: control.Status{PID: 1, Scenario: "happy", Pools: []control.Pool{{Name: "np", Nodes: 4}}}}
	client := serve(t, s)

	got, err := client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Status(), got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if got, err = client.SetScenario(t.Context(), "worker-crash"); err != nil || got.Scenario != "worker-crash" {
		t.Errorf("after setting a scenario, %q is in force: %v", got.Scenario, err)
	}
	if got, err = client.RestartAPIServer(t.Context(), 3*time.Second); err != nil || got.PID != 1 || s.away != 3*time.Second {
		t.Errorf("restarting the API server, away for %v: %+v, %v", s.away, got, err)
	}
	if err := client.Stop(t.Context()); err != nil || !s.stopped {
		t.Errorf("stopping: %v, stopped: %v", err, s.stopped)
	}
}

func TestTheSandboxsOwnErrorReachesTheClient(t *testing.T) {
	t.Parallel()
	client := serve(t, &sandbox{status: control.Status{Scenario: "happy"}})
	_, err := client.SetScenario(t.Context(), "rain")
	if want := `scenario "rain" does not exist`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	if status, err := client.Status(t.Context()); err != nil || status.Scenario != "happy" {
		t.Errorf("after a refusal, %q is in force: %v", status.Scenario, err)
	}
}

func TestASocketThatNobodyServesIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := control.NewClient(filepath.Join(t.TempDir(), "none")).Status(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that the socket does not exist", err)
	}
}
