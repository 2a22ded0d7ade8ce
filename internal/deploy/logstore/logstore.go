// Package logstore keeps the logs of containers and the history of start-ups
// on disk, because a group that is recreated takes its pods and their logs
// along.
//
// A Store is a directory that is private to the user. In it each deployment
// has a directory of its own, in that each incarnation of a group, and in that
// the runs of its containers as segments: text files that grep and less read,
// a header line and then one line of the log each (see format.go).
//
// What it promises:
//   - Append never waits for the disk. Lines wait in a bounded queue for the
//     one goroutine that writes; what does not fit is counted, and the count
//     is kept in the place of the lines.
//   - A line is kept once, however often it is delivered: lines of a run are
//     the same if their time and their text are.
//   - One process at a time writes to a deployment. Another one waits for its
//     turn with the latest lines in hand, and goes on where the first ended.
//   - All logs together stay below a bound. The incarnations that were written
//     to the longest time ago go first; one that is being written to loses the
//     middle of its longest logs only when nothing else is left.
//   - A disk that is full or may not be written to is an error to show once
//     (Err) and no reason to stop: what could not be kept is counted, and
//     writing is tried again from time to time.
//
// Reading takes no lock and sees what has been written so far; a line that a
// crash cut short is passed over.
package logstore

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// DefaultBytes bounds the kept logs where nothing else is asked for: some
	// hundred start-ups of the largest slices.
	DefaultBytes = 256 << 20
	// DefaultQueue bounds the lines that wait for the disk: two seconds of all
	// that a kubelet can deliver.
	DefaultQueue = 16 << 20
	// closePatience bounds the end of a Store: a person waits for it.
	closePatience = 3 * time.Second
)

// Limits bound a Store; zero values mean the defaults.
type Limits struct {
	// Bytes bounds all kept logs together.
	Bytes int64
	// Queue bounds the lines that wait for the disk, in bytes.
	Queue int
}

// Key names a deployment among all that this user looks at.
type Key struct {
	// Cluster is the address of the API server: contexts are renamed.
	Cluster         string
	Namespace, Name string
}

// Store is a directory of kept logs. It is safe for concurrent use.
type Store struct {
	dir    string
	limits Limits
	seed   maphash.Seed

	wake chan struct{} // something waits in the queue
	stop chan struct{} // closed by Close
	done chan struct{} // closed by the writer when it has ended

	mu     sync.Mutex
	known  map[string]*Deployment // by directory
	queue  []batch
	queued int                // bytes of queue
	lost   map[runKey]missing // what did not fit, since the last batch that did
	closed bool
	err    error
}

// batch is some lines of one run, in order, on their way to the disk.
type batch struct {
	run   runKey
	lines []podlog.Line
	// before is what is missing in front of the lines.
	before missing
}

// runKey names a run among all that a Store keeps.
type runKey struct {
	deployment *Deployment
	origin     status.Origin
}

// Open opens the store in dir, an absolute path, and makes it if needed. The
// Store must be closed.
func Open(dir string, limits Limits) (*Store, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("keeping logs in %q: not an absolute path", dir)
	}
	if limits.Bytes <= 0 {
		limits.Bytes = DefaultBytes
	}
	if limits.Queue <= 0 {
		limits.Queue = DefaultQueue
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("keeping logs: %w", err)
	}
	if err := private(dir); err != nil {
		return nil, fmt.Errorf("keeping logs: %w", err)
	}
	s := newStore(dir, limits)
	s.start()
	return s, nil
}

func newStore(dir string, limits Limits) *Store {
	return &Store{
		dir: dir, limits: limits, seed: maphash.MakeSeed(),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		known: map[string]*Deployment{}, lost: map[runKey]missing{},
	}
}

// start starts the writer, which Close waits for.
func (s *Store) start() {
	go func() {
		defer close(s.done)
		newWriter(s).work()
	}()
}

// private takes a directory away from everybody else. Where that cannot be
// done, on a disk that is read-only, nothing is written either.
func private(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&^dirMode == 0 {
		return nil
	}
	if err := os.Chmod(dir, dirMode); err != nil && !errors.Is(err, fs.ErrPermission) && !isReadOnly(err) {
		return err
	}
	return nil
}

// Close writes what waits and ends the Store, within some seconds.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.stop)
	}
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	select {
	case <-s.done:
		return nil
	case <-patience.C:
		return fmt.Errorf("keeping logs in %s: the disk did not take the last lines within %s", s.dir, closePatience)
	}
}

// Err returns the first error that kept something from being written, or nil.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = fmt.Errorf("keeping logs: %w", err)
	}
}

// Deployment returns the logs of one deployment.
func (s *Store) Deployment(key Key) *Deployment {
	dir := deploymentDir(s.dir, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.known[dir]
	if d == nil {
		d = &Deployment{store: s, dir: dir, namespace: key.Namespace}
		s.known[dir] = d
	}
	return d
}

// Deployment is what is kept of one deployment. A nil Deployment keeps
// nothing, holds nothing, and is no error to use.
type Deployment struct {
	store     *Store
	dir       string
	namespace string
}
