package input

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

func typed(text string) []tea.KeyPressMsg {
	var keys []tea.KeyPressMsg
	for _, r := range text {
		keys = append(keys, tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return keys
}

func ctrl(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Mod: tea.ModCtrl} }

func TestWhatKeysDo(t *testing.T) {
	t.Parallel()
	left, home := tea.KeyPressMsg{Code: tea.KeyLeft}, tea.KeyPressMsg{Code: tea.KeyHome}
	for name, test := range map[string]struct {
		keys   []tea.KeyPressMsg
		value  string
		cursor int
		view   string
	}{
		"letters are inserted and the cursor stands behind them": {
			typed("gs://a"), "gs://a", 6, "gs://a",
		},
		"a text as wide as the room scrolls by the cell that the cursor needs": {
			typed("0123456789"), "0123456789", 9, "123456789",
		},
		"moving back within what is shown does not scroll": {
			append(typed("0123456789ab"), left, left), "0123456789ab", 7, "3456789ab",
		},
		"home shows the beginning": {
			append(typed("0123456789ab"), home), "0123456789ab", 0, "0123456789",
		},
		"a wide character counts two cells": {
			append(typed("日本語日本語"), left), "日本語日本語", 6, "語日本語",
		},
		"a mark joins the character in front of it and is deleted with it": {
			append(typed("ae\u0301"), tea.KeyPressMsg{Code: tea.KeyBackspace}), "a", 1, "a",
		},
		"ctrl+w deletes the last part of a path": {
			append(typed("gs://m/int8"), ctrl('w')), "gs://m/", 7, "gs://m/",
		},
		"ctrl+u deletes to the beginning": {
			append(typed("abc"), left, ctrl('u')), "c", 0, "c",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := New(styles.New(styles.Options{}))
			i.SetWidth(10)
			for _, k := range test.keys {
				if !i.HandleKey(k) {
					t.Errorf("key %s was not used", k)
				}
			}
			if i.Value() != test.value || i.CursorX() != test.cursor || ansi.Strip(i.View()) != test.view {
				t.Errorf("value %q, cursor %d, view %q; want %q, %d, %q",
					i.Value(), i.CursorX(), ansi.Strip(i.View()), test.value, test.cursor, test.view)
			}
		})
	}
}

func TestKeysThatAreNotOfALineAreLeftToOthers(t *testing.T) {
	t.Parallel()
	i := New(styles.New(styles.Options{}))
	for _, k := range []tea.KeyPressMsg{
		{Code: tea.KeyTab},
		{Code: tea.KeyEnter},
		{Code: tea.KeyEscape},
		{Code: tea.KeyUp},
		{Code: tea.KeyDown},
		{Code: tea.KeyPgUp},
		ctrl('c'), ctrl('z'), ctrl('s'), ctrl('o'), ctrl('v'),
	} {
		if i.HandleKey(k) {
			t.Errorf("key %s was used", k)
		}
	}
}

func TestAPastedTextLosesWhatIsAroundItAndWhatATerminalWouldObey(t *testing.T) {
	t.Parallel()
	i := New(styles.New(styles.Options{}))
	i.SetValue("gs://")
	i.Paste(" models/\x1b[31mllama\u202e/int8 \r\n")
	if want := "gs://models/llama/int8"; i.Value() != want {
		t.Errorf("value %q, want %q", i.Value(), want)
	}
}

func TestATextThatIsNotEditedShowsItsBeginning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ value, want string }{
		"a text with room to spare":                     {"gs://a", "gs://a"},
		"a text as wide as the room needs no cursor":    {"0123456789", "0123456789"},
		"a text that is wider is cut behind, with mark": {"0123456789a", "012345678…"},
		"no text is its placeholder":                    {"", "required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := New(styles.New(styles.Options{}))
			i.SetPlaceholder("required")
			i.SetWidth(10)
			i.SetValue(test.value)
			if got := ansi.Strip(i.Idle()); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func FuzzNothingLeavesTheRoom(f *testing.F) {
	f.Add("gs://models/日本語/👩‍👩‍👧/e\u0301\u0301", 7, 3)
	f.Add("\x1b]0;t\x07abc", 1, 0)
	f.Fuzz(func(t *testing.T, text string, width, back int) {
		width, back = width&63, back&63
		i := New(styles.New(styles.Options{}))
		i.SetWidth(width)
		i.Paste(text)
		for range back {
			i.HandleKey(tea.KeyPressMsg{Code: tea.KeyLeft})
		}
		if w := ansi.StringWidth(i.View()); w > width {
			t.Errorf("%d cells in a room of %d", w, width)
		}
		if x := i.CursorX(); x < 0 || (width > 0 && x >= width) {
			t.Errorf("cursor at %d of %d", x, width)
		}
		if v := i.Value(); safetext.Line(v) != v || len(i.chars) > maxLength {
			t.Errorf("unsafe value %q", v)
		}
		if strings.Contains(i.View(), "\n") {
			t.Error("more than one line")
		}
	})
}
