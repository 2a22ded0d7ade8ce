package volume

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// file is one file of a volume.
type file struct {
	content []byte
	mode    fs.FileMode
}

// payload is the content of a volume by slash-separated relative path.
type payload map[string]file

// dataLink is the name that always points to the current content.
const dataLink = "..data"

// publish makes dir show the payload. It changes nothing if dir shows it already.
func publish(dir string, p payload, now time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("creating a volume: %w", err)
	}
	current, _ := os.Readlink(filepath.Join(dir, dataLink)) // none yet
	if current != "" && shows(filepath.Join(dir, current), p) {
		return nil
	}
	name := ".." + now.UTC().Format("2006_01_02_15_04_05.000000000")
	for path, f := range p {
		full := filepath.Join(dir, name, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return fmt.Errorf("writing a volume: %w", err)
		}
		if err := os.WriteFile(full, f.content, f.mode.Perm()); err != nil {
			return fmt.Errorf("writing a volume: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
		return fmt.Errorf("writing a volume: %w", err)
	}
	if err := point(dir, dataLink, name); err != nil {
		return err
	}
	if err := linkTops(dir, p); err != nil {
		return err
	}
	if current != "" {
		if err := os.RemoveAll(filepath.Join(dir, current)); err != nil {
			return fmt.Errorf("removing the old content of a volume: %w", err)
		}
	}
	return nil
}

// shows tells whether the directory holds exactly the payload.
func shows(dir string, p payload) bool {
	count := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if f, ok := p[filepath.ToSlash(relative)]; !ok || !bytes.Equal(f.content, content) {
			return fs.ErrNotExist
		}
		count++
		return nil
	})
	return err == nil && count == len(p)
}

// point makes the link name in dir point to target, in one step.
func point(dir, name, target string) error {
	temporary := filepath.Join(dir, name+"_tmp")
	_ = os.Remove(temporary) // left by a run that was cut short, if at all
	if err := os.Symlink(target, temporary); err != nil {
		return fmt.Errorf("linking the content of a volume: %w", err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("linking the content of a volume: %w", err)
	}
	return nil
}

// linkTops makes the visible names of the volume: one link for each file or folder at
// its top. Names that are no longer there lose their links.
func linkTops(dir string, p payload) error {
	tops := make(map[string]bool)
	for path := range p {
		top, _, _ := strings.Cut(path, "/")
		tops[top] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading a volume: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") {
			continue
		}
		if tops[e.Name()] {
			delete(tops, e.Name())
		} else if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("removing a name from a volume: %w", err)
		}
	}
	for _, top := range slices.Sorted(maps.Keys(tops)) {
		if err := os.Symlink(filepath.Join(dataLink, top), filepath.Join(dir, top)); err != nil {
			return fmt.Errorf("linking the content of a volume: %w", err)
		}
	}
	return nil
}
