package logs

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// tabStop is how many cells apart tab stops are.
const tabStop = 8

// line is one line as it is shown.
type line struct {
	text string
	time time.Time
	// origin is the index of where it comes from. A notice comes from nowhere:
	// it is the pane's own remark, and shown whatever the filter.
	origin int
	notice bool
	// plain is true if every byte takes one cell.
	plain bool
	// rows is how many rows the line takes when wrapped at width, which is 0
	// until it was asked for.
	width, rows int32
}

// newLine makes a line of text that may hold anything. It says where the end of
// the text is missing, as it is if cut is true.
func newLine(text, ellipsis string, cut bool) line {
	if len(text) > maxText {
		end := maxText
		for end > maxText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
			end--
		}
		// A copy, so that the whole line is not kept for the sake of a part.
		text, cut = strings.Clone(text[:end]), true
	}
	text = sanitize(text)
	if cut {
		text += ellipsis + " (the rest is not kept)"
	}
	return line{text: text, plain: plain(text)}
}

// sanitize makes one printable line of anything, with tabs expanded.
func sanitize(text string) string {
	if strings.IndexByte(text, '\t') < 0 {
		return safetext.Line(text)
	}
	// Sequences take no cells, so they are removed before tabs are expanded. Of
	// the control characters safetext.Text keeps the newline beside the tab.
	return expand(strings.ReplaceAll(safetext.Text(text), "\n", " "))
}

func expand(text string) string {
	var b strings.Builder
	col := 0
	for {
		before, after, found := strings.Cut(text, "\t")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		col += ansi.StringWidth(before)
		n := tabStop - col%tabStop
		for range n {
			b.WriteByte(' ')
		}
		col += n
		text = after
	}
}

// plain reports whether every byte of a printable text takes one cell.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
