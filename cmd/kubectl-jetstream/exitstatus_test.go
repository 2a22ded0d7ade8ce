package main

import (
	"errors"
	"os/exec"
	"strconv"
)

// exitStatus is the exit code of a process as text, or the error itself.
func exitStatus(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}
