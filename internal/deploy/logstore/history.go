package logstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
)

const (
	// keptRuns is how many start-ups are kept: enough for a range that one
	// outlier does not rule.
	keptRuns = 20
	// historyPatience is how long another process may take to record its run.
	historyPatience = time.Second
	historyLock     = "history.lock"
	historyVersion  = 1
)

type historyText struct {
	Version int            `json:"version"`
	Runs    []forecast.Run `json:"runs"`
}

// Runs returns the start-ups that were recorded, the oldest first. None is no
// error.
func (d *Deployment) Runs() ([]forecast.Run, error) {
	if d == nil {
		return nil, nil
	}
	path := filepath.Join(d.dir, historyFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the history of start-ups: %w", err)
	}
	var h historyText
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("reading the history of start-ups in %s: %w", path, err)
	}
	if h.Version != historyVersion {
		return nil, fmt.Errorf("reading the history of start-ups in %s: its format is %d, and this program reads format %d",
			path, h.Version, historyVersion)
	}
	return h.Runs, nil
}

// RecordRun adds a start-up to the history, of which the latest are kept. The
// same start-up, which is that of the same leader, takes its own place when
// another process tells it again. A history
// that cannot be read is begun anew.
func (d *Deployment) RecordRun(run forecast.Run) error {
	if d == nil {
		return nil
	}
	if err := d.recordRun(run); err != nil {
		return fmt.Errorf("recording the start-up: %w", err)
	}
	return nil
}

func (d *Deployment) recordRun(run forecast.Run) error {
	if err := os.MkdirAll(d.dir, dirMode); err != nil {
		return err
	}
	lock, err := waitForLock(filepath.Join(d.dir, historyLock))
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	runs, err := d.Runs()
	if err != nil {
		runs = nil
	}
	runs = slices.DeleteFunc(runs, func(r forecast.Run) bool { return sameRun(r, run) })
	runs = append(runs, run)
	slices.SortStableFunc(runs, func(a, b forecast.Run) int { return a.Started.Compare(b.Started) })
	runs = runs[max(0, len(runs)-keptRuns):]
	data, err := json.MarshalIndent(historyText{Version: historyVersion, Runs: runs}, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(d.dir, historyFile), append(data, '\n'))
}

// sameRun reports whether two runs are one start-up. A leader has one; where it is
// not known of both, the begin tells.
func sameRun(a, b forecast.Run) bool {
	if a.Leader != "" && b.Leader != "" {
		return a.Leader == b.Leader
	}
	return a.Started.Equal(b.Started)
}

// waitForLock takes a lock that others have for moments only.
func waitForLock(path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(context.Background(), historyPatience)
	defer cancel()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		lock, err := tryLock(path)
		if lock != nil || err != nil {
			return lock, err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s is held by another process", path)
		}
	}
}

// replaceFile puts a new file in the place of an old one: whoever reads sees
// either, and a crash leaves either.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // Its mode is 0600.
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
