package logtail

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
)

// slack is the part of the bytes that an eviction frees beyond what it must,
// so that a book at its limit does not look for its largest stream at every
// line.
const slack = 64

// Book keeps the tails of streams. Use New to make one.
type Book struct {
	limits  Limits
	changed chan struct{}

	mu    sync.Mutex
	tails map[Stream]*tail
	// order lists the tails as they came. It only grows, so that a reader can
	// hold on to a part of it.
	order []*tail
	bytes int
	seq   uint64
}

// New returns an empty book.
func New(limits Limits) *Book {
	return &Book{
		limits: Limits{
			Lines: cmp.Or(max(limits.Lines, 0), DefaultLines),
			Bytes: cmp.Or(max(limits.Bytes, 0), DefaultBytes),
		},
		changed: make(chan struct{}, 1),
		tails:   map[Stream]*tail{},
	}
}

// Append takes the next lines of a run. Lines of one run have to come in their
// order. The slice stays the caller's.
func (b *Book) Append(ref podlog.Ref, lines []podlog.Line) {
	if len(lines) == 0 {
		return
	}
	b.append(ref, lines)
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

func (b *Book) append(ref podlog.Ref, lines []podlog.Line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tail(Stream{Pod: ref.Pod, Container: ref.Container})
	if t.run == nil || t.run.uid != ref.UID || t.run.restart != ref.Restart {
		t.run = &run{uid: ref.UID, restart: ref.Restart}
	}
	before := t.bytes
	for i := range lines {
		b.seq++
		e := entry{run: t.run, time: lines[i].Time, text: lines[i].Text, cut: lines[i].Cut, seq: b.seq}
		if len(e.text) > MaxText {
			e.text, e.cut = head(e.text), true
		}
		t.push(e)
		if t.count > b.limits.Lines {
			t.drop()
		}
	}
	b.bytes += t.bytes - before
	b.evict()
}

// head returns as much of a long text as is kept, without its last character
// when that would be cut. The copy lets go of the rest.
func head(text string) string {
	end := MaxText
	for end > MaxText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end])
}

func (b *Book) tail(s Stream) *tail {
	t := b.tails[s]
	if t == nil {
		t = &tail{stream: s}
		b.tails[s] = t
		b.order = append(b.order, t)
	}
	return t
}

// evict takes lines from the largest stream until all fit. The caller holds mu.
func (b *Book) evict() {
	if b.bytes <= b.limits.Bytes {
		return
	}
	for goal := b.limits.Bytes - b.limits.Bytes/slack; b.bytes > goal; {
		largest := slices.MaxFunc(b.order, func(x, y *tail) int { return cmp.Compare(x.bytes, y.bytes) })
		// A part at a time, as another may be the largest then.
		for part := largest.bytes - largest.bytes/slack; largest.count > 0 && largest.bytes >= part && b.bytes > goal; {
			b.bytes -= largest.drop()
		}
	}
}

// Streams returns the streams of which a line has come, sorted by pod and
// container.
func (b *Book) Streams() []Stream {
	b.mu.Lock()
	out := make([]Stream, len(b.order))
	for i, t := range b.order {
		out[i] = t.stream
	}
	b.mu.Unlock()
	slices.SortFunc(out, func(x, y Stream) int {
		return cmp.Or(cmp.Compare(x.Pod, y.Pod), cmp.Compare(x.Container, y.Container))
	})
	return out
}

// Changed is marked after lines have come. Many appends make one mark, and a
// mark may be of lines that have been read already; that lines come without a
// mark after the last one was taken cannot be. It is for one receiver and never
// closed.
func (b *Book) Changed() <-chan struct{} { return b.changed }
