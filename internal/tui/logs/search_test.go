package logs

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

// TestSearching has lines 1 to 100 on 5 rows; "7" is in 19 of them.
func TestSearching(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		keys   []string
		cursor string // the row with the cursor
		title  string
	}{
		{"typing shows the latest match of a followed log", []string{"/", "7"}, "line 97", "paused · /7 19/19"},
		{"typing on narrows it", []string{"/", "7", "1"}, "line 71", "paused · /71 1/1"},
		{"typing shows the first match from the top of a paused log", []string{"g", "/", "7"}, "line 7", "paused · /7 1/19"},
		{"taking a letter back", []string{"g", "/", "71", "backspace", "enter"}, "line 7", "paused · /7 1/19"},
		{"next", []string{"g", "/", "7", "enter", "n", "n"}, "line 27", "paused · /7 3/19"},
		{"next after the last is the first", []string{"/", "7", "enter", "n"}, "line 7", "paused · /7 1/19"},
		{"before the first is the last", []string{"g", "/", "7", "enter", "N"}, "line 97", "paused · /7 19/19"},
		{"before", []string{"/", "7", "enter", "N", "N"}, "line 79", "paused · /7 17/19"},
		{"nothing found keeps the place", []string{"/", "nowhere", "enter"}, "", "following · /nowhere no match"},
		{"esc while typing gives the search up", []string{"/", "7", "esc"}, "", "following"},
		{"esc while typing keeps the search before", []string{"g", "/", "7", "enter", "n", "/", "9", "esc"}, "line 17", "paused · /7 2/19"},
		{"backspace in an empty input leaves it", []string{"/", "7", "backspace", "backspace"}, "", "following"},
		{"esc afterwards clears the search and stays", []string{"g", "/", "7", "enter", "esc"}, "", "paused"},
		{"an empty search goes on with the one before", []string{"g", "/", "7", "enter", "/", "enter"}, "line 17", "paused · /7 2/19"},
		{"following again forgets no match but goes to the end", []string{"g", "/", "7", "enter", "G"}, "", "following · /7 1/19"},
		{"a whole word is removed", []string{"/", "line 99 x", "ctrl+w", "backspace"}, "line 99", "paused · /line 99 1/1"},
		{"all is removed", []string{"/", "line 9", "ctrl+u", "42"}, "line 42", "paused · /42 1/1"},
		{"filtered lines are not searched", []string{"&", "2", "enter", "g", "/", "7", "enter"}, "line 27", "paused · &2 · /7 1/2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &fakeBook{}
			b.add(jax, numbered(100)...)
			p := newPane(t, 80, 6, b)
			p.Show(jax)
			press(t, p, "t", "t")
			press(t, p, tt.keys...)
			got := ""
			for _, row := range screen(p) {
				if rest, ok := strings.CutPrefix(row, p.styles.Glyphs.Cursor); ok {
					got += rest
				}
			}
			if got != tt.cursor {
				t.Errorf("the cursor is at %q, want %q", got, tt.cursor)
			}
			if want := "Logs: leader/jax-tpu · " + tt.title; p.Title() != want {
				t.Errorf("the title is %q, want %q", p.Title(), want)
			}
		})
	}
}

func TestSearchAndFilterKeepUpWithNewLines(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	b.add(jax, "an error", "all well")
	p := newPane(t, 80, 6, b)
	p.Show(jax)
	press(t, p, "t", "t", "&", "r", "enter", "/", "error", "enter")
	b.add(jax, "nothing", "another error", "no more")
	p.Pull()
	if want := "Logs: leader/jax-tpu · paused, 2 new · &r · /error 1/2"; p.Title() != want {
		t.Errorf("the title is %q, want %q", p.Title(), want)
	}
	want := []string{"▌an error", " another error", " no more"}
	if diff := cmp.Diff(want, screen(p)); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
}

func TestFiltering(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		keys  []string
		first string
		title string
	}{
		{"only what matches", []string{"&", "7", "enter"}, "line 77", "following · &7"},
		{"all but what matches", []string{"&", "!9", "enter"}, "line 85", "following · &!9"},
		{"an exclamation mark alone is no filter", []string{"&", "!", "enter"}, "line 96", "following"},
		{"an empty one clears", []string{"&", "7", "enter", "&", "enter"}, "line 96", "following"},
		{"esc while typing keeps the one before", []string{"&", "7", "enter", "&", "8", "esc"}, "line 77", "following · &7"},
		{"esc clears the search first", []string{"&", "7", "enter", "/", "1", "enter", "esc"}, "line 70", "paused · &7"},
		{"and then the filter", []string{"&", "7", "enter", "esc"}, "line 96", "following"},
		{"the first row stays when it passes", []string{"g", "pgdown", "j", "&", "6", "enter"}, "line 6", "paused · &6"},
		{"else the next one comes first", []string{"g", "pgdown", "j", "&", "7", "enter"}, "line 7", "paused · &7"},
		{"and it is still there without the filter", []string{"g", "pgdown", "j", "&", "7", "enter", "esc"}, "line 7", "paused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &fakeBook{}
			b.add(jax, numbered(100)...)
			p := newPane(t, 80, 5, b)
			p.Show(jax)
			press(t, p, "t", "t")
			press(t, p, tt.keys...)
			if got := strings.TrimLeft(screen(p)[0], " ▌"); got != tt.first {
				t.Errorf("the first row is %q, want %q", got, tt.first)
			}
			if want := "Logs: leader/jax-tpu · " + tt.title; p.Title() != want {
				t.Errorf("the title is %q, want %q", p.Title(), want)
			}
		})
	}
}

