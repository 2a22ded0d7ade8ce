package dialog

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

// pane is what the dialogs have in common.
type pane interface {
	SetSize(w, h int)
	SetStyles(s *styles.Styles)
	Height() int
	Update(msg tea.Msg) tea.Cmd
	HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool)
	View() string
	Cursor() *tea.Cursor
}

// press turns words into keys: names of keys as Bubble Tea writes them, and
// anything else letter by letter.
func press(words ...string) []tea.KeyPressMsg {
	named := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "backspace": {Code: tea.KeyBackspace},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "tab": {Code: tea.KeyTab},
		"ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl},
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

// answers gives a pane keys and returns the messages that came of it.
func answers(p pane, words ...string) []tea.Msg {
	var out []tea.Msg
	for _, k := range press(words...) {
		if cmd, _ := p.HandleKey(k); cmd != nil {
			out = append(out, cmd())
		}
	}
	return out
}

func plainStyles() *styles.Styles { return styles.New(styles.Options{}) }

func restart() Question {
	return Question{
		ID: "restart",
		Heading: Heading{
			Title: "Restart group 0?",
			Text:  []string{"Its pods are deleted and made anew. The model loads again, which takes about 15 minutes."},
		},
		Yes: "restart it", No: "leave it running",
	}
}

func down() Question {
	return Question{
		ID: "down",
		Heading: Heading{
			Title:  "Delete jetstream-pathways?",
			Text:   []string{"To be deleted from namespace default:", "  leaderworkerset/jetstream-pathways", "  service/jetstream-svc", "  5 pods"},
			Danger: true,
		},
		Yes: "delete it", No: "keep it", Typed: "jetstream-pathways",
	}
}

func scale() NumberQuestion {
	return NumberQuestion{
		ID:      "scale",
		Heading: Heading{Title: "Scale jetstream-pathways", Text: []string{"Each group takes a slice of 16 chips."}},
		Label:   "groups", Value: 1, Min: 0, Max: 16,
		Explain: func(n int) string { return fmt.Sprintf("%d × 16 = %d chips", n, 16*n) },
	}
}

func deployments() List {
	return List{
		ID: "deployments", Title: "Deployments in default", Columns: []string{"NAME", "STATUS", "AGE"},
		Rows: [][]string{
			{"jetstream-pathways", "Ready, 1/1 groups", "3d"}, {"llama-70b", "Loading, 0/2 groups", "12m"}, {"Llama-Test", "Failed", "5h"},
		},
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	yes, no := Answered{"restart", true}, Answered{"restart", false}
	gone, kept := Answered{"down", true}, Answered{"down", false}
	question := func() pane { return NewQuestion(plainStyles(), restart()) }
	typed := func() pane { return NewQuestion(plainStyles(), down()) }
	number := func() pane { return NewNumber(plainStyles(), scale()) }
	list := func() pane { return NewList(plainStyles(), deployments()) }
	for name, test := range map[string]struct {
		pane func() pane
		keys []string
		want []tea.Msg
	}{
		"enter alone changes nothing":                       {question, []string{"enter"}, []tea.Msg{no}},
		"y is yes":                                          {question, []string{"y"}, []tea.Msg{yes}},
		"n is no":                                           {question, []string{"n"}, []tea.Msg{no}},
		"esc is no, also with yes selected":                 {question, []string{"right", "esc"}, []tea.Msg{no}},
		"the selected answer is taken by enter":             {question, []string{"tab", "enter"}, []tea.Msg{yes}},
		"selecting twice is back at no":                     {question, []string{"right", "left", "enter"}, []tea.Msg{no}},
		"a dialog answers once":                             {question, []string{"n", "y", "enter"}, []tea.Msg{no}},
		"other letters are no answers":                      {question, []string{"q", "x"}, nil},
		"a name that is not typed is a no":                  {typed, []string{"enter"}, []tea.Msg{kept}},
		"y does not delete where a name is asked":           {typed, []string{"y", "enter"}, nil},
		"a name that is nearly right deletes nothing":       {typed, []string{"jetstream-pathway", "enter"}, nil},
		"the name deletes":                                  {typed, []string{"jetstream-pathways", "enter"}, []tea.Msg{gone}},
		"a mistake can be corrected":                        {typed, []string{"jetstream-pathwayz", "enter", "backspace", "s", "enter"}, []tea.Msg{gone}},
		"esc keeps, also with the name typed":               {typed, []string{"jetstream-pathways", "esc"}, []tea.Msg{kept}},
		"the present number is taken by enter":              {number, []string{"enter"}, []tea.Msg{Entered{"scale", 1}}},
		"a number is typed":                                 {number, []string{"2", "enter"}, []tea.Msg{Entered{"scale", 12}}},
		"a number out of range is not taken":                {number, []string{"7", "enter"}, nil},
		"no number is not taken":                            {number, []string{"backspace", "enter"}, nil},
		"a word is not taken":                               {number, []string{"x", "enter"}, nil},
		"up counts":                                         {number, []string{"up", "up", "enter"}, []tea.Msg{Entered{"scale", 3}}},
		"down stops at the least":                           {number, []string{"down", "down", "enter"}, []tea.Msg{Entered{"scale", 0}}},
		"up stops at the most, coming from beyond":          {number, []string{"99", "up", "enter"}, []tea.Msg{Entered{"scale", 16}}},
		"esc leaves the number":                             {number, []string{"2", "esc"}, []tea.Msg{Dismissed{"scale"}}},
		"the first row is selected":                         {list, []string{"enter"}, []tea.Msg{Chosen{"deployments", 0}}},
		"down and enter choose another":                     {list, []string{"down", "enter"}, []tea.Msg{Chosen{"deployments", 1}}},
		"nothing is selected beyond the ends":               {list, []string{"up", "pgdown", "pgdown", "down", "enter"}, []tea.Msg{Chosen{"deployments", 2}}},
		"a filter chooses by the index of the whole list":   {list, []string{"70", "enter"}, []tea.Msg{Chosen{"deployments", 1}}},
		"a filter without capitals finds either case":       {list, []string{"llama", "down", "enter"}, []tea.Msg{Chosen{"deployments", 2}}},
		"a filter with capitals finds only these":           {list, []string{"Llama", "enter"}, []tea.Msg{Chosen{"deployments", 2}}},
		"all words of a filter have to be there":            {list, []string{"test llama", "enter"}, []tea.Msg{Chosen{"deployments", 2}}},
		"what is selected stays so while filtering":         {list, []string{"down", "a", "enter"}, []tea.Msg{Chosen{"deployments", 1}}},
		"nothing is chosen where nothing matches":           {list, []string{"xyz", "enter"}, nil},
		"esc clears the filter and then leaves":             {list, []string{"xyz", "esc", "esc"}, []tea.Msg{Dismissed{"deployments"}}},
		"a list is left once":                               {list, []string{"esc", "enter"}, []tea.Msg{Dismissed{"deployments"}}},
		"combinations with ctrl are left to the program":    {question, []string{"ctrl+c"}, nil},
		"a shell's keys edit a name that was begun wrongly": {typed, []string{"oops", "ctrl+u", "jetstream-pathways", "enter"}, []tea.Msg{gone}},
		"a number is corrected by a shell's keys as well":   {number, []string{"ctrl+u", "4", "enter"}, []tea.Msg{Entered{"scale", 4}}},
		"a filter is corrected by a shell's keys as well":   {list, []string{"xyz", "ctrl+u", "enter"}, []tea.Msg{Chosen{"deployments", 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := test.pane()
			p.SetSize(80, 24)
			if diff := cmp.Diff(test.want, answers(p, test.keys...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeysOfADialogDoNothingBehindIt(t *testing.T) {
	t.Parallel()
	for _, p := range []pane{
		NewQuestion(plainStyles(), restart()), NewQuestion(plainStyles(), down()),
		NewNumber(plainStyles(), scale()), NewList(plainStyles(), deployments()),
	} {
		p.SetSize(80, 24)
		for _, k := range press("q?lz", "tab", "pgup", "down", "enter", "q") {
			if _, used := p.HandleKey(k); !used {
				t.Errorf("%T leaves %s to the program", p, k)
			}
		}
		if _, used := p.HandleKey(press("ctrl+c")[0]); used {
			t.Errorf("%T keeps ctrl+c from the program", p)
		}
	}
}

func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	const red = "a\x1b[31mb"
	unsafe := Question{Heading: Heading{Title: red, Text: []string{red}}, Yes: red, No: red, Typed: red}
	for name, test := range map[string]struct {
		pane pane
		keys []string
		want string
	}{
		"the selected answer has a mark":           {NewQuestion(plainStyles(), restart()), nil, "▌[n] leave it running   [y] restart it"},
		"the mark moves":                           {NewQuestion(plainStyles(), restart()), []string{"tab"}, " [n] leave it running  ▌[y] restart it"},
		"a wrong name is called wrong":             {NewQuestion(plainStyles(), down()), []string{"x", "enter"}, "> x                    not jetstream-pathways; nothing was done"},
		"the right name shows what enter does":     {NewQuestion(plainStyles(), down()), []string{"jetstream-pathways"}, "enter: delete it"},
		"danger is a mark as well":                 {NewQuestion(plainStyles(), down()), nil, "! Delete jetstream-pathways?"},
		"a number's error stands beside it":        {NewNumber(plainStyles(), scale()), []string{"7"}, "groups: 17     ✗ out of range; write a number from 0 to 16"},
		"a word's error stands beside it":          {NewNumber(plainStyles(), scale()), []string{"x"}, "groups: 1x     ✗ not a whole number; write one from 0 to 16"},
		"what a number means is shown":             {NewNumber(plainStyles(), scale()), []string{"up"}, "2 × 16 = 32 chips"},
		"a list says how many match":               {NewList(plainStyles(), deployments()), []string{"llama"}, "2 of 3"},
		"a list without a match says what to do":   {NewList(plainStyles(), deployments()), []string{"xyz"}, "nothing matches; esc clears the filter"},
		"nothing dangerous reaches the terminal":   {NewQuestion(plainStyles(), unsafe), nil, "! ab"[2:]},
		"what is unsafe in a list does not either": {NewList(plainStyles(), List{Columns: []string{"N"}, Rows: [][]string{{red}}}), nil, "▌ab"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.pane.SetSize(80, 24)
			answers(test.pane, test.keys...)
			if view := ansi.Strip(test.pane.View()); !strings.Contains(view, test.want) {
				t.Errorf("%q is not in\n%s", test.want, view)
			}
			if strings.Contains(test.pane.View(), "\x1b[31mb") {
				t.Error("an escape sequence of the text is in the view")
			}
		})
	}
}

func TestNewRowsKeepWhatIsSelected(t *testing.T) {
	t.Parallel()
	p := NewList(plainStyles(), deployments())
	p.SetSize(80, 24)
	answers(p, "down")
	rows := append([][]string{{"another", "Ready", "1s"}}, deployments().Rows...)
	p.SetRows(rows)
	if diff := cmp.Diff([]tea.Msg{Chosen{"deployments", 2}}, answers(p, "enter")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALongListFollowsTheSelection(t *testing.T) {
	t.Parallel()
	l := List{ID: "l", Columns: []string{"NAME"}}
	for i := range 100 {
		l.Rows = append(l.Rows, []string{fmt.Sprintf("name-%02d", i)})
	}
	p := NewList(plainStyles(), l)
	p.SetSize(40, 10)
	answers(p, "pgdown", "pgdown", "down")
	if view := ansi.Strip(p.View()); !strings.Contains(view, "▌name-13") || strings.Contains(view, "name-05") {
		t.Errorf("not scrolled to name-13:\n%s", view)
	}
	p.SetSize(40, 5)
	if view := ansi.Strip(p.View()); !strings.Contains(view, "▌name-13") {
		t.Errorf("the selection is out of sight:\n%s", view)
	}
}

func TestTextThatDoesNotFitScrolls(t *testing.T) {
	t.Parallel()
	q := restart()
	q.Text = []string{"one", "two", "three", "four", "five"}
	p := NewQuestion(plainStyles(), q)
	p.SetSize(40, 5)
	if view := ansi.Strip(p.View()); !strings.Contains(view, "two\n… down: more\n▌[n]") {
		t.Errorf("no word on what is missing:\n%s", view)
	}
	answers(p, "down", "down", "down")
	if view := ansi.Strip(p.View()); !strings.Contains(view, "three\nfour\nfive\n▌[n]") {
		t.Errorf("the end of the text is not in sight:\n%s", view)
	}
}

func panes() map[string]func() pane {
	return map[string]func() pane{
		"question": func() pane { return NewQuestion(plainStyles(), restart()) },
		"typed":    func() pane { return NewQuestion(plainStyles(), down()) },
		"number":   func() pane { return NewNumber(plainStyles(), scale()) },
		"list":     func() pane { return NewList(plainStyles(), deployments()) },
	}
}

func TestNothingLeavesThePane(t *testing.T) {
	t.Parallel()
	for name, newPane := range panes() {
		for _, keys := range [][]string{nil, {"日本語 x", "enter"}, {"down", "down"}, {"123456789012345678901234567890"}} {
			for w := 0; w < 60; w += 1 + w/8 {
				for _, h := range []int{0, 1, 2, 3, 4, 5, 6, 9} {
					p := newPane()
					p.SetSize(w, h)
					answers(p, keys...)
					check(t, fmt.Sprintf("%s %v", name, keys), p, w, h)
					p.SetSize(w/2, h/2)
					check(t, fmt.Sprintf("%s %v resized", name, keys), p, w/2, h/2)
				}
			}
		}
	}
}

func check(t *testing.T, what string, p pane, w, h int) {
	t.Helper()
	view := p.View()
	lines := strings.Split(view, "\n")
	if want := p.Height(); view != "" && (len(lines) > h || len(lines) != want) {
		t.Errorf("%s at %d×%d: %d lines, height %d", what, w, h, len(lines), want)
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
	for name, newPane := range panes() {
		for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}} {
			t.Run(fmt.Sprintf("%s %dx%d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				p := newPane()
				p.SetSize(size[0], size[1])
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
