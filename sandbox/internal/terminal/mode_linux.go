package terminal

import "golang.org/x/sys/unix"

// termiosRequest reads the state of a terminal.
const termiosRequest = unix.TCGETS
