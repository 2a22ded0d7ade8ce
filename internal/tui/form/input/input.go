// Package input is one line of text that is being edited.
//
// It edits with the keys of a shell, scrolls sideways if the text is wider
// than its room, and knows where the terminal's own cursor belongs, also
// beside wide characters. The cursor moves and deletes whole characters as a
// person sees them. Whatever enters, typed, pasted or set, is made safe for a
// terminal first, so that the value can be shown as it is.
package input

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// maxLength bounds what can be typed or pasted, in characters. The longest
// values, lists of images, stay well below it.
const maxLength = 4096

// Input is a line of text and a position in it.
type Input struct {
	s           *styles.Styles
	chars       []string // grapheme clusters
	pos         int      // of the cursor: in front of chars[pos]
	first       int      // the first character that is shown
	width       int
	placeholder string
}

// New returns an empty input without room.
func New(s *styles.Styles) *Input { return &Input{s: s} }

// SetStyles sets the styles.
func (i *Input) SetStyles(s *styles.Styles) { i.s = s }

// SetPlaceholder sets what is shown while there is no text.
func (i *Input) SetPlaceholder(text string) { i.placeholder = safetext.Line(text) }

// SetWidth sets the room for the text and the cursor behind it, in cells.
func (i *Input) SetWidth(w int) {
	i.width = max(w, 0)
	i.scroll()
}

// Value returns the text.
func (i *Input) Value() string { return strings.Join(i.chars, "") }

// SetValue replaces the text and sets the cursor behind it.
func (i *Input) SetValue(text string) {
	i.chars, i.pos, i.first = nil, 0, 0
	i.insert(text)
}

// Paste inserts text at the cursor. The spaces and line breaks around it come
// from where it was copied and do not belong to it.
func (i *Input) Paste(text string) { i.insert(strings.TrimSpace(safetext.Line(text))) }

// HandleKey edits. It reports whether the key is one that edits or moves the
// cursor, even where there is nothing left to delete or to move over.
func (i *Input) HandleKey(k tea.KeyPressMsg) bool {
	if k.Text != "" {
		i.insert(k.Text)
		return true
	}
	switch k.String() {
	case "left", "ctrl+b":
		i.moveTo(i.pos - 1)
	case "right", "ctrl+f":
		i.moveTo(i.pos + 1)
	case "home", "ctrl+a":
		i.moveTo(0)
	case "end", "ctrl+e":
		i.moveTo(len(i.chars))
	case "alt+left", "ctrl+left", "alt+b":
		i.moveTo(i.wordBefore())
	case "alt+right", "ctrl+right", "alt+f":
		i.moveTo(i.wordAfter())
	case "backspace", "ctrl+h", "shift+backspace":
		i.remove(i.pos-1, i.pos)
	case "delete", "ctrl+d":
		i.remove(i.pos, i.pos+1)
	case "ctrl+w", "alt+backspace", "ctrl+backspace":
		i.remove(i.wordBefore(), i.pos)
	case "alt+delete", "ctrl+delete", "alt+d":
		i.remove(i.pos, i.wordAfter())
	case "ctrl+u":
		i.remove(0, i.pos)
	case "ctrl+k":
		i.remove(i.pos, len(i.chars))
	default:
		return false
	}
	return true
}

func (i *Input) moveTo(pos int) {
	i.pos = min(max(pos, 0), len(i.chars))
	i.scroll()
}

// insert puts text at the cursor. A mark that joins the character in front of
// it becomes part of that one.
func (i *Input) insert(text string) {
	added := cells.Characters(safetext.Line(text), maxLength-len(i.chars))
	before := strings.Join(i.chars[:i.pos], "") + strings.Join(added, "")
	after := strings.Join(i.chars[i.pos:], "")
	i.chars = cells.Characters(before+after, maxLength)
	i.moveTo(len(cells.Characters(before, maxLength)))
}

func (i *Input) remove(from, to int) {
	from, to = max(from, 0), min(to, len(i.chars))
	if from < to {
		rest := strings.Join(i.chars[:from], "") + strings.Join(i.chars[to:], "")
		i.chars = cells.Characters(rest, maxLength)
		i.moveTo(from)
	}
}

// wordBefore is where the word in front of the cursor begins. The parts of a
// path count as words, since paths are what is edited most.
func (i *Input) wordBefore() int {
	pos := i.pos
	for pos > 0 && separates(i.chars[pos-1]) {
		pos--
	}
	for pos > 0 && !separates(i.chars[pos-1]) {
		pos--
	}
	return pos
}

// wordAfter is where the word behind the cursor ends.
func (i *Input) wordAfter() int {
	pos := i.pos
	for pos < len(i.chars) && separates(i.chars[pos]) {
		pos++
	}
	for pos < len(i.chars) && !separates(i.chars[pos]) {
		pos++
	}
	return pos
}

func separates(char string) bool { return strings.ContainsAny(char, " /,=:") }

// scroll keeps the cursor within the width.
func (i *Input) scroll() {
	if ansi.StringWidth(i.Value()) < i.width {
		i.first = 0
		return
	}
	i.first = min(i.first, i.pos)
	room, first := i.width-1, i.pos
	for first > i.first {
		room -= ansi.StringWidth(i.chars[first-1])
		if room < 0 {
			break
		}
		first--
	}
	i.first = first
}

// View is the visible part of the text, at most the width wide.
func (i *Input) View() string {
	if len(i.chars) == 0 {
		return i.s.Muted.Render(ansi.Truncate(i.placeholder, i.width, i.s.Glyphs.Ellipsis))
	}
	var b strings.Builder
	room := i.width
	for _, char := range i.chars[i.first:] {
		if room -= ansi.StringWidth(char); room < 0 {
			break
		}
		b.WriteString(char)
	}
	return i.s.Text.Render(b.String())
}

// Idle is what is visible of the text while the cursor is elsewhere: its
// beginning, with a mark where it is cut.
func (i *Input) Idle() string {
	if len(i.chars) == 0 {
		return i.View()
	}
	return i.s.Text.Render(ansi.Truncate(i.Value(), i.width, i.s.Glyphs.Ellipsis))
}

// CursorX is the column of the cursor, counted from the left of View.
func (i *Input) CursorX() int {
	x := 0
	for _, char := range i.chars[i.first:i.pos] {
		x += ansi.StringWidth(char)
	}
	return x
}