func TestMatchesAreHighlighted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, search string
		want               string // «» around matches
	}{
		{"every one of them", "an error, an Error", "error", " an «error», an «Error»"},
		{"not those of other case", "an error, an Error", "Error", " an error, an «Error»"},
		{"one that is cut off", "01234567890123456789", "678", " 012345«678»9012345«6»…"},
		{"side by side", "aaaa", "aa", " «aa»«aa»"},
		{"in wide text", "日本語のログ", "語の", " 日本«語の»ログ"},
		{"a letter stands for its cluster", "cafe\u0301!", "e", " caf«e\u0301»!"},
		{"a part of an emoji stands for the emoji", "👩\u200d💻!", "💻", " «👩\u200d💻»!"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &fakeBook{}
			b.add(jax, tt.text)
			p := newPane(t, 19, 3, b)
			p.Show(jax)
			press(t, p, "t", "t")
			p.setSearch(newPattern(tt.search))
			p.paints.match = paint{"«", "»"}
			p.paints.muted, p.paints.text = paint{}, paint{}
			if got := strings.Split(p.View(), "\n")[0]; got != tt.want {
				t.Errorf("the row is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMatchesOverTheEndOfAWrappedRow(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	b.add(jax, "0123456789012345678901234567")
	p := newPane(t, 11, 4, b)
	p.Show(jax)
	press(t, p, "w", "t", "t")
	p.setSearch(newPattern("89012"))
	p.paints.match = paint{"«", "»"}
	p.paints.text = paint{}
	want := " 01234567«89»\n «012»34567«89»\n «012»34567"
	if got := p.View(); got != want {
		t.Errorf("the screen is %q, want %q", got, want)
	}
}

func TestAJumpShowsTheMatch(t *testing.T) {
	t.Parallel()
	for _, wrap := range []bool{false, true} {
		for _, filler := range []string{"0123456789", "日本語"} {
			b := &fakeBook{}
			b.add(jax, numbered(30)...)
			b.add(jax, strings.Repeat(filler, 200)+"needle"+strings.Repeat(filler, 200))
			b.add(jax, numbered(30)...)
			p := newPane(t, 40, 8, b)
			p.Show(jax)
			if wrap {
				press(t, p, "w")
			}
			press(t, p, "/", "needle", "enter")
			if joined := strings.Join(screen(p), ""); !strings.Contains(strings.ReplaceAll(joined, " ", ""), "needle") {
				t.Errorf("with wrap %v the match is not on the screen:\n%s", wrap, strings.Join(screen(p), "\n"))
			}
		}
	}
}

func TestSearchAndFilterStayWithAnotherContainer(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	b.add(jax, "jax is ready", "not yet")
	b.add(proxy, "proxy is ready", "proxy is up", "no")
	p := newPane(t, 80, 6, b)
	p.Show(jax)
	press(t, p, "t", "t", "&", "y", "enter", "/", "ready", "enter", "]")
	if want := "Logs: leader/pathways-proxy · following · &y · /ready 1 found"; p.Title() != want {
		t.Errorf("the title is %q, want %q", p.Title(), want)
	}
	if diff := cmp.Diff([]string{" proxy is ready", " proxy is up"}, screen(p)); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
}

func TestTheLastLineIsAboveNoticeAndInput(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	b.add(jax, numbered(20)...)
	p := newPane(t, 80, 4, b)
	p.Show(jax)
	press(t, p, "t", "t", "&", "new")
	p.SetNotice("disconnected")
	want := []string{" line 19", " line 20", " disconnected", "&new"}
	if diff := cmp.Diff(want, screen(p)); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
	press(t, p, "esc")
	p.SetNotice("")
	if diff := cmp.Diff([]string{" line 17", " line 18", " line 19", " line 20"}, screen(p)); diff != "" {
		t.Errorf("the screen afterwards differs (-want +got):\n%s", diff)
	}
}

func TestTypingTakesPastedText(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	b.add(jax, numbered(100)...)
	p := newPane(t, 80, 5, b)
	p.Update(tea.PasteMsg{Content: "ignored"})
	press(t, p, "/")
	p.Update(tea.PasteMsg{Content: "line\x1b[2J 4\n2"})
	if !p.Capturing() {
		t.Error("the pane does not capture keys while text is typed")
	}
	rows := screen(p)
	if got, want := rows[len(rows)-1], "/line 4 2   no match"; got != want {
		t.Errorf("the input is %q, want %q", got, want)
	}
	press(t, p, "enter")
	if p.Capturing() {
		t.Error("the pane captures keys after the input was left")
	}
}

func TestSearchingIsShownWithoutColour(t *testing.T) {
	t.Parallel()
	p := newPane(t, 80, 5, startUp())
	press(t, p, "/", "param", "enter")
	view := p.View()
	if !strings.Contains(view, "\x1b[") || ansi.Strip(view) == view {
		t.Error("nothing is styled")
	}
	if !strings.Contains(ansi.Strip(view), p.styles.Glyphs.Cursor) {
		t.Error("the current match has no cursor")
	}
}
