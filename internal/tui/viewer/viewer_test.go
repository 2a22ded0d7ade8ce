package viewer

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var update = flag.Bool("update", false, "write the golden files anew")

// press turns words into keys: names of keys as Bubble Tea writes them, and
// anything else letter by letter.
func press(words ...string) []tea.KeyPressMsg {
	named := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "backspace": {Code: tea.KeyBackspace},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "space": {Code: tea.KeySpace, Text: " "},
	}
	var keys []tea.KeyPressMsg
	for _, word := range words {
		if k, ok := named[word]; ok {
			keys = append(keys, k)
			continue
		}
		for _, r := range word {
			keys = append(keys, tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
	return keys
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d of the text\n", i+1)
	}
	return b.String()
}

func shown(text string, w, h int) *Pane {
	p := New(styles.New(styles.Options{}))
	p.SetSize(w, h)
	p.Open("text", text)
	return p
}

// firstRow is the first visible row of the text.
func firstRow(p *Pane) string { return strings.Split(ansi.Strip(p.View()), "\n")[1] }

func lastRow(p *Pane) string {
	lines := strings.Split(ansi.Strip(p.View()), "\n")
	return lines[len(lines)-2]
}

func status(p *Pane) string {
	lines := strings.Split(ansi.Strip(p.View()), "\n")
	return lines[len(lines)-1]
}

func TestWhatKeysShow(t *testing.T) {
	t.Parallel()
	const long = "a line that is much longer than the pane is wide, with an end"
	for name, test := range map[string]struct {
		text   string
		keys   []string
		first  string
		last   string
		status string // a part of it
	}{
		"a text opens at its beginning": {
			text: numbered(30), first: "line 1 of the text", last: "line 8 of the text", status: "lines 1-8 of 30",
		},
		"G shows the end at the bottom": {
			text: numbered(30), keys: []string{"G"}, first: "line 23 of the text", last: "line 30 of the text",
		},
		"nothing scrolls past the end": {
			text: numbered(30), keys: []string{"G", "down", "pgdown"}, first: "line 23 of the text", last: "line 30 of the text",
		},
		"a page keeps one line of the one before": {
			text: numbered(30), keys: []string{"pgdown"}, first: "line 8 of the text", last: "line 15 of the text",
		},
		"g returns to the beginning": {
			text: numbered(30), keys: []string{"G", "g"}, first: "line 1 of the text", last: "line 8 of the text",
		},
		"a text shorter than the pane does not scroll": {
			text: "one\ntwo", keys: []string{"down", "G", "pgdown"}, first: "one", last: "", status: "lines 1-2 of 2",
		},
		"a line that is cut says so in its last column": {
			text: long, first: "a line that is much longer th…",
		},
		"right shows what is cut": {
			text: long, keys: []string{"right"}, first: "hat is much longer than the p…", status: "from column 9",
		},
		"right stops where every line ends": {
			text: long, keys: []string{"right", "right", "right", "right", "right", "right", "right", "right"},
			first: "the pane is wide, with an end",
		},
		"w wraps at spaces": {
			text: long, keys: []string{"w"}, first: "a line that is much longer ", status: "wrapped",
		},
		"a wrapped line scrolls by its rows": {
			text: long, keys: []string{"w"}, last: "",
		},
		"a search shows the first match as it is typed": {
			text: numbered(30), keys: []string{"/", "line 2", "5"}, first: "line 23 of the text", status: "/line 25",
		},
		"a match in sight does not scroll": {
			text: numbered(30), keys: []string{"/", "line 3"}, first: "line 1 of the text",
		},
		"esc returns to where the search began": {
			text: numbered(30), keys: []string{"pgdown", "/", "line 25", "esc"}, first: "line 8 of the text", status: "lines 8-15",
		},
		"a search without capitals finds either case": {
			text: strings.Replace(numbered(30), "line 25", "LINE 25", 1), keys: []string{"/", "line 25", "enter"}, first: "line 23 of the text",
		},
		"a search with capitals finds only these": {
			text: numbered(30), keys: []string{"/", "Line 25", "enter"}, first: "line 1 of the text", status: "not found",
		},
		"n goes on and wraps around": {
			text: numbered(30), keys: []string{"/", "line 2", "enter", "n", "n", "n", "n", "n", "n", "n", "n", "n", "n", "n"},
			first: "line 1 of the text", status: "on from the top",
		},
		"N goes back and wraps around": {
			text: numbered(30), keys: []string{"/", "of", "enter", "N"}, last: "line 30 of the text", status: "on from the end",
		},
		"n without a search says what to do": {
			text: numbered(30), keys: []string{"n"}, first: "line 1 of the text", status: "no search yet: press /",
		},
		"letters of a query are not commands": {
			text: numbered(30), keys: []string{"/", "qGw"}, first: "line 1 of the text", status: "/qGw  not found",
		},
		"a match to the right of the pane is brought into sight": {
			text: long, keys: []string{"/", "with an"}, first: " is wide, with an end",
		},
		"escape sequences do not reach the terminal": {
			text: "a\x1b[31mred\x1b]0;title\x07\r\n\tb", first: "ared",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := shown(test.text, 30, 10)
			for _, k := range press(test.keys...) {
				if _, used := p.HandleKey(k); !used {
					t.Errorf("key %s was not used", k)
				}
			}
			if got := firstRow(p); test.first != "" && got != test.first {
				t.Errorf("first row %q, want %q", got, test.first)
			}
			if got := lastRow(p); test.last != "" && got != test.last {
				t.Errorf("last row %q, want %q", got, test.last)
			}
			if got := status(p); !strings.Contains(got, test.status) {
				t.Errorf("status %q, want %q in it", got, test.status)
			}
		})
	}
}

