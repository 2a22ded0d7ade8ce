//go:build unix && !linux

package lwsmanager

import "syscall"

// childAttributes puts the child into a process group of its own, so that Ctrl-C in a
// terminal reaches it through its pod and not before. Where the kernel cannot be told
// to kill it when this process dies, the end of its input does.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
