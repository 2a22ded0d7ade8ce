//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"golang.org/x/sys/unix"
)

// divertStderr hands what is written to standard error to a writer. The file
// descriptor itself is replaced, because client-go has taken os.Stderr for its
// credential plugins by then. The trace of a crash goes where it went before.
func divertStderr(to io.Writer) (*diversion, error) {
	const stderr = 2
	fd, err := unix.FcntlInt(stderr, unix.F_DUPFD_CLOEXEC, stderr+1)
	if err != nil {
		return nil, fmt.Errorf("keeping standard error: %w", err)
	}
	kept := os.NewFile(uintptr(fd), "standard error")
	r, w, err := os.Pipe()
	if err != nil {
		_ = kept.Close()
		return nil, fmt.Errorf("diverting standard error: %w", err)
	}
	defer func() { _ = w.Close() }()
	// Other programs share it, and expect writes to block.
	_ = unix.SetNonblock(int(w.Fd()), false)
	if err := unix.Dup2(int(w.Fd()), stderr); err != nil {
		_, _ = r.Close(), kept.Close()
		return nil, fmt.Errorf("diverting standard error: %w", err)
	}
	_ = debug.SetCrashOutput(kept, debug.CrashOptions{})
	d := undiverted()
	d.ended = make(chan struct{})
	go func() {
		defer close(d.ended)
		defer func() { _ = r.Close() }()
		_, _ = io.Copy(to, r)
	}()
	d.end = sync.OnceFunc(func() {
		_ = unix.Dup2(int(kept.Fd()), stderr)
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
		_ = kept.Close()
	})
	return d, nil
}
