// Package shell is the handful of commands that every simulated container has, for
// kubectl exec, probes and hooks: cat, echo, env, false, hostname, ls, printenv, pwd,
// sh, sleep, true. The image's program may know more of them.
//
// There is no process behind a command: it sees the container's environment and the
// files of its mounts, and nothing else.
package shell
