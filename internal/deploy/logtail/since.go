package logtail

import "slices"

// page is how many lines are copied under one lock, so that no reader holds up
// those who bring lines.
const page = 2000

// Since returns the lines after a number that the wanted streams have, in the
// order of their arrival: at most so many of them, the oldest first, so that the
// next call goes on from the last; all if most is 0. A nil want means every
// stream. It must not call the book.
//
// lost says that some lines after the number are missing, because they had to
// give way before they were read.
func (b *Book) Since(after uint64, want func(Stream) bool, most int) (lines []Line, lost bool) {
	b.mu.Lock()
	// Streams that begin from now on have higher numbers only.
	upTo, tails := b.seq, b.order
	b.mu.Unlock()
	if want != nil {
		var wanted []*tail
		for _, t := range tails {
			if want(t.stream) {
				wanted = append(wanted, t)
			}
		}
		tails = wanted
	}
	for after < upTo && (most == 0 || len(lines) < most) {
		n := page
		if most > 0 {
			n = min(n, most-len(lines))
		}
		had := len(lines)
		var missing bool
		lines, missing = b.page(lines, tails, after, upTo, n)
		lost = lost || missing
		if len(lines) == had {
			break
		}
		after = lines[len(lines)-1].Seq
	}
	return lines, lost
}

// page appends the next n lines of the tails after a number and up to another.
func (b *Book) page(lines []Line, tails []*tail, after, upTo uint64, n int) (_ []Line, lost bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var m merge
	waiting := 0
	for _, t := range tails {
		lost = lost || t.gone > after
		if i := t.after(after); i < t.count {
			m = append(m, cursor{t, i, t.at(i).seq})
			waiting += t.count - i
		}
	}
	lines = slices.Grow(lines, min(n, waiting))
	m.order()
	for n > 0 && len(m) > 0 && m[0].seq <= upTo {
		// Lines come in batches, so the next ones are often of the same stream.
		until := m.second(upTo + 1)
		c := &m[0]
		for n > 0 && c.seq < until {
			lines = append(lines, c.tail.line(c.next))
			n--
			if c.next++; c.next == c.tail.count {
				break
			}
			c.seq = c.tail.at(c.next).seq
		}
		m.advance()
	}
	return lines, lost
}

// cursor is the next line of a tail, and its number.
type cursor struct {
	tail *tail
	next int
	seq  uint64
}

// merge is a heap of cursors, the lowest number first.
type merge []cursor

func (m merge) order() {
	for i := len(m)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
}

func (m merge) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(m) {
			return
		}
		if child+1 < len(m) && m[child+1].seq < m[child].seq {
			child++
		}
		if m[i].seq <= m[child].seq {
			return
		}
		m[i], m[child] = m[child], m[i]
		i = child
	}
}

// second returns the lowest number but that of the first cursor, or limit.
func (m merge) second(limit uint64) uint64 {
	for i := 1; i < min(3, len(m)); i++ {
		limit = min(limit, m[i].seq)
	}
	return limit
}

// advance puts the first cursor where it belongs, or away at the end of its
// tail.
func (m *merge) advance() {
	all := *m
	if all[0].next == all[0].tail.count {
		all[0] = all[len(all)-1]
		all = all[:len(all)-1]
	}
	all.sink(0)
	*m = all
}
