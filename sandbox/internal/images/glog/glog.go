// Package glog writes log lines in the format of Google's C++ logging, which the
// Pathways binaries and the C++ half of JAX use:
//
//	I1101 04:51:41.967764       1 proxy_server.cc:125] message
//
// Times are UTC, as in a container. Each line is one Write, so lines of concurrent
// callers do not mix as long as the writer's Write calls do not.
package glog

import (
	"fmt"
	"io"
	"time"
)

// Logger writes lines of one thread. It has no state of its own and may be shared.
type Logger struct {
	w      io.Writer
	thread int
}

// New returns a Logger that writes to w and names thread as the thread of each line.
// The main thread of a container's first process is 1.
func New(w io.Writer, thread int) *Logger { return &Logger{w: w, thread: thread} }

// Infof logs at INFO; file and line are the place in the real program's source, as
// its documented log shows it.
func (l *Logger) Infof(file string, line int, format string, args ...any) {
	l.printf('I', file, line, format, args...)
}

// Warningf logs at WARNING.
func (l *Logger) Warningf(file string, line int, format string, args ...any) {
	l.printf('W', file, line, format, args...)
}

// Errorf logs at ERROR.
func (l *Logger) Errorf(file string, line int, format string, args ...any) {
	l.printf('E', file, line, format, args...)
}

func (l *Logger) printf(severity byte, file string, line int, format string, args ...any) {
	now := time.Now().UTC()
	fmt.Fprintf(l.w, "%c%s %7d %s:%d] %s\n", severity, now.Format("0102 15:04:05.000000"), l.thread, file, line, fmt.Sprintf(format, args...))
}
