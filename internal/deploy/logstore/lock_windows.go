package logstore

import (
	"errors"
	"os"
	"syscall"
)

// errSharingViolation is Windows' answer for a file that is open elsewhere.
const errSharingViolation = syscall.Errno(32)

// tryLock takes the lock that a file stands for, until it is closed or the
// process ends: the file is opened so that nobody else can. It returns nil,
// without an error, while somebody else has it.
func tryLock(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case err == nil:
		return os.NewFile(uintptr(h), path), nil
	case errors.Is(err, errSharingViolation):
		return nil, nil
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

func isReadOnly(error) bool { return false }
