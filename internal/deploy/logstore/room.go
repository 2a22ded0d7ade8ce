package logstore

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// step is how much may be written between two looks at the space.
func (s *Store) step() int64 { return min(1<<20, s.limits.Bytes/16) }

// kept is an incarnation as the file system shows it.
type kept struct {
	dir     string
	bytes   int64
	touched time.Time
}

// makeRoom deletes what is too much: first the incarnations that were written
// to the longest time ago, then the middles of the logs that are being
// written.
func (w *writer) makeRoom() {
	all, total := w.s.survey()
	target := w.s.limits.Bytes - w.s.step()
	busy := w.busy(all)
	slices.SortFunc(all, func(a, b kept) int {
		return cmp.Or(a.touched.Compare(b.touched), cmp.Compare(a.dir, b.dir))
	})
	for _, k := range all {
		if total <= target {
			return
		}
		if !busy[k.dir] && w.deletes(k.dir) {
			total -= k.bytes
		}
	}
	for total > target {
		freed := w.dropMiddle()
		if freed == 0 {
			return
		}
		total -= freed
	}
}

// survey lists the incarnations of all deployments. What goes meanwhile is
// another process' doing and no error.
func (s *Store) survey() ([]kept, int64) {
	var total int64
	byDir := map[string]*kept{}
	_ = filepath.WalkDir(filepath.Join(s.dir, deploymentsDir), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, segmentSuffix) {
			return nil //nolint:nilerr // What cannot be looked at is not counted.
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // It has gone meanwhile.
		}
		dir := filepath.Dir(path)
		k := byDir[dir]
		if k == nil {
			k = &kept{dir: dir}
			byDir[dir] = k
		}
		k.bytes += info.Size()
		total += info.Size()
		if info.ModTime().After(k.touched) {
			k.touched = info.ModTime()
		}
		return nil
	})
	all := make([]kept, 0, len(byDir))
	for _, k := range byDir {
		all = append(all, *k)
	}
	return all, total
}

// busy are the incarnations that this process writes to, and the latest one of
// each group in the deployments that it writes to: a server that has nothing
// to say is still there.
func (w *writer) busy(all []kept) map[string]bool {
	out := map[string]bool{}
	latest := map[string]kept{}
	for _, k := range all {
		t := w.deployments[filepath.Dir(k.dir)]
		if t == nil || t.lock == nil {
			continue
		}
		group, _, _ := strings.Cut(filepath.Base(k.dir), "_")
		group = t.dir + "/" + group
		if k.touched.After(latest[group].touched) {
			latest[group] = k
		}
		for _, r := range t.runs {
			out[r.dir] = true
		}
	}
	for _, k := range latest {
		out[k.dir] = true
	}
	return out
}

// deletes deletes an incarnation, unless another process writes to its
// deployment, which then makes room there itself.
func (w *writer) deletes(dir string) bool {
	deployment := filepath.Dir(dir)
	if t := w.deployments[deployment]; t == nil || t.lock == nil {
		lock, err := tryLock(filepath.Join(deployment, lockFile))
		if err != nil || lock == nil {
			return false
		}
		defer func() { _ = lock.Close() }()
	}
	return os.RemoveAll(dir) == nil
}

// dropMiddle deletes one segment of the logs that are written now and returns
// how long it was: of the longest log the oldest one but the first, which
// holds the start, and never the last.
func (w *writer) dropMiddle() int64 {
	var longest *run
	for _, t := range w.deployments {
		if t.lock == nil {
			continue
		}
		for _, r := range t.runs {
			if len(r.parts) > 1 && (longest == nil || r.bytes() > longest.bytes() ||
				r.bytes() == longest.bytes() && r.name < longest.name) {
				longest = r
			}
		}
	}
	if longest == nil {
		return 0
	}
	victim := 0
	if len(longest.parts) > 2 {
		victim = 1
	}
	p := longest.parts[victim]
	if err := os.Remove(p.path); err != nil && !os.IsNotExist(err) {
		return 0
	}
	longest.parts = slices.Delete(longest.parts, victim, victim+1)
	return p.bytes
}

func (r *run) bytes() int64 {
	var total int64
	for _, p := range r.parts {
		total += p.bytes
	}
	return total
}