func TestWrappingLosesNothing(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("args: --flag=värde 日本語 ", 40)
	for w := 2; w < 60; w++ {
		start, rows := 0, ""
		for _, end := range wrapped(line, w) {
			if n := ansi.StringWidth(line[start:end]); n > w {
				t.Errorf("width %d: a row of %d cells", w, n)
			}
			rows += line[start:end]
			start = end
		}
		if rows != line {
			t.Errorf("width %d: the rows are not the line", w)
		}
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	p := shown("a\x1b[1mb\n", 30, 10)
	for word, want := range map[string]tea.Msg{
		"q": Closed{}, "esc": Closed{}, "c": Copied{Title: "text", Text: "ab"},
	} {
		cmd, _ := p.HandleKey(press(word)[0])
		if cmd == nil {
			t.Errorf("%s: no message", word)
		} else if diff := cmp.Diff(want, cmd()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", word, diff)
		}
	}
	if _, used := p.HandleKey(press("?")[0]); used {
		t.Error("? is left to the program")
	}
}

func TestANewTextKeepsTheReadersPlace(t *testing.T) {
	t.Parallel()
	p := shown(numbered(100), 30, 10)
	p.Update(press("pgdown")[0])
	p.SetText(strings.Replace(numbered(100), "line 8 ", "line VIII ", 1))
	if got := firstRow(p); got != "line VIII of the text" {
		t.Errorf("first row %q", got)
	}
	p.SetText("short")
	if got := firstRow(p); got != "short" {
		t.Errorf("first row %q", got)
	}
}

func TestTheCursorStandsInTheSearch(t *testing.T) {
	t.Parallel()
	p := shown(numbered(30), 30, 10)
	if p.Cursor() != nil {
		t.Error("there is a cursor without a search")
	}
	for _, k := range press("/", "abc") {
		p.HandleKey(k)
	}
	p.Update(tea.PasteMsg{Content: "日\n"})
	c := p.Cursor()
	if c == nil || c.X != 6 || c.Y != 9 {
		t.Errorf("cursor %+v, want at 6, 9", c)
	}
}

func TestNothingLeavesThePane(t *testing.T) {
	t.Parallel()
	text := "日本語日本語日本語 " + strings.Repeat("x", 3*maxLine) + "\n\n\tkey: value\n" + numbered(20) + "👩‍👩‍👧 e\u0301"
	for _, words := range [][]string{nil, {"w"}, {"right"}, {"G"}, {"w", "G"}, {"/", "xx"}, {"/", "日", "enter", "n"}} {
		for w := range 40 {
			for _, h := range []int{0, 1, 2, 3, 7, 13} {
				p := shown(text, w, h)
				for _, k := range press(words...) {
					p.HandleKey(k)
				}
				check(t, fmt.Sprint(words), p, w, h)
				p.SetSize(w/2, h/2)
				check(t, fmt.Sprint(words, " resized"), p, w/2, h/2)
			}
		}
	}
}

func check(t *testing.T, what string, p *Pane, w, h int) {
	t.Helper()
	view := p.View()
	lines := strings.Split(view, "\n")
	if view != "" && len(lines) > h {
		t.Errorf("%s at %d×%d: %d lines", what, w, h, len(lines))
	}
	for _, line := range lines {
		if n := ansi.StringWidth(line); n > w {
			t.Errorf("%s at %d×%d: %d cells in %q", what, w, h, n, line)
		}
	}
	if c := p.Cursor(); c != nil && (c.X >= w || c.Y >= h) {
		t.Errorf("%s at %d×%d: cursor at %d, %d", what, w, h, c.X, c.Y)
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	text := "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata:\n  annotations:\n" +
		"    kubectl-jetstream.github.io/values: '{\"profile\":\"llama-3.1-405b-v6e-4x4\",\"params\":{\"checkpoint\":\"gs://models/llama-3.1-405b/int8\"}}'\n" +
		"  name: jetstream-pathways\nspec:\n  replicas: 1\n" + numbered(40)
	for name, keys := range map[string][]string{"plain": nil, "wrapped": {"w"}, "search": {"/", "jetstream"}} {
		for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}} {
			t.Run(fmt.Sprintf("%s %dx%d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				p := New(styles.New(styles.Options{}))
				p.SetSize(size[0], size[1])
				p.Open("leaderworkerset/jetstream-pathways", text)
				for _, k := range press(keys...) {
					p.HandleKey(k)
				}
				golden(t, ansi.Strip(p.View()))
			})
		}
	}
}

func golden(t *testing.T, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.NewReplacer("/", "_", " ", "_").Replace(t.Name())+".golden")
	got += "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
