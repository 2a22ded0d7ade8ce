package logstore

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// largestSegment bounds a segment: what a reader has in memory of each
	// container at once.
	largestSegment = 1 << 20
	// smallestSegment keeps the number of files low where little is kept.
	smallestSegment = 4 << 10
)

// segmentBytes is how long a segment becomes before the next one is begun. A
// line that is longer still is kept whole.
func (s *Store) segmentBytes() int64 {
	return min(largestSegment, max(s.limits.Bytes/64, smallestSegment))
}

// run is one run of a container that is written to. The files are opened for
// each write: there may be hundreds of runs, and none of them ends visibly.
type run struct {
	s      *Store
	dir    string // of the incarnation
	name   string // of the segments
	origin status.Origin
	// namespace is the deployment's.
	namespace string

	parts  []*part
	latest time.Time // of all lines
	used   time.Time
}

// part is a segment of a run, as far as telling what it holds takes.
type part struct {
	number        int
	path          string
	bytes         int64
	first, latest time.Time
	// marks tell which lines it holds: a set while it grows, a sorted list when
	// the next one has begun.
	marks  map[uint64]struct{}
	sealed []uint64
}

// openRun looks at what is kept of a run.
func openRun(key runKey) (*run, error) {
	d := key.deployment
	s := d.store
	r := &run{
		s: s, dir: filepath.Join(d.dir, incarnationName(key.origin)), name: runName(key.origin),
		origin: key.origin, namespace: d.namespace, used: time.Now(),
	}
	files, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name, number, ok := parseSegmentName(f.Name())
		if !ok || name != r.name {
			continue
		}
		p, err := s.openPart(filepath.Join(r.dir, f.Name()), number)
		if err != nil {
			return nil, err
		}
		if p != nil {
			r.parts = append(r.parts, p)
		}
	}
	slices.SortFunc(r.parts, func(a, b *part) int { return a.number - b.number })
	for i, p := range r.parts {
		if p.latest.After(r.latest) {
			r.latest = p.latest
		}
		if i < len(r.parts)-1 {
			p.seal()
		}
	}
	return r, nil
}

