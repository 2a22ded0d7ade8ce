package lwsmanager

import "syscall"

// childAttributes puts the child into a process group of its own, so that Ctrl-C in a
// terminal reaches it through its pod and not before, and has the kernel kill it when
// this process dies without closing anything.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
