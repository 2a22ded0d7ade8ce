package logs

import (
	"github.com/charmbracelet/x/ansi"
)

// row draws a line.
type row struct {
	pane    *Pane
	line    *line
	search  pattern
	current bool // whether it is the match that was jumped to
}

// append appends what of the line is seen from a cell on. Ellipses stand where
// it is cut.
func (r *row) append(out []byte, first bool, x int) []byte {
	p := r.pane
	begin := len(out)
	out = r.appendBeside(out, first)
	width := p.columns.text
	dots := p.styles.Glyphs.Ellipsis
	if x > 0 && len(r.line.text) > 0 && width > 0 {
		out = p.paints.muted.append(out, dots)
		x, width = x+1, width-1
	}
	s := window(r.line, x, width)
	if s.more && width > 0 {
		s = window(r.line, x, width-1)
	}
	for range s.pad {
		out = append(out, ' ')
	}
	out = r.appendText(out, s)
	if s.more && width > 0 {
		out = p.paints.muted.append(out, dots)
	}
	return r.end(out, begin)
}

// appendFold appends one row of the line when it is wrapped.
func (r *row) appendFold(out []byte, first bool, s span) []byte {
	begin := len(out)
	out = r.appendBeside(out, first)
	out = r.appendText(out, s)
	return r.end(out, begin)
}

// appendNotice appends a remark, over all columns.
func (r *row) appendNotice(out []byte) []byte {
	begin := len(out)
	out = r.pane.paints.warn.append(out, r.pane.clip(" "+r.line.text))
	return r.end(out, begin)
}

// appendBeside appends the columns in front of the text. Below the first row
// of a line they are empty.
func (r *row) appendBeside(out []byte, first bool) []byte {
	p := r.pane
	c := p.columns
	if c.cursor > 0 {
		if r.current && first {
			out = p.paints.current.append(out, p.styles.Glyphs.Cursor)
		} else {
			out = append(out, ' ')
		}
	}
	if !first || r.line.time.IsZero() {
		for range c.stamp {
			out = append(out, ' ')
		}
	} else if c.stamp > 0 {
		out = append(out, p.paints.muted.open...)
		out = r.line.time.In(p.loc).AppendFormat(out, c.format)
		out = append(out, p.paints.muted.close...)
		out = append(out, ' ')
	}
	if c.label == 0 {
		return out
	}
	if first {
		return p.paints.muted.append(out, p.origins[r.line.origin].cell)
	}
	for range c.label {
		out = append(out, ' ')
	}
	return out
}

// appendText appends a part of the text with what the search finds in it. A
// match that begins or ends within a cluster is shown as wide as the cluster,
// because cells are counted by cluster.
func (r *row) appendText(out []byte, s span) []byte {
	text := r.line.text
	if r.search.empty() {
		return r.pane.paints.text.append(out, text[s.lo:s.hi])
	}
	match := r.pane.paints.match
	if r.current {
		match = r.pane.paints.current
	}
	for at := r.matchFrom(s.lo); s.lo < s.hi; {
		start, end := r.next(at, s.hi)
		start, end = max(start, s.lo), min(end, s.hi)
		start, end = r.snap(s.lo, start, end, s.hi)
		if start > s.lo {
			out = r.pane.paints.text.append(out, text[s.lo:start])
		}
		if end > start {
			out = match.append(out, text[start:end])
		}
		s.lo, at = end, max(at, end)
	}
	return out
}

// matchFrom returns from where to look for the first match that ends after lo.
func (r *row) matchFrom(lo int) int {
	at := 0
	for at < lo {
		start, end := r.next(at, lo)
		if end > lo {
			return start
		}
		at = end
	}
	return at
}

// next returns the first match from at on if it begins before hi, and an empty
// one at hi if not.
func (r *row) next(at, hi int) (start, end int) {
	if at >= hi {
		return hi, hi
	}
	start, end = r.search.find(r.line.text[at:])
	if start < 0 || at+start >= hi {
		return hi, hi
	}
	return at + start, at + end
}

// snap widens a match between lo and hi to whole clusters.
func (r *row) snap(lo, start, end, hi int) (from, to int) {
	if r.line.plain || start == end {
		return start, end
	}
	from, to = start, end
	for i := lo; i < hi; {
		n, _ := cluster(r.line.text[i:])
		if i < start && start < i+n {
			from = i
		}
		if i < end && end < i+n {
			to = i + n
		}
		i += n
	}
	return from, min(to, hi)
}

// end ends a row. A text that begins with an accent or the like joins with what
// is beside it, so that the row may be wider than its parts; then it is cut, as
// often as it takes, since cutting judges by parts as well.
func (r *row) end(out []byte, begin int) []byte {
	if r.line.plain {
		return append(out, '\n')
	}
	s, width := string(out[begin:]), r.pane.w
	for n := width; n >= 0 && ansi.StringWidth(s) > width; n-- {
		s = ansi.Truncate(s, n, "")
	}
	return append(append(out[:begin], s...), '\n')
}