// openPart reads a segment and cuts off a line that a crash left unfinished.
// A file that holds no header has been left by one, too, and goes.
func (s *Store) openPart(path string, number int) (*part, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	h, records, whole, err := parseSegment(data)
	if errors.Is(err, errNoHeader) {
		return nil, os.Remove(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if whole < len(data) {
		if err := os.Truncate(path, int64(whole)); err != nil {
			return nil, err
		}
	}
	p := &part{number: number, path: path, bytes: int64(whole), first: h.First, marks: map[uint64]struct{}{}}
	for _, rec := range records {
		if rec.gap == nil {
			p.add(rec.time, s.mark(rec.time, rec.text))
		}
	}
	return p, nil
}

// mark tells lines of a run apart. Sixty-four bits of it never collide in
// practice.
func (s *Store) mark(at time.Time, text string) uint64 {
	return maphash.String(s.seed, text) ^ uint64(at.UnixNano())*0x9e3779b97f4a7c15
}

func (p *part) add(at time.Time, mark uint64) {
	p.marks[mark] = struct{}{}
	if at.After(p.latest) {
		p.latest = at
	}
}

func (p *part) has(at time.Time, mark uint64) bool {
	if at.After(p.latest) {
		return false
	}
	if p.marks != nil {
		_, ok := p.marks[mark]
		return ok
	}
	_, ok := slices.BinarySearch(p.sealed, mark)
	return ok
}

// seal makes the marks of a segment that does not grow any more small.
func (p *part) seal() {
	if p.marks == nil {
		return
	}
	p.sealed = make([]uint64, 0, len(p.marks))
	for m := range p.marks {
		p.sealed = append(p.sealed, m)
	}
	slices.Sort(p.sealed)
	p.marks = nil
}

// has reports whether a line is kept already, or was and had to go for space.
func (r *run) has(at time.Time, mark uint64) bool {
	// What is followed live is newer than all that is kept.
	if at.After(r.latest) {
		return false
	}
	for i, p := range r.parts {
		if p.has(at, mark) {
			return true
		}
		if p.number == 0 || i > 0 && r.parts[i-1].number == p.number-1 || !at.Before(p.first) {
			continue
		}
		// Segments in front of this one were dropped.
		if i == 0 || at.After(r.parts[i-1].latest) {
			return true
		}
	}
	return false
}

// append writes what is new of the batches and returns how many bytes that
// took. With an error comes what did not get to the disk.
func (r *run) append(before missing, batches []batch) (int64, missing, error) {
	r.used = time.Now()
	b := &block{run: r}
	for i, next := range batches {
		before.join(next.before)
		if err := b.put(before, next.lines); err != nil {
			for _, later := range batches[i+1:] {
				b.waiting.join(later.before)
				b.waiting.add(later.lines, whyDisk)
			}
			return b.written, b.waiting, err
		}
		before = missing{}
	}
	err := b.flush()
	return b.written, b.waiting, err
}

// block gathers records of a run for one write.
type block struct {
	run     *run
	into    *part
	text    []byte
	waiting missing // what text holds
	written int64
}

// put adds what is new of the lines, after what is missing before them. After
// an error, all that is not on the disk is in waiting.
func (b *block) put(before missing, lines []podlog.Line) error {
	if err := b.putMissing(before); err != nil {
		b.waiting.join(before)
		b.waiting.add(lines, whyDisk)
		return err
	}
	r := b.run
	for i, l := range lines {
		l = storable(l)
		mark := r.s.mark(l.Time, l.Text)
		if r.has(l.Time, mark) {
			continue
		}
		if err := b.begin(l.Time, len(l.Text)); err != nil {
			b.waiting.add(lines[i:], whyDisk)
			return err
		}
		b.text = appendLine(b.text, l)
		b.waiting.add(lines[i:i+1], whyDisk)
		b.into.add(l.Time, mark)
		if l.Time.After(r.latest) {
			r.latest = l.Time
		}
	}
	return nil
}

// putMissing adds a gap. What came before the latest line that is kept was
// kept by then, or is known to be missing.
func (b *block) putMissing(m missing) error {
	latest := b.run.latest
	if m.lines == 0 || !m.to.After(latest) {
		return nil
	}
	if m.from.Before(latest) {
		m.from = latest
	}
	if err := b.begin(m.from, 0); err != nil {
		return err
	}
	var err error
	b.text, err = appendGap(b.text, m)
	b.waiting.join(m)
	return err
}

// begin makes sure that there is a segment for a record, a new one where the
// last is full or begins later.
func (b *block) begin(at time.Time, size int) error {
	r := b.run
	next := 0
	if n := len(r.parts); n > 0 {
		last := r.parts[n-1]
		b.into, next = last, last.number+1
		full := last.bytes+int64(len(b.text)+size) > r.s.segmentBytes()
		if !full && !at.Before(last.first.Add(-disorder)) {
			return nil
		}
		if err := b.flush(); err != nil {
			return err
		}
		last.seal()
	}
	text, err := appendHeader(nil, headerOf(r.namespace, r.origin, at))
	if err != nil {
		return err
	}
	b.text = text
	b.into = &part{
		number: next, path: filepath.Join(r.dir, segmentName(r.name, next)), first: at, marks: map[uint64]struct{}{},
	}
	r.parts = append(r.parts, b.into)
	return nil
}

// flush writes the block to its segment. A write that fails leaves nothing
// behind.
func (b *block) flush() error {
	if len(b.text) == 0 {
		return nil
	}
	p := b.into
	flags := os.O_WRONLY | os.O_APPEND
	if p.bytes == 0 {
		flags |= os.O_CREATE | os.O_TRUNC
		if err := os.MkdirAll(b.run.dir, dirMode); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(p.path, flags, fileMode)
	if err != nil {
		return err
	}
	if _, err = f.Write(b.text); err != nil {
		_ = f.Truncate(p.bytes)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	p.bytes += int64(len(b.text))
	b.written += int64(len(b.text))
	b.text, b.waiting = b.text[:0], missing{}
	return nil
}
