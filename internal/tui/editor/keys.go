package editor

import (
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// HandleKey edits. It reports whether the key is one of the editor, even where
// there is nothing left to delete or to move over. Enter is one only behind a
// backslash, which it replaces by a line break; else the text is finished.
func (e *Editor) HandleKey(k tea.KeyPressMsg) bool {
	if k.Text != "" {
		e.insert(clean(k.Text))
		return true
	}
	at := e.at()
	switch k.String() {
	case "enter":
		return e.goOn()
	case "alt+enter", "ctrl+j", "shift+enter":
		e.insert("\n")
	case "up":
		e.up()
	case "down":
		e.down()
	case "left", "ctrl+b":
		e.moveTo(e.before(at))
	case "right", "ctrl+f":
		e.moveTo(e.after(at))
	case "home", "ctrl+a":
		e.moveTo(position{at.line, 0})
	case "end", "ctrl+e":
		e.moveTo(e.lineEnd(at))
	case "alt+left", "ctrl+left", "alt+b":
		e.moveTo(e.wordBefore(at))
	case "alt+right", "ctrl+right", "alt+f":
		e.moveTo(e.wordAfter(at))
	case "backspace", "ctrl+h", "shift+backspace":
		e.remove(e.before(at), at)
	case "delete", "ctrl+d":
		e.remove(at, e.after(at))
	case "ctrl+w", "alt+backspace", "ctrl+backspace":
		e.remove(e.wordBefore(at), at)
	case "alt+delete", "ctrl+delete", "alt+d":
		e.remove(at, e.wordAfter(at))
	case "ctrl+u":
		e.remove(position{at.line, 0}, at)
	case "ctrl+k":
		to := e.lineEnd(at)
		if to == at { // at its end a line is joined with the next one
			to = e.after(at)
		}
		e.remove(at, to)
	default:
		return false
	}
	return true
}

// position is in front of a character, or behind the last one of a line.
type position struct{ line, col int }

func (p position) before(q position) bool {
	return p.line < q.line || p.line == q.line && p.col < q.col
}

func (e *Editor) at() position { return position{e.line, e.col} }

func (e *Editor) moveTo(p position) {
	e.line, e.col, e.goal = p.line, p.col, none
}

func (e *Editor) lineEnd(p position) position { return position{p.line, len(e.lines[p.line])} }

// before is the position a character to the left.
func (e *Editor) before(p position) position {
	switch {
	case p.col > 0:
		p.col--
	case p.line > 0:
		p.line--
		p = e.lineEnd(p)
	}
	return p
}

// after is the position a character to the right.
func (e *Editor) after(p position) position {
	switch {
	case p.col < len(e.lines[p.line]):
		p.col++
	case p.line+1 < len(e.lines):
		p = position{p.line + 1, 0}
	}
	return p
}

// wordBefore is where the word in front of p begins; words end with their line.
func (e *Editor) wordBefore(p position) position {
	if p.col == 0 {
		return e.before(p)
	}
	line := e.lines[p.line]
	for p.col > 0 && !inWord(line[p.col-1]) {
		p.col--
	}
	for p.col > 0 && inWord(line[p.col-1]) {
		p.col--
	}
	return p
}

// wordAfter is where the word behind p ends.
func (e *Editor) wordAfter(p position) position {
	line := e.lines[p.line]
	if p.col == len(line) {
		return e.after(p)
	}
	for p.col < len(line) && !inWord(line[p.col]) {
		p.col++
	}
	for p.col < len(line) && inWord(line[p.col]) {
		p.col++
	}
	return p
}

func inWord(char string) bool {
	r, _ := utf8.DecodeRuneInString(char)
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

// goOn replaces the backslash at the end of a line by a line break.
func (e *Editor) goOn() bool {
	line := e.lines[e.line]
	if e.col == 0 || e.col < len(line) || line[e.col-1] != `\` {
		return false
	}
	e.remove(position{e.line, e.col - 1}, e.at())
	e.insert("\n")
	return true
}
