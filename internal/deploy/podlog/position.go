package podlog

import (
	"hash/maphash"
	"maps"
	"time"
)

// position is how far a log has been delivered. The API takes whole seconds to
// resume from, so the lines of the last second are remembered.
type position struct {
	seed maphash.Seed
	set  bool
	// second is the latest second of which a line was delivered.
	second time.Time
	// delivered counts the lines that were delivered of that second and of any
	// time after it.
	delivered map[mark]int
	// again are those of them that the present stream has not repeated yet.
	again map[mark]int
	// from is the second that the present stream was asked to begin with.
	from time.Time
}

// mark tells lines apart.
type mark struct {
	nanos int64
	hash  uint64
}

// resume begins a new stream and returns the time to ask it from.
func (p *position) resume() time.Time {
	if !p.set {
		return time.Time{}
	}
	p.from = p.second
	p.again = maps.Clone(p.delivered)
	return p.second
}

// copy returns a position that does not change with p.
func (p *position) copy() position {
	c := *p
	c.delivered = maps.Clone(p.delivered)
	return c
}

// take reports whether a line is to be delivered, and remembers it if so.
func (p *position) take(at time.Time, text []byte) bool {
	if !p.set {
		p.seed, p.set = maphash.MakeSeed(), true
		p.delivered = map[mark]int{}
		p.second = at.Truncate(time.Second)
	}
	// A stream may give more than was asked for.
	if at.Before(p.from) {
		return false
	}
	m := mark{nanos: at.UnixNano(), hash: maphash.Bytes(p.seed, text)}
	if p.again[m] > 0 {
		p.again[m]--
		return false
	}
	if second := at.Truncate(time.Second); second.After(p.second) {
		p.second = second
		clear(p.delivered)
	}
	// The clocks of the two output streams of a container may cross: a line of
	// an earlier second is not asked for again.
	if !at.Before(p.second) {
		p.delivered[m]++
	}
	return true
}
