package lwsmanager

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
)

// ChildCommand is the argument that makes the executable the child.
const ChildCommand = "lws-controller-manager"

// AnnounceFD is the file descriptor that the child writes the ports to.
const AnnounceFD = 3

// Setup is what the child cannot find out by itself, not being in a container.
type Setup struct {
	// Server is the URL of the API server, CAFile and TokenFile the pod's means of
	// speaking to it.
	Server, CAFile, TokenFile string
	// Namespace is the pod's, Identity its name.
	Namespace, Identity string
	// SocketDir is where ports are served. It is an argument rather than a part of
	// the input, so that a list of processes tells which sandbox a child belongs to.
	SocketDir string `json:"-"`
	// Mounts maps paths in the container to files and directories of this machine.
	Mounts map[string]string
}

// ReadSetup takes what the parent hands to the child from its arguments, without
// ChildCommand, and from its input, and returns the container's own arguments.
func ReadSetup(args []string, r io.Reader) (Setup, []string, error) {
	if len(args) == 0 {
		return Setup{}, nil, errors.New("reading the setup: the socket directory is missing")
	}
	s := Setup{SocketDir: args[0]}
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return Setup{}, nil, fmt.Errorf("reading the setup from standard input: %w", err)
	}
	return s, args[1:], nil
}

// Path translates a path in the container to one of this machine. A path on no volume
// stays as it is, and is then most likely not there.
func (s Setup) Path(name string) string {
	name = path.Clean(name)
	for at, rest := name, ""; ; {
		if host, ok := s.Mounts[at]; ok {
			return filepath.Join(host, filepath.FromSlash(rest))
		}
		parent := path.Dir(at)
		if parent == at {
			return name
		}
		rest = path.Join(strings.TrimPrefix(at, parent), rest)
		at = parent
	}
}
