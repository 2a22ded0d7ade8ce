// Package statedir is the directory of one sandbox: where its files are, who may use
// it, and what it remembers between two starts.
//
// A directory is used by one process at a time, which holds its lock. The kernel
// gives the lock back however that process ends, so that a lock is never stale.
package statedir

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// EnvDir is the environment variable that names the directory where no option does.
// Commands started by "run" find it set.
const EnvDir = "JETSTREAM_SANDBOX_DIR"

// Default is the directory to use where none is given: that of EnvDir, or one below
// the user's state directory.
func Default() (string, error) {
	if dir := os.Getenv(EnvDir); dir != "" {
		return dir, nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "jetstream-sandbox"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("looking for a place for the sandbox (give one with --dir): %w", err)
	}
	return filepath.Join(home, ".local", "state", "jetstream-sandbox"), nil
}

// Dir is the directory of a sandbox.
type Dir struct {
	path string
	lock *os.File
}

// At names a directory without touching it.
func At(path string) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sandbox directory %s: %w", path, err)
	}
	return &Dir{path: abs}, nil
}

// Path is the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// Kubeconfig is the path of the administrator's kubeconfig.
func (d *Dir) Kubeconfig() string { return filepath.Join(d.path, "kubeconfig") }

// Cluster is where the control plane keeps its keys and data.
func (d *Dir) Cluster() string { return filepath.Join(d.path, "cluster") }

// Nodes is where the simulated nodes keep logs and volumes.
func (d *Dir) Nodes() string { return filepath.Join(d.path, "nodes") }

// Logs is where the sandbox's own logs are.
func (d *Dir) Logs() string { return filepath.Join(d.path, "logs") }

// Record is what a sandbox writes down about itself.
type Record struct {
	// PID is the process, valid while the lock is held.
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	// Port is the API server's, which the next start asks for again.
	Port int `json:"port"`
	// Sockets is the directory of the unix sockets.
	Sockets string `json:"sockets"`
}

func (d *Dir) recordPath() string { return filepath.Join(d.path, "sandbox.json") }

// ReadRecord returns what the last sandbox in the directory wrote down, and the zero
// Record where there was none.
func (d *Dir) ReadRecord() (Record, error) {
	var r Record
	content, err := os.ReadFile(d.recordPath())
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err != nil {
		return Record{}, fmt.Errorf("reading the record of the sandbox: %w", err)
	}
	return r, nil
}

// WriteRecord replaces the record.
func (d *Dir) WriteRecord(r Record) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(d.recordPath()+".new", append(content, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(d.recordPath()+".new", d.recordPath())
	}
	if err != nil {
		return fmt.Errorf("writing the record of the sandbox: %w", err)
	}
	return nil
}

// Remove deletes the directory with everything in it. The caller holds the lock, or
// knows that nobody does.
func (d *Dir) Remove() error {
	if err := os.RemoveAll(d.path); err != nil {
		return fmt.Errorf("removing the sandbox's directory: %w", err)
	}
	return nil
}
