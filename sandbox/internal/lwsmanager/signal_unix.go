//go:build unix

package lwsmanager

import (
	"os"
	"syscall"
)

const terminate = syscall.SIGTERM

// exitBySignal is the code that a container runtime reports for a process that a
// signal ended.
func exitBySignal(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return 1
}
