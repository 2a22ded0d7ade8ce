package logs

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// cluster returns the length and width of the first thing in text that takes
// cells together: a letter with its accents, a joined emoji.
func cluster(text string) (size, width int) {
	if text[0] < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf) {
		return 1, 1
	}
	c, w := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
	return len(c), w
}

// span is a part of a line on one row.
type span struct {
	lo, hi int  // bytes of the text
	pad    int  // cells in front of it, where half of a wide character is cut off
	more   bool // whether there is more text after it
}

// window returns what of a line lies in width cells from the cell from on.
func window(l *line, from, width int) span {
	if l.plain {
		lo := min(from, len(l.text))
		hi := min(lo+width, len(l.text))
		return span{lo: lo, hi: hi, more: hi < len(l.text)}
	}
	col, lo := 0, 0
	for lo < len(l.text) && col < from {
		n, w := cluster(l.text[lo:])
		lo, col = lo+n, col+w
	}
	s := span{lo: lo, hi: lo, pad: max(0, min(col-from, width))}
	for col = s.pad; s.hi < len(l.text); {
		n, w := cluster(l.text[s.hi:])
		if col+w > width {
			s.more = true
			break
		}
		s.hi, col = s.hi+n, col+w
	}
	return s
}

// folds calls visit with the rows of a line that is wrapped at width, until it
// returns false. An empty line has one row.
func folds(l *line, width int, visit func(row int, s span) bool) {
	lo := 0
	for row := 0; ; row++ {
		hi := min(lo+width, len(l.text))
		if !l.plain {
			hi = fold(l.text, lo, width)
		}
		if !visit(row, span{lo: lo, hi: hi}) || hi == len(l.text) {
			return
		}
		lo = hi
	}
}

// fold returns the end of the row that begins at lo.
func fold(text string, lo, width int) int {
	hi, col := lo, 0
	for hi < len(text) {
		n, w := cluster(text[hi:])
		if col+w > width && hi > lo {
			break
		}
		hi, col = hi+n, col+w
	}
	return hi
}

// height returns how many rows a line takes that is wrapped at width.
func height(l *line, width int) int {
	if l.plain {
		return max(1, (len(l.text)+width-1)/width)
	}
	if int(l.width) != width {
		rows := int32(0)
		folds(l, width, func(int, span) bool { rows++; return true })
		l.width, l.rows = int32(width), rows
	}
	return int(l.rows)
}

// rowOf returns the row of a byte of a line that is wrapped at width.
func rowOf(l *line, width, offset int) int {
	if l.plain {
		return offset / width
	}
	at := 0
	folds(l, width, func(row int, s span) bool { at = row; return s.hi <= offset })
	return at
}

// column returns the cell at which a byte of a line begins.
func column(l *line, offset int) int {
	if l.plain {
		return offset
	}
	col := 0
	for i := 0; i < offset; {
		n, w := cluster(l.text[i:])
		i, col = i+n, col+w
	}
	return col
}
