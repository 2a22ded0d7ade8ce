package statedir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrInUse tells that another process holds the directory.
var ErrInUse = errors.New("another sandbox runs in it")

func (d *Dir) lockPath() string { return filepath.Join(d.path, "lock") }

// Lock makes the directory and takes hold of it until Unlock. An error that wraps
// ErrInUse names the process that has it.
func (d *Dir) Lock() error {
	// Logs and volumes may hold what containers were trusted with.
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return fmt.Errorf("making the sandbox's directory (choose another with --dir): %w", err)
	}
	f, err := os.OpenFile(d.lockPath(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("sandbox directory %s (choose another with --dir): %w", d.path, err)
	}
	err = tryLock(f)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		_ = f.Close()
		r, _ := d.ReadRecord() // without it the process has no number
		return fmt.Errorf("sandbox directory %s: %w (process %d); stop that one with \"jetstream-sandbox down --dir %s\" or choose another with --dir", d.path, ErrInUse, r.PID, d.path)
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("locking the sandbox's directory %s: %w", d.path, err)
	}
	d.lock = f
	return nil
}

// A process that only looks (InUse) holds the lock for an instant; these tell it from
// one that stays.
const (
	lockTries    = 5
	lockInterval = 10 * time.Millisecond
)

func tryLock(f *os.File) error {
	for try := 1; ; try++ {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || try == lockTries || !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		time.Sleep(lockInterval)
	}
}

// Unlock lets go of the directory. The lock's file stays, for a second process may
// have opened it already and would otherwise lock a file that nobody else can find.
func (d *Dir) Unlock() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.Close()
	d.lock = nil
	if err != nil {
		return fmt.Errorf("unlocking the sandbox's directory: %w", err)
	}
	return nil
}

// InUse reports whether a process holds the directory.
func (d *Dir) InUse() (bool, error) {
	f, err := os.Open(d.lockPath())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sandbox directory %s: %w", d.path, err)
	}
	defer func() { _ = f.Close() }() // which gives the lock back
	// A shared lock conflicts with a sandbox's and not with another question.
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at the lock of %s: %w", d.path, err)
	}
	return false, nil
}
