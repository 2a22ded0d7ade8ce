package editor

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

func editor(w, rows int) *Editor {
	e := New(styles.New(styles.Options{}))
	e.SetSize(w, rows)
	return e
}

func ctrl(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Mod: tea.ModCtrl} }
func alt(r rune) tea.KeyPressMsg  { return tea.KeyPressMsg{Code: r, Mod: tea.ModAlt} }

var (
	left, right = tea.KeyPressMsg{Code: tea.KeyLeft}, tea.KeyPressMsg{Code: tea.KeyRight}
	up, down    = tea.KeyPressMsg{Code: tea.KeyUp}, tea.KeyPressMsg{Code: tea.KeyDown}
	home, end   = tea.KeyPressMsg{Code: tea.KeyHome}, tea.KeyPressMsg{Code: tea.KeyEnd}
	backspace   = tea.KeyPressMsg{Code: tea.KeyBackspace}
	enter       = tea.KeyPressMsg{Code: tea.KeyEnter}
)

// do types texts and presses keys.
func do(e *Editor, what ...any) {
	for _, w := range what {
		switch w := w.(type) {
		case string:
			for _, r := range w {
				e.HandleKey(tea.KeyPressMsg{Code: r, Text: string(r)})
			}
		case tea.KeyPressMsg:
			e.HandleKey(w)
		}
	}
}

// withCursor is the text with a bar where the cursor is.
func withCursor(e *Editor) string {
	lines := strings.Split(e.Value(), "\n")
	line := e.lines[e.line]
	lines[e.line] = strings.Join(line[:e.col], "") + "|" + strings.Join(line[e.col:], "")
	return strings.Join(lines, "\n")
}

func TestWhatKeysDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		keys []any
		want string
	}{
		{"letters are inserted", []any{"abc", left, "x"}, "abx|c"},
		{"a mark joins the letter in front of it and goes with it", []any{"ae\u0301", backspace}, "a|"},
		{"a joined emoji is one character", []any{"a👩\u200d💻b", left, left}, "a|👩\u200d💻b"},
		{"alt+enter, shift+enter and ctrl+j break the line", []any{"a", tea.KeyPressMsg{Code: tea.KeyEnter, Mod: tea.ModAlt}, "b", tea.KeyPressMsg{Code: tea.KeyEnter, Mod: tea.ModShift}, "c", ctrl('j')}, "a\nb\nc\n|"},
		{"enter behind a backslash breaks the line", []any{`a\`, enter, "b"}, "a\nb|"},
		{"enter within a line does not, whatever is in it", []any{`a\b`, left, enter, "c"}, `a\c|b`},
		{"a break splits the line at the cursor", []any{"ab", left, ctrl('j')}, "a\n|b"},
		{"backspace at the beginning of a line joins it", []any{"a", ctrl('j'), "b", home, backspace}, "a|b"},
		{"delete at the end of a line joins the next", []any{"a", ctrl('j'), "b", up, end, tea.KeyPressMsg{Code: tea.KeyDelete}}, "a|b"},
		{"left and right go over line breaks", []any{"a", ctrl('j'), "b", left, left, "x", right, "y"}, "ax\ny|b"},
		{"ctrl+a and ctrl+e are the ends of the line", []any{"ab", ctrl('j'), "cd", ctrl('a'), "x", ctrl('e'), "y"}, "ab\nxcdy|"},
		{"ctrl+u deletes to the beginning of the line", []any{"ab", ctrl('j'), "cd", left, ctrl('u')}, "ab\n|d"},
		{"ctrl+k deletes to the end of the line, then the break", []any{"ab", ctrl('j'), "cd", up, home, ctrl('k'), ctrl('k')}, "|cd"},
		{"ctrl+w deletes a word", []any{"one two,  ", ctrl('w')}, "one |"},
		{"words stop at the beginning of a line", []any{"one", ctrl('j'), ctrl('w')}, "one|"},
		{"alt+b and alt+f move by words", []any{"one two_2 three", alt('b'), alt('b'), "x", alt('f'), "y"}, "one xtwo_2y| three"},
		{"alt+d deletes the word behind", []any{"one two", home, alt('d')}, "| two"},
		{"at the ends nothing happens", []any{home, left, backspace, ctrl('w'), ctrl('u'), ctrl('k'), right, up, down}, "|"},
		{"what a terminal would obey does not enter", []any{"a\u202eb"}, "ab|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := editor(40, 5)
			do(e, tt.keys...)
			if diff := cmp.Diff(tt.want, withCursor(e)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUpAndDownMoveByRows(t *testing.T) {
	t.Parallel()
	const text = "one two three\n日本語日本\nab"
	for _, tt := range []struct {
		name string
		keys []any
		want string
	}{
		{"up keeps the column", []any{home, right, right, up}, "one two three\n日|本語日本\nab"},
		{"the column is kept over a shorter row", []any{up, up, end, down, down, up, up}, "one two three|\n日本語日本\nab"},
		{"a wrapped line has several rows", []any{up, up, up, "x"}, "onx|e two three\n日本語日本\nab"},
		{"no row is left out on the way", []any{up, up, "x", up, "y"}, "oney| two thxree\n日本語日本\nab"},
		{"behind the last character of a wrapped row is the next one", []any{up, up, up, end, "x"}, "one two threex|\n日本語日本\nab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := editor(11, 9)
			e.SetValue(text)
			do(e, tt.keys...)
			if diff := cmp.Diff(tt.want, withCursor(e)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUpDoesNotSkipAFullRow(t *testing.T) {
	t.Parallel()
	e := editor(11, 9)
	e.SetValue("0123456789012\n0123456789")
	do(e, up, up, "x")
	if want := "012345678x|9012\n0123456789"; withCursor(e) != want {
		t.Errorf("text %q, want %q", withCursor(e), want)
	}
}

func TestHistoryKeepsTheDraft(t *testing.T) {
	t.Parallel()
	e := editor(40, 5)
	for _, text := range []string{"first", "second\nline", "second\nline", ""} {
		e.Remember(text)
	}
	do(e, "draft")
	for i, step := range []struct {
		key  tea.KeyPressMsg
		want string
	}{
		{up, "second\nline|"},
		{up, "seco|nd\nline"}, // the row above comes first
		{up, "first|"},
		{up, "first|"},
		{down, "second\nline|"},
		{down, "draft|"},
		{down, "draft|"},
	} {
		do(e, step.key)
		if diff := cmp.Diff(step.want, withCursor(e)); diff != "" {
			t.Fatalf("step %d (-want +got):\n%s", i, diff)
		}
	}
	do(e, up, "!")
	e.Remember(e.Value())
	e.SetValue("")
	do(e, up)
	if got := e.Value(); got != "second\nline!" {
		t.Errorf("the text that was sent last is %q", got)
	}
}

func TestKeysThatAreNotOfATextAreLeftToOthers(t *testing.T) {
	t.Parallel()
	e := editor(40, 5)
	do(e, "a")
	for _, k := range []tea.KeyPressMsg{
		enter,
		{Code: tea.KeyTab},
		{Code: tea.KeyEscape},
		{Code: tea.KeyPgUp},
		{Code: tea.KeyHome, Mod: tea.ModCtrl},
		ctrl('c'), ctrl('g'), ctrl('r'), ctrl('z'), ctrl('l'),
	} {
		if e.HandleKey(k) {
			t.Errorf("key %s was used", k)
		}
	}
}

func TestItGrowsAndThenScrolls(t *testing.T) {
	t.Parallel()
	e := editor(10, 3)
	for i := range 5 {
		if want := min(i+1, 3); e.Height() != want {
			t.Errorf("%d lines take %d rows, want %d", i+1, e.Height(), want)
		}
		do(e, fmt.Sprint(i))
		if i < 4 {
			do(e, ctrl('j'))
		}
	}
	see := func(want string, above, below int) {
		t.Helper()
		if diff := cmp.Diff(want, ansi.Strip(strings.Join(e.View(), "\n"))); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if a, b := e.More(); a != above || b != below {
			t.Errorf("%d rows above and %d below, want %d and %d", a, b, above, below)
		}
	}
	see("2\n3\n4", 2, 0)
	do(e, up, up)
	see("2\n3\n4", 2, 0)
	do(e, up)
	see("1\n2\n3", 1, 1)
}

func TestTheCursorStandsBesideWideCharacters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		keys []any
		x, y int
	}{
		{"日本", nil, 4, 0},
		{"日本", []any{left}, 2, 0},
		{"日本語日本", nil, 2, 1}, // a row has room for eight cells and the cursor
		{"12345678", nil, 8, 0},
		{"one two th", nil, 2, 1},
		{"a\tb", nil, 6, 0},
		{"👩\u200d💻e\u0301", nil, 3, 0},
	} {
		e := editor(9, 5)
		e.SetValue(tt.text)
		do(e, tt.keys...)
		if x, y := e.Cursor(); x != tt.x || y != tt.y {
			t.Errorf("%q: the cursor is at %d,%d, want %d,%d", tt.text, x, y, tt.x, tt.y)
		}
	}
}

func TestAPasteIsBounded(t *testing.T) {
	t.Parallel()
	e := editor(40, 5)
	do(e, "ab", left)
	if n := e.Paste("one\r\ntwo\rthree\x1b[31m\n\n"); n != 0 || withCursor(e) != "aone\ntwo\nthree|b" {
		t.Errorf("%d bytes were too many; text %q", n, withCursor(e))
	}
	e.SetValue("")
	if n := e.Paste(strings.Repeat("日", MaxBytes)); n != 2*MaxBytes || len(e.Value()) > MaxBytes || !utf8.ValidString(e.Value()) {
		t.Errorf("%d bytes were too many, %d were kept", n, len(e.Value()))
	}
	if n := e.Paste("x"); n != 0 && len(e.Value()) > MaxBytes {
		t.Errorf("a full text took %d bytes", len(e.Value()))
	}
}

func FuzzNothingLeavesTheRoom(f *testing.F) {
	f.Add("one two\nthree 日本語👩\u200d💻 e\u0301\t\u0301", 7, 3, "uulldr")
	f.Add("\x1b]0;t\x07\r\r\n🇩🇪🇫🇷", 2, 1, "lxlxuw")
	f.Add("日本\t", 1, 3, "lr")
	f.Add("\ufe0fabcdef\n\t\ufe0f\t\ufe0f\t\ufe0f", 13, 3, "uu")
	f.Fuzz(func(t *testing.T, text string, w, rows int, keys string) {
		w, rows = w&63, rows&7
		e := editor(w, rows)
		e.Paste(text)
		for _, k := range keys[:min(len(keys), 64)] {
			key, ok := map[rune]tea.KeyPressMsg{
				'u': up, 'd': down, 'l': left, 'r': right, 'b': backspace, 'w': ctrl('w'), 'k': ctrl('k'), 'j': ctrl('j'), 'h': home,
			}[k]
			if !ok {
				key = tea.KeyPressMsg{Code: k, Text: string(k)}
			}
			e.HandleKey(key)
		}
		view := e.View()
		if len(view) > max(rows, 1) || len(view) > e.Height() {
			t.Errorf("%d rows of %d, height %d", len(view), rows, e.Height())
		}
		for _, row := range view {
			if ansi.StringWidth(row) > w || strings.ContainsAny(row, "\n\t") {
				t.Errorf("%q in a room of %d", row, w)
			}
		}
		if x, y := e.Cursor(); x < 0 || y < 0 || w > 0 && x >= w || y >= e.Height() {
			t.Errorf("cursor at %d,%d of %d,%d", x, y, w, e.Height())
		}
		if v := e.Value(); safetext.Text(v) != v || len(v) != e.bytes || len(v) > MaxBytes {
			t.Errorf("value %q of %d bytes, counted %d", v, len(v), e.bytes)
		}
	})
}

// BenchmarkKey types into a text as large as one can be.
func BenchmarkKey(b *testing.B) {
	for name, text := range map[string]string{
		"short":         "a question",
		"many lines":    strings.Repeat("a line of some length in a text\n", MaxBytes/32-1),
		"one wide line": strings.Repeat("日本語 ", MaxBytes/10-10),
	} {
		b.Run(name, func(b *testing.B) {
			e := editor(100, 8)
			e.SetValue(text)
			b.ReportAllocs()
			for b.Loop() {
				do(e, "x", backspace)
				e.View()
				e.Cursor()
			}
		})
	}
}
