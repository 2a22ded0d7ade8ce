package logstore

import (
	"bufio"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// Incarnation is one life of a group: a leader with its workers.
type Incarnation struct {
	Group     int
	LeaderUID types.UID
	Revision  string
	// Began is the time of the first line that is kept, Touched when something
	// was last written.
	Began, Touched time.Time
	Bytes          int64
	// Runs are the containers' runs of which something is kept, in the order
	// of their first lines.
	Runs []status.Origin
}

// Entry is a line of a log, or a gap in one.
type Entry struct {
	// Origin is shared and must not be changed.
	Origin *status.Origin
	Line   podlog.Line
	// Gap is nil for a line; Line holds only a time where it is not.
	Gap *Gap
}

// Gap is a place where lines of a run are missing.
type Gap struct {
	// Lines is how many at most; 0 where that is not known.
	Lines int
	// From and To are the times of the first and the last; From is zero where
	// it is not known.
	From, To time.Time
	// Why says what became of them.
	Why string
}

// Filter chooses what is read. The zero Filter reads everything.
type Filter struct {
	// Want chooses runs; nil means all.
	Want func(status.Origin) bool
	// Since leaves out what is older.
	Since time.Time
}

// Incarnations lists what is kept of the deployment's groups, in the order of
// their beginnings. Nothing kept is no error.
func (d *Deployment) Incarnations() ([]Incarnation, error) {
	segments, err := d.segments(nil)
	byLeader := map[string]*Incarnation{}
	var order []*Incarnation
	for _, s := range segments {
		in := byLeader[s.dir]
		if in == nil {
			in = &Incarnation{Group: s.origin.Group, LeaderUID: s.origin.LeaderUID, Revision: s.origin.Revision, Began: s.header.First}
			byLeader[s.dir] = in
			order = append(order, in)
		}
		in.Bytes += s.bytes
		if s.touched.After(in.Touched) {
			in.Touched = s.touched
		}
		if !slices.Contains(in.Runs, *s.origin) {
			in.Runs = append(in.Runs, *s.origin)
		}
	}
	out := make([]Incarnation, 0, len(order))
	for _, in := range order {
		out = append(out, *in)
	}
	return out, err
}

// segment is a file of a run, not read yet.
type segment struct {
	header  header
	origin  *status.Origin
	dir     string // of its incarnation
	path    string
	run     string
	number  int
	bytes   int64
	touched time.Time
	// follows is false where segments in front of it were dropped.
	follows bool
}

// segments lists the segments of the wanted runs by the times of their first
// lines. With an error come those that could be looked at.
func (d *Deployment) segments(want func(status.Origin) bool) ([]*segment, error) {
	if d == nil {
		return nil, nil
	}
	dirs, err := os.ReadDir(d.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the kept logs: %w", err)
	}
	var out []*segment
	var damaged []error
	for _, dir := range dirs {
		if !dir.IsDir() {
			continue
		}
		found, err := segmentsIn(filepath.Join(d.dir, dir.Name()), want)
		out = append(out, found...)
		damaged = append(damaged, err)
	}
	slices.SortFunc(out, func(a, b *segment) int {
		return cmp.Or(a.header.First.Compare(b.header.First), cmp.Compare(a.run, b.run), cmp.Compare(a.number, b.number))
	})
	if err := errors.Join(damaged...); err != nil {
		return out, fmt.Errorf("reading the kept logs: %w", err)
	}
	return out, nil
}

// segmentsIn lists the segments of an incarnation.
func segmentsIn(dir string, want func(status.Origin) bool) ([]*segment, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, ignoreGone(err)
	}
	var out []*segment
	var damaged []error
	numbers := map[string]map[int]bool{}
	for _, f := range files {
		run, number, ok := parseSegmentName(f.Name())
		if !ok {
			continue
		}
		s, err := openSegment(filepath.Join(dir, f.Name()))
		if err != nil {
			damaged = append(damaged, ignoreGone(err))
			continue
		}
		if s == nil || want != nil && !want(*s.origin) {
			continue
		}
		if numbers[run] == nil {
			numbers[run] = map[int]bool{}
		}
		numbers[run][number] = true
		s.dir, s.run, s.number = dir, run, number
		out = append(out, s)
	}
	for _, s := range out {
		s.follows = s.number == 0 || numbers[s.run][s.number-1]
	}
	return out, errors.Join(damaged...)
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// openSegment reads the header of a segment. One that has none yet is nil.
func openSegment(path string) (*segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h, _, err := parseHeader(line)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	origin := h.origin()
	return &segment{header: h, origin: &origin, path: path, bytes: info.Size(), touched: info.ModTime()}, nil
}

// Read hands out what is kept in the order of time, over all runs that are
// wanted, until yield returns false. It has at most one segment of each run in
// memory, unless their times overlap. What cannot be read is an error after
// everything else has been handed out.
func (d *Deployment) Read(ctx context.Context, f Filter, yield func(Entry) bool) error {
	segments, err := d.segments(f.Want)
	var damaged []error
	var open cursors
	for len(segments) > 0 || len(open) > 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for len(segments) > 0 && (len(open) == 0 || !segments[0].header.First.Add(-disorder).After(open[0].head().time)) {
			c, err := load(segments[0])
			segments = segments[1:]
			if err != nil {
				damaged = append(damaged, err)
			} else if len(c.records) > 0 {
				heap.Push(&open, c)
			}
		}
		if len(open) == 0 {
			continue
		}
		c := open[0]
		r := c.head()
		if !r.time.Before(f.Since) && !yield(c.entry(r)) {
			return nil
		}
		if c.records = c.records[1:]; len(c.records) == 0 {
			heap.Pop(&open)
		} else {
			heap.Fix(&open, 0)
		}
	}
	if more := errors.Join(damaged...); more != nil {
		err = errors.Join(err, fmt.Errorf("reading the kept logs: %w", more))
	}
	return err
}

// load reads a segment, in the order of time.
func load(s *segment) (*cursor, error) {
	data, err := os.ReadFile(s.path)
	if err != nil {
		if ignoreGone(err) == nil {
			return &cursor{segment: s}, nil
		}
		return nil, err
	}
	_, records, _, err := parseSegment(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	sortRecords(records)
	if !s.follows && len(records) > 0 {
		first := records[0].time
		records = slices.Insert(records, 0, record{time: first, gap: &Gap{To: first, Why: whySpace}})
	}
	return &cursor{segment: s, records: records}, nil
}

// cursor is a segment with the records that have not been handed out.
type cursor struct {
	*segment
	records []record
}

func (c *cursor) head() *record { return &c.records[0] }

func (c *cursor) entry(r *record) Entry {
	return Entry{Origin: c.origin, Line: podlog.Line{Time: r.time, Text: r.text, Cut: r.cut}, Gap: r.gap}
}

// cursors is a heap by the times of the next records; equal times are in the
// order of names, so that the same logs are always read the same.
type cursors []*cursor

func (h cursors) Len() int { return len(h) }

func (h cursors) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(a.head().time.Compare(b.head().time), cmp.Compare(a.run, b.run), cmp.Compare(a.number, b.number)) < 0
}

func (h cursors) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *cursors) Push(x any) { *h = append(*h, x.(*cursor)) }

// Pop implements heap.Interface.
func (h *cursors) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
