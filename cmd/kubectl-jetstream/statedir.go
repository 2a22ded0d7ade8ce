package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// stateDir is where this program keeps what it learns, by the XDG base
// directory specification: a path that is not absolute does not count.
func stateDir(getenv func(string) string) (string, error) {
	const name = "kubectl-jetstream"
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("looking for a place to keep logs: %w; name one with XDG_STATE_HOME", err)
	}
	return filepath.Join(home, ".local", "state", name), nil
}

// keptLogs are the logs and the history that are kept of one deployment. A nil
// one keeps nothing and holds nothing.
type keptLogs struct {
	*logstore.Deployment

	store *logstore.Store
	off   bool // no more is kept
	told  bool // of the store's trouble
}

// keepLogs opens what is kept of a deployment, to read it and to add to it.
// The error is one to show and to go on without: logs are not kept then. The
// result must be closed.
func (a *app) keepLogs(d deploymentRef) (*keptLogs, error) {
	configured, err := a.configured()
	if err != nil {
		return nil, err
	}
	dir, err := stateDir(os.Getenv)
	if err != nil {
		return nil, err
	}
	server, err := a.cluster.server()
	if err != nil {
		return nil, err
	}
	off := !configured.on(settingKeepLogs)
	if _, err := os.Stat(dir); off && errors.Is(err, fs.ErrNotExist) {
		return nil, nil // Nothing is kept, and nothing shall be.
	}
	store, err := logstore.Open(dir, logstore.Limits{})
	if err != nil {
		return nil, err
	}
	return &keptLogs{
		Deployment: store.Deployment(logstore.Key{Cluster: server, Namespace: d.namespace, Name: d.name}),
		store:      store,
		off:        off,
	}, nil
}

// server is the address of the API server, without asking for credentials.
func (c *cluster) server() (string, error) {
	if _, err := c.contexts(); err != nil {
		return "", err
	}
	cfg, err := c.flags.ToRawKubeConfigLoader().ClientConfig()
	if err != nil {
		return "", &kubeconfigError{err: err}
	}
	return strings.TrimRight(cfg.Host, "/"), nil
}

// noisyContainer reports each probe while the model loads, twice a second. Its
// log is shown only when it is asked for, and never kept.
const noisyContainer = "jetstream-http"

// Append keeps the next lines of a run, unless that is switched off or the log
// is of no use. It fits watch.Options.Lines.
func (k *keptLogs) Append(origin status.Origin, ref podlog.Ref, lines []podlog.Line) {
	if k != nil && !k.off && origin.Container != noisyContainer {
		k.Deployment.Append(origin, ref, lines)
	}
}

// trouble returns, once, why logs are not kept any more.
func (k *keptLogs) trouble() error {
	if k == nil || k.told {
		return nil
	}
	err := k.store.Err()
	k.told = err != nil
	return err
}

// kept returns what can be read; nil reads as nothing.
func (k *keptLogs) kept() *logstore.Deployment {
	if k == nil {
		return nil
	}
	return k.Deployment
}

// close writes what waits. A disk that does not take it is trouble that has
// been told, or that nobody can do anything about any more.
func (k *keptLogs) close() {
	if k != nil {
		_ = k.store.Close()
	}
}
