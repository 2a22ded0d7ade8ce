// Package editor is a text of several lines that is being edited.
//
// It is wrapped to its width, grows with its text up to a number of rows and
// scrolls from there on, and knows where the terminal's own cursor belongs,
// also beside wide characters. The keys are those of a shell; up and down leave
// the text at its first and last row for the texts before it, and come back to
// what was being written. Whatever enters is made safe for a terminal first and
// is bounded in size, so that every key costs little.
package editor

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// MaxBytes bounds the text. It is many times what a model takes.
const MaxBytes = 64 << 10

// Editor is a text and a position in it.
type Editor struct {
	s           *styles.Styles
	placeholder string

	lines [][]string // the characters of each line
	line  int        // of the cursor,
	col   int        // which is in front of lines[line][col]
	goal  int        // the cell that up and down keep to; none when they did not move
	bytes int

	w, most int
	top     int   // the first row that is shown
	rows    []row // of the text at the width; nil if they are to be made

	history
}

const none = -1

// New returns an empty editor without room.
func New(s *styles.Styles) *Editor {
	return &Editor{s: s, lines: make([][]string, 1), goal: none, most: 1}
}

// SetStyles sets the styles.
func (e *Editor) SetStyles(s *styles.Styles) { e.s = s }

// SetPlaceholder sets what is shown while there is no text.
func (e *Editor) SetPlaceholder(text string) { e.placeholder = safetext.Line(text) }

// SetSize sets the width, with the cell of the cursor, and the most rows.
func (e *Editor) SetSize(w, rows int) {
	w, rows = max(w, 0), max(rows, 1)
	if e.w != w {
		e.rows, e.goal = nil, none
	}
	e.w, e.most = w, rows
}

// Value returns the text.
func (e *Editor) Value() string {
	var b strings.Builder
	b.Grow(e.bytes)
	for i, line := range e.lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, char := range line {
			b.WriteString(char)
		}
	}
	return b.String()
}

// Empty reports whether there is no text.
func (e *Editor) Empty() bool { return e.bytes == 0 }

// SetValue replaces the text and sets the cursor behind it. It returns how
// many bytes were too many.
func (e *Editor) SetValue(text string) (left int) {
	e.set(text)
	return max(len(clean(text))-MaxBytes, 0)
}

func (e *Editor) set(text string) {
	e.lines, e.line, e.col, e.bytes, e.top = make([][]string, 1), 0, 0, 0, 0
	e.leaveHistory()
	e.insert(clean(text))
}

// Paste inserts text at the cursor and returns how many bytes of it were too
// many. Line breaks at its end come from where it was copied.
func (e *Editor) Paste(text string) (left int) {
	text = strings.TrimRight(clean(text), "\n")
	left = max(e.bytes+len(text)-MaxBytes, 0)
	e.insert(text)
	return left
}

// clean makes text fit for a terminal. Terminals send the line breaks of what
// is pasted as carriage returns.
func clean(text string) string {
	return safetext.Text(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
}

// insert puts text at the cursor, as far as there is room for it.
func (e *Editor) insert(text string) {
	if room := MaxBytes - e.bytes; len(text) > room {
		for room > 0 && !utf8.RuneStart(text[room]) {
			room--
		}
		text = text[:room]
	}
	if text == "" {
		return
	}
	e.bytes += len(text)
	line := e.lines[e.line]
	before, after := strings.Join(line[:e.col], ""), strings.Join(line[e.col:], "")
	var added [][]string
	for part, rest, more := strings.Cut(text, "\n"); ; part, rest, more = strings.Cut(rest, "\n") {
		// A mark joins the character in front of it.
		chars := split(before + part)
		e.col = len(chars)
		if !more {
			chars = split(before + part + after)
			added = append(added, chars)
			break
		}
		added = append(added, chars)
		before = ""
	}
	lines := append([][]string{}, e.lines[:e.line]...)
	lines = append(lines, added...)
	e.lines = append(lines, e.lines[e.line+1:]...)
	e.line += len(added) - 1
	e.col = min(e.col, len(e.lines[e.line]))
	e.changed()
}

func split(text string) []string { return cells.Characters(text, math.MaxInt) }

// remove takes away what lies between two positions and sets the cursor there.
func (e *Editor) remove(from, to position) {
	if !from.before(to) {
		return
	}
	before := strings.Join(e.lines[from.line][:from.col], "")
	after := strings.Join(e.lines[to.line][to.col:], "")
	lines := append([][]string{}, e.lines[:from.line]...)
	lines = append(lines, split(before+after))
	e.lines = append(lines, e.lines[to.line+1:]...)
	e.line, e.col = from.line, min(from.col, len(e.lines[from.line]))
	e.bytes = len(e.Value())
	e.changed()
}

// changed forgets what is known of the text that was.
func (e *Editor) changed() { e.rows, e.goal = nil, none }
