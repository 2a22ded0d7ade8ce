package statedir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// socketPathLimit is the longest path of a unix socket in bytes that every supported
// system takes: 104 on macOS, less the final zero.
const socketPathLimit = 103

// longestSocketName bounds the names that sockets may have below the directory.
const longestSocketName = 32

// socketPrefix begins the names of directories made outside of the sandbox's own.
const socketPrefix = "jetstream-sandbox-"

// MakeSockets returns an empty directory for unix sockets. It is "run" below the
// sandbox's own directory unless that has so long a path that sockets would not fit;
// then it is one of the system's temporary directories, which RemoveSockets removes.
//
// What a killed sandbox left behind is removed first. The lock must be held.
func (d *Dir) MakeSockets() (string, error) {
	last, err := d.ReadRecord()
	if err != nil {
		return "", err
	}
	if err := d.RemoveSockets(last.Sockets); err != nil {
		return "", err
	}
	own := filepath.Join(d.path, "run")
	if len(own)+1+longestSocketName <= socketPathLimit {
		if err := os.MkdirAll(own, 0o700); err != nil {
			return "", fmt.Errorf("making the directory of the sockets: %w", err)
		}
		return own, nil
	}
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		if base == "" || len(base)+1+len(socketPrefix)+10+1+longestSocketName > socketPathLimit {
			continue
		}
		if outside, err := os.MkdirTemp(base, socketPrefix); err == nil {
			return outside, nil
		}
	}
	return "", fmt.Errorf("sandbox directory %s has too long a path: unix sockets below it would have more than %d bytes, and no shorter temporary directory can be written to; choose a shorter one with --dir", d.path, socketPathLimit)
}

// RemoveSockets removes a directory made by MakeSockets. Any other is left alone, and
// one that is gone already is no error.
func (d *Dir) RemoveSockets(dir string) error {
	own := filepath.Join(d.path, "run")
	if dir != own && !strings.HasPrefix(filepath.Base(dir), socketPrefix) {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the directory of the sockets: %w", err)
	}
	return nil
}

// ControlSocket is where a running sandbox takes orders.
func ControlSocket(sockets string) string { return filepath.Join(sockets, "control.sock") }
