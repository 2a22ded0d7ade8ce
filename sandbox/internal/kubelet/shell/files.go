package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// cat prints files of the container's mounts, or its input.
func (s *Shell) cat(ctx context.Context, args []string, streams Streams) int {
	if len(args) == 0 {
		args = []string{"-"}
	}
	code := 0
	for _, name := range args {
		if err := s.catOne(ctx, name, streams); err != nil {
			code = complain(streams, exitFailure, "cat: %s: %s", name, reason(err))
		}
	}
	return code
}

func (s *Shell) catOne(ctx context.Context, name string, streams Streams) error {
	if name == "-" {
		_, err := io.Copy(streams.Out, untilDone{ctx, streams.In})
		return err
	}
	if path.Clean(name) == "/etc/hostname" {
		_, err := fmt.Fprintln(streams.Out, s.Process.Env["HOSTNAME"])
		return err
	}
	root, relative, err := s.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // read only
	file, err := root.Open(relative)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return errIsDirectory
	}
	_, err = io.Copy(streams.Out, file)
	return err
}

var errIsDirectory = errors.New("is a directory")

// untilDone reads until its context ends.
type untilDone struct {
	ctx context.Context // io.Reader has no place for it
	in  io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

// ls lists folders of the container's mounts. Of the root it shows where the mounts
// are.
func (s *Shell) ls(_ context.Context, args []string, streams Streams) int {
	names := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(names) == 0 {
		names = []string{"/"}
	}
	code := 0
	for _, name := range names {
		entries, err := s.list(path.Clean("/" + name))
		if err != nil {
			code = complain(streams, exitUsage, "ls: cannot access '%s': %s", name, reason(err))
			continue
		}
		for _, e := range entries {
			if printLine(streams, e) != 0 {
				return exitFailure
			}
		}
	}
	return code
}

func (s *Shell) list(name string) ([]string, error) {
	var entries []string
	for mount := range s.Process.Mounts {
		if below, ok := strings.CutPrefix(path.Clean(mount), strings.TrimSuffix(name, "/")+"/"); ok && below != "" {
			first, _, _ := strings.Cut(below, "/")
			entries = append(entries, first)
		}
	}
	root, relative, err := s.open(name)
	if err != nil {
		if len(entries) == 0 && name != "/" {
			return nil, err
		}
		slices.Sort(entries)
		return slices.Compact(entries), nil
	}
	defer func() { _ = root.Close() }() // read only
	info, err := root.Stat(relative)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	found, err := fs.ReadDir(root.FS(), relative)
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		if !strings.HasPrefix(e.Name(), ".") {
			entries = append(entries, e.Name())
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries), nil
}

// open finds the mount that a path lies in. The returned root cannot be left, by
// links neither.
func (s *Shell) open(name string) (root *os.Root, relative string, err error) {
	name = path.Clean("/" + name)
	best, dir := "", ""
	for mount, d := range s.Process.Mounts {
		mount = path.Clean("/" + mount)
		if (name == mount || strings.HasPrefix(name, strings.TrimSuffix(mount, "/")+"/")) && len(mount) > len(best) {
			best, dir = mount, d
		}
	}
	if best == "" {
		return nil, "", fs.ErrNotExist
	}
	if root, err = os.OpenRoot(dir); err != nil {
		return nil, "", err
	}
	relative = strings.TrimPrefix(strings.TrimPrefix(name, best), "/")
	if relative == "" {
		relative = "."
	}
	return root, relative, nil
}

// reason words an error as the C library does.
func reason(err error) string {
	switch {
	case errors.Is(err, errIsDirectory):
		return "Is a directory"
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied"
	default:
		return err.Error()
	}
}
