package logtail

import (
	"time"
)

// chunkLines is how many lines of a stream share an allocation. Memory is
// returned by the chunk, so it is small against the lines of a stream.
const chunkLines = 64

// lineCost is what a line needs beside its text: its entry and the overhead of
// two allocations.
const lineCost = 96

// entry is a line as it is kept. What lines of one run have in common they
// share.
type entry struct {
	run  *run
	time time.Time
	text string
	cut  bool
	seq  uint64
}

// run is one run of a container.
type run struct {
	uid     string
	restart int32
}

type chunk [chunkLines]entry

// tail is the end of one stream. Every chunk but the last is full, so a line is
// found by its number alone.
type tail struct {
	stream Stream
	run    *run // the run of the last line
	chunks []*chunk
	first  int // entries of the first chunk that are gone
	count  int
	bytes  int
	// gone is the number of the last line that was evicted.
	gone uint64
}

// at returns the i-th line that is kept.
func (t *tail) at(i int) *entry {
	i += t.first
	return &t.chunks[i/chunkLines][i%chunkLines]
}

func (t *tail) push(e entry) {
	if t.first+t.count == len(t.chunks)*chunkLines {
		t.chunks = append(t.chunks, new(chunk))
	}
	t.count++
	*t.at(t.count - 1) = e
	t.bytes += size(&e)
}

// drop evicts the oldest line and returns what that frees.
func (t *tail) drop() int {
	e := t.at(0)
	freed := size(e)
	t.gone = e.seq
	*e = entry{}
	t.bytes -= freed
	t.count--
	if t.first++; t.first == chunkLines {
		t.chunks[0] = nil
		t.chunks = t.chunks[1:]
		t.first = 0
	}
	return freed
}

// after returns the place of the first line with a number above seq.
func (t *tail) after(seq uint64) int {
	low, high := 0, t.count
	for low < high {
		if middle := int(uint(low+high) >> 1); t.at(middle).seq <= seq {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

func (t *tail) line(i int) Line {
	e := t.at(i)
	return Line{
		Stream: t.stream, UID: e.run.uid, Restart: e.run.restart,
		Time: e.time, Text: e.text, Cut: e.cut, Seq: e.seq,
	}
}

func size(e *entry) int { return len(e.text) + lineCost }
