// Package dialog asks: for consent before something changes, for a number, for
// one of several things.
//
// A dialog carries an ID of the caller's and answers once, by a message with
// this ID; keys that come after the answer do nothing. The answer that enter
// gives without further ado is always the one that changes nothing. What could
// not be undone asks for the name of what it destroys.
//
// A dialog takes every key but combinations with ctrl and alt, so that no
// letter meant for it does something else behind it.
package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// Answered is the answer to a Question.
type Answered struct {
	ID  string
	Yes bool
}

// Entered is the answer to a NumberQuestion.
type Entered struct {
	ID string
	N  int
}

// Chosen is the answer of a List: the index of a row in the order in which
// they were given.
type Chosen struct {
	ID    string
	Index int
}

// Dismissed says that a number or a list was left without an answer.
type Dismissed struct{ ID string }

// Heading is what all dialogs begin with.
type Heading struct {
	Title string
	// Text says what would happen. Each line is wrapped where needed.
	Text []string
	// Danger marks what cannot be undone.
	Danger bool
}

// frame is the part that dialogs have in common: a heading that scrolls if the
// room is small, and rows below it that always stay.
type frame struct {
	s       *styles.Styles
	heading Heading
	w, h    int
	first   int // the first visible line of the text
	done    bool
}

func newFrame(s *styles.Styles, h Heading) frame { return frame{s: s, heading: h} }

func (f *frame) resize(w, h int) { f.w, f.h, f.first = max(w, 0), max(h, 0), 0 }

// text is the heading's text as rows of the width. A line that is indented
// stays so in all its rows.
func (f *frame) text() []string {
	if f.w == 0 {
		return nil
	}
	var rows []string
	for _, line := range f.heading.Text {
		line = safetext.Line(line)
		text := strings.TrimLeft(line, " ")
		indent := line[:min(len(line)-len(text), f.w/2)]
		for row := range strings.SplitSeq(ansi.Wrap(text, f.w-len(indent), ""), "\n") {
			rows = append(rows, indent+row)
		}
	}
	return rows
}

// height is how many rows the dialog takes with n rows below the heading.
func (f *frame) height(n int) int { return min(f.h, 1+len(f.text())+1+n) }

// room is how many rows of the text are visible above n others.
func (f *frame) room(n int) int { return min(max(f.height(n)-n-1, 0), len(f.text())) }

// scroll moves the text, where there is more than fits above n rows.
func (f *frame) scroll(by, n int) {
	f.first = max(min(f.first+by, len(f.text())-f.room(n)), 0)
}

// render draws the heading and the rows below it. If there is too little room
// the last rows are the ones that stay.
func (f *frame) render(rows []string) string {
	if f.w == 0 || f.h == 0 {
		return ""
	}
	style := f.s.Strong
	title := safetext.Line(f.heading.Title)
	if f.heading.Danger {
		style, title = f.s.Loud, f.s.Glyphs.Stalled+" "+title
	}
	room := f.room(len(rows))
	all := append([]string{style.Render(f.cut(title))}, f.visible(room)...)
	if f.height(len(rows)) > len(all)+len(rows) {
		all = append(all, "")
	}
	for _, row := range rows {
		all = append(all, f.cut(row))
	}
	return strings.Join(all[max(len(all)-f.h, 0):], "\n")
}

// visible is the part of the text in sight. The last row says if there is more.
func (f *frame) visible(room int) []string {
	text := f.text()
	rows := make([]string, 0, room)
	for i, line := range text[min(f.first, len(text)):min(f.first+room, len(text))] {
		if i == room-1 && f.first+room < len(text) {
			rows = append(rows, f.s.Muted.Render(f.cut(f.s.Glyphs.Ellipsis+" down: more")))
			break
		}
		rows = append(rows, f.s.Text.Render(f.cut(line)))
	}
	return rows
}

func (f *frame) cut(s string) string { return ansi.Truncate(s, f.w, f.s.Glyphs.Ellipsis) }

// answer makes the one message of the dialog.
func (f *frame) answer(msg tea.Msg) tea.Cmd {
	f.done = true
	return func() tea.Msg { return msg }
}

// modal reports whether a key belongs to a dialog even if it does nothing.
func modal(k tea.KeyPressMsg) bool { return k.Mod&(tea.ModCtrl|tea.ModAlt) == 0 }

// pad fills an input up to its room, so that what stands beside it does not
// move as a person types.
func pad(s string, w int) string {
	return s + strings.Repeat(" ", max(w-ansi.StringWidth(s), 0))
}
