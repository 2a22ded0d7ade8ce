package viewer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

const (
	// maxLine is how many bytes are shown as one line. A longer line goes on
	// in the next one, so that no row costs more than this to draw.
	maxLine = 4096
	tabStop = 8
)

// document is a text with an index of its lines. Finding a line costs the
// same wherever it is.
type document struct {
	text   string // printable, with newlines, without tabs
	starts []int  // where each line begins
	folded string // text for searches that ignore case; empty until one is made
}

// newDocument indexes a text. It always has a line.
func newDocument(text string) *document {
	text = expandTabs(strings.TrimSuffix(safetext.Text(text), "\n"))
	d := &document{text: text, starts: []int{0}}
	for at := 0; ; {
		end := strings.IndexByte(text[at:], '\n')
		length := end
		if end < 0 {
			length = len(text) - at
		}
		for length > maxLine {
			cut := maxLine
			for cut > maxLine-utf8.UTFMax && !utf8.RuneStart(text[at+cut]) {
				cut--
			}
			at, length = at+cut, length-cut
			d.starts = append(d.starts, at)
		}
		if end < 0 {
			return d
		}
		at += length + 1
		d.starts = append(d.starts, at)
	}
}

func (d *document) lines() int { return len(d.starts) }

// span returns where a line begins and ends, without its newline.
func (d *document) span(line int) (from, to int) {
	from, to = d.starts[line], len(d.text)
	if line+1 < len(d.starts) {
		to = d.starts[line+1]
		if d.text[to-1] == '\n' {
			to--
		}
	}
	return from, to
}

// lineAt returns the line that holds an offset.
func (d *document) lineAt(offset int) int {
	i, found := slices.BinarySearch(d.starts, offset)
	if found {
		return i
	}
	return i - 1
}

// haystack is the text in which a query is searched. A query without capitals
// finds either case.
func (d *document) haystack(query string) string {
	if query != fold(query) {
		return d.text
	}
	if d.folded == "" {
		d.folded = fold(d.text)
	}
	return d.folded
}

// fold makes letters small, except where that would move what is behind them.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if low := unicode.ToLower(r); utf8.RuneLen(low) == utf8.RuneLen(r) {
			return low
		}
		return r
	}, s)
}

// expandTabs replaces tabs by spaces up to the next multiple of tabStop.
func expandTabs(text string) string {
	if !strings.Contains(text, "\t") {
		return text
	}
	var b strings.Builder
	column := 0
	for text != "" {
		at := strings.IndexAny(text, "\t\n")
		if at < 0 {
			break
		}
		b.WriteString(text[:at])
		if text[at] == '\n' {
			b.WriteByte('\n')
			column = 0
		} else {
			column += ansi.StringWidth(text[:at])
			spaces := tabStop - column%tabStop
			b.WriteString(strings.Repeat(" ", spaces))
			column += spaces
		}
		text = text[at+1:]
	}
	b.WriteString(text)
	return b.String()
}

// wrapped splits a line into rows of at most w cells, as ends of the rows. It
// breaks behind a space where one is near, else anywhere.
func wrapped(line string, w int) []int {
	if len(line) <= w || w <= 0 {
		return []int{len(line)}
	}
	var ends []int
	start, space, used := 0, 0, 0
	for at := 0; at < len(line); {
		size, cells := cluster(line[at:])
		if used+cells > w && at > start {
			end := at
			if space-start > w/2 {
				end = space
			}
			ends = append(ends, end)
			used = ansi.StringWidth(line[end:at])
			start = end
			continue
		}
		used += cells
		at += size
		if line[at-1] == ' ' {
			space = at
		}
	}
	return append(ends, len(line))
}

// cluster returns the size of the first character in bytes and in cells.
func cluster(s string) (size, cells int) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1, 1
	}
	char, cells := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return len(char), cells
}

// columns returns the part of a line that lies in the columns from x to x+w,
// and how many of these columns a wide character leaves empty at the left.
func columns(line string, x, w int) (from, to, gap int) {
	column := 0
	for from < len(line) && column < x {
		size, cells := cluster(line[from:])
		from += size
		column += cells
	}
	gap = max(column-x, 0)
	to = from
	for to < len(line) {
		size, cells := cluster(line[to:])
		if column+cells > x+w {
			break
		}
		to += size
		column += cells
	}
	return from, to, min(gap, w)
}
