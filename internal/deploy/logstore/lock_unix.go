//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package logstore

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock that a file stands for, until it is closed or the
// process ends. It returns nil, without an error, while somebody else has it.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }
