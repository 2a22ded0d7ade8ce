package form

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/viewer"
)

func TestWhatIsSubmitted(t *testing.T) {
	t.Parallel()
	both := []string{"tab", "gs://m/int8", "tab", "gs://b"}
	then := func(more ...string) []string { return append(append([]string(nil), both...), more...) }
	submitted := func(profile string, more ...string) []tea.Msg {
		values := map[string]string{"checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}
		for i := 0; i < len(more); i += 2 {
			values[more[i]] = more[i+1]
		}
		return []tea.Msg{Submitted{profile, values}}
	}
	for name, test := range map[string]struct {
		options Options
		keys    []string
		want    []tea.Msg
	}{
		"ctrl+s deploys from anywhere":                      {keys: then("ctrl+s"), want: submitted(big)},
		"enter moves on and presses the button at the end":  {keys: []string{"enter", "gs://m/int8", "enter", "gs://b", "enter", "tab", "enter"}, want: submitted(big)},
		"up and down move like tab":                         {keys: []string{"down", "down", "gs://m/int8", "down", "gs://b", "up", "down", "ctrl+s"}, want: submitted(disagg)},
		"down goes through the profiles first":              {keys: []string{"down", "tab", "gs://m/int8", "tab", "gs://b", "ctrl+s"}, want: submitted(disagg)},
		"another profile keeps what was typed":              {keys: then("shift+tab", "shift+tab", "down", "ctrl+s"), want: submitted(disagg)},
		"nothing is deployed with a value missing":          {keys: []string{"tab", "gs://m", "ctrl+s"}},
		"nothing is deployed with a value wrong":            {keys: then("ctrl+u", "s3://b", "ctrl+s")},
		"after a mistake is corrected it is":                {keys: then("ctrl+u", "s3://b", "ctrl+s", "ctrl+u", "gs://b", "ctrl+s"), want: submitted(big)},
		"a form deploys once":                               {keys: then("ctrl+s", "ctrl+s", "ctrl+s"), want: submitted(big)},
		"further values are behind a fold":                  {keys: then("tab", "enter", "tab", "other", "tab", "2", "ctrl+s"), want: submitted(big, NameField, "other", "replicas", "2")},
		"the default of a choice is not a value":            {options: Options{Values: map[string]string{"weights": "bf16", "checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}}, keys: []string{"tab", "tab", "tab", "tab", "tab", "tab", "tab", "tab", "right", "ctrl+s"}, want: submitted(big)},
		"a boolean is a choice":                             {options: Options{Values: map[string]string{"replicas": "1", "checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}}, keys: []string{"shift+tab", "shift+tab", "shift+tab", "space", "ctrl+s"}, want: submitted(big, "replicas", "1", "warm-up", "false")},
		"prefilled values need only be confirmed":           {options: Options{Profile: disagg, Values: map[string]string{"checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}}, keys: []string{"enter"}, want: submitted(disagg)},
		"spaces around a value do not count":                {keys: then("space", "space", "ctrl+s"), want: submitted(big)},
		"a value of another profile is left out":            {options: Options{Values: map[string]string{"node-selector": "a=b", "checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}}, keys: []string{"down", "ctrl+s"}, want: submitted(disagg)},
		"a problem of no field prevents it as well":         {options: Options{Values: map[string]string{"batch-size": "666", "checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}}, keys: []string{"ctrl+s"}},
		"esc goes back":                                     {keys: then("esc"), want: []tea.Msg{Cancelled{}}},
		"esc in the objects goes back to the form only":     {keys: then("ctrl+o", "esc", "ctrl+s"), want: submitted(big)},
		"esc in the search of the objects ends the search":  {keys: then("ctrl+o", "/", "q", "esc", "esc", "esc"), want: []tea.Msg{Cancelled{}}},
		"ctrl+s deploys while the objects are read as well": {keys: then("ctrl+o", "pgdown", "ctrl+s"), want: submitted(big)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := opened(80, 24, test.options)
			if diff := cmp.Diff(test.want, give(p, test.keys...)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, ansi.Strip(p.View()))
			}
		})
	}
}

func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	prefilled := Options{Values: map[string]string{"checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}}
	for name, test := range map[string]struct {
		options Options
		keys    []string
		want    []string
		not     []string
	}{
		"what nobody came to yet is missing and not wrong": {
			want: []string{"missing: checkpoint, pathways-bucket", "required"}, not: []string{"✗"},
		},
		"a field that was left empty is wrong": {
			keys: []string{"tab", "tab"}, want: []string{"✗ missing; give where it is", "wrong: checkpoint"},
		},
		"a mistake is named while it is typed, in the words of the command line below": {
			keys: []string{"tab", "s3"}, want: []string{"✗ not a bucket; write gs://BUCKET", `--checkpoint "s3": not a bucket; write gs://BUCKET`},
		},
		"a correction is seen at once": {
			keys: []string{"tab", "s3", "ctrl+u", "gs://m"}, not: []string{"✗"},
		},
		"trying to deploy names all that is missing and goes to the first": {
			keys: []string{"ctrl+s"}, want: []string{"wrong: checkpoint, pathways-bucket", "▌checkpoint", "--checkpoint: missing"},
		},
		"a mistake in the fold unfolds it": {
			options: prefilled, keys: []string{"tab", "tab", "tab", "enter", "tab", "Other", "shift+tab", "enter", "ctrl+s"},
			want: []string{"▾ more", "▌name", `NAME "Other": not a name for a Service`},
		},
		"a fold says how many of its values are given": {
			options: Options{Values: map[string]string{"replicas": "2"}}, want: []string{"▾ more: 7 values, 1 given"},
		},
		"defaults are shown as defaults": {
			options: prefilled, keys: []string{"tab", "tab", "tab", "enter", "tab", "tab"}, want: []string{"1 (default)", "jetstream-pathways (default)", "namespace           serving"},
		},
		"values that are right can be deployed": {
			options: prefilled, want: []string{"✓ ready to deploy", "Objects that will be applied to serving", "checkpoint: gs://m/int8"},
		},
		"objects of earlier values are called so": {
			options: prefilled, keys: []string{"tab", "ctrl+u", "s3"}, want: []string{"Objects, for the last values that were right", "checkpoint: gs://m/int8"},
		},
		"before there are objects the place for them says so": {
			want: []string{"as soon as the values are right"},
		},
		"a problem of no field is shown in full at the button": {
			options: Options{Values: map[string]string{"batch-size": "666", "checkpoint": "gs://m/int8", "pathways-bucket": "gs://b"}},
			keys:    []string{"ctrl+s"}, want: []string{"▌[ Deploy ]", "--set: there is no such field; write PATH=VALUE"},
		},
		"a form that was submitted says so": {
			options: prefilled, keys: []string{"ctrl+s"}, want: []string{"● deploying"},
		},
		"the objects scroll beside the form": {
			options: prefilled, keys: []string{"pgdown"}, not: []string{"kind: LeaderWorkerSet"}, want: []string{"a line of the objects"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := opened(160, 40, test.options)
			give(p, test.keys...)
			view := ansi.Strip(p.View())
			for _, want := range test.want {
				if !strings.Contains(view, want) {
					t.Errorf("%q is not in\n%s", want, view)
				}
			}
			for _, not := range test.not {
				if strings.Contains(view, not) {
					t.Errorf("%q is in\n%s", not, view)
				}
			}
		})
	}
}

func TestOnlyTheLatestAnswerCounts(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{Values: map[string]string{"checkpoint": "s3", "pathways-bucket": "gs://b"}})
	give(p, "tab", "ctrl+u")
	var answers []tea.Cmd
	for _, k := range press("gs://m") {
		cmd, _ := p.HandleKey(k)
		answers = append(answers, cmd)
	}
	run(p, answers[len(answers)-1])
	run(p, answers[0])
	if view := ansi.Strip(p.View()); !strings.Contains(view, "ready to deploy") {
		t.Errorf("a late answer replaced a later one:\n%s", view)
	}
}

func TestTheAnswerToAnotherFormDoesNotCount(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{Values: map[string]string{"checkpoint": "gs://m", "pathways-bucket": "gs://b"}})
	other := New(plainStyles(), Options{Profiles: profiles(), Renderer: renderer{}})
	run(p, other.Init())
	if view := ansi.Strip(p.View()); !strings.Contains(view, "ready to deploy") {
		t.Errorf("the answer to another form was taken:\n%s", view)
	}
}

func TestDeployingWaitsForTheCheckOfWhatWasTypedLast(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{Values: map[string]string{"checkpoint": "gs://m", "pathways-bucket": "gs://b"}})
	give(p, "tab")
	check, _ := p.HandleKey(press("x")[0])
	if cmd, _ := p.HandleKey(press("ctrl+s")[0]); cmd != nil {
		t.Error("deployed before the values were checked")
	}
	want := []tea.Msg{Submitted{big, map[string]string{"checkpoint": "gs://mx", "pathways-bucket": "gs://b"}}}
	if diff := cmp.Diff(want, run(p, check)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARefusedDeploymentCanBeRepeated(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{Values: map[string]string{"checkpoint": "gs://m", "pathways-bucket": "gs://b"}})
	give(p, "ctrl+s")
	p.Reopen("leaderworkersets is forbidden\x1b[2J")
	if view := ansi.Strip(p.View()); !strings.Contains(view, "refused: leaderworkersets is forbidden") {
		t.Errorf("no reason in\n%s", view)
	}
	if got := give(p, "ctrl+s"); len(got) != 1 {
		t.Errorf("messages %v, want one more Submitted", got)
	}
}

func TestPastedTextGoesIntoTheInput(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{})
	run(p, p.Update(tea.PasteMsg{Content: "lost"})) // no input has the focus
	give(p, "tab")
	run(p, p.Update(tea.PasteMsg{Content: " gs://m/int8\n"}))
	if got := p.values()["checkpoint"]; got != "gs://m/int8" {
		t.Errorf("checkpoint %q", got)
	}
	c := p.Cursor()
	if c == nil || c.X != 21+11 || c.Y != 4 {
		t.Errorf("cursor %+v, want behind the text at 32, 4:\n%s", c, ansi.Strip(p.View()))
	}
}

func TestAFieldThatWasLeftShowsItsBeginning(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{})
	long := "gs://bucket/" + strings.Repeat("folder/", 12) + "int8"
	give(p, "tab", long)
	if view := ansi.Strip(p.View()); strings.Contains(view, "gs://bucket/") || !strings.Contains(view, "folder/int8") {
		t.Errorf("the cursor is not in sight:\n%s", view)
	}
	give(p, "tab")
	if view := ansi.Strip(p.View()); !strings.Contains(view, "gs://bucket/folder/") || strings.Contains(view, "folder/int8") {
		t.Errorf("the beginning is not in sight:\n%s", view)
	}
}

func TestLettersThatNoInputTakesAreLeftToTheProgram(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{})
	for _, step := range []struct {
		keys   []string
		key    string
		used   bool
		typing bool
	}{
		{nil, "q", false, false},
		{[]string{"tab"}, "q", true, true},
		{[]string{"tab", "tab"}, "?", false, false},
		{[]string{"tab"}, "q", false, false},
		{nil, "ctrl+c", false, false},
		{[]string{"ctrl+o"}, "q", true, false},
	} {
		give(p, step.keys...)
		if p.Typing() != step.typing {
			t.Errorf("after %v typing is %t", step.keys, p.Typing())
		}
		if _, used := p.HandleKey(press(step.key)[0]); used != step.used {
			t.Errorf("after %v %s is used: %t", step.keys, step.key, used)
		}
	}
}

func TestTheObjectsCanBeCopied(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{Values: map[string]string{"checkpoint": "gs://m", "pathways-bucket": "gs://b"}})
	got := give(p, "ctrl+o", "c")
	if len(got) != 1 || !strings.HasPrefix(got[0].(viewer.Copied).Text, "apiVersion: leaderworkerset") {
		t.Errorf("messages %v", got)
	}
}

func TestNothingMovesWhileTyping(t *testing.T) {
	t.Parallel()
	p := opened(80, 24, Options{})
	labels := func() string {
		var at []string
		for i, line := range strings.Split(ansi.Strip(p.View()), "\n") {
			for _, label := range []string{"checkpoint ", "pathways-bucket ", "more:", "[ Deploy ]"} {
				if strings.HasPrefix(strings.TrimLeft(line, " ▌▸"), label) {
					at = append(at, fmt.Sprint(label, i))
				}
			}
		}
		return fmt.Sprint(at)
	}
	before := labels()
	for _, keys := range [][]string{{"tab"}, {"s3"}, {"tab", "x"}, {"tab"}, {"ctrl+s"}, {"up"}, {"down"}} {
		give(p, keys...)
		if after := labels(); after != before {
			t.Errorf("after %v rows are at %s, before at %s", keys, after, before)
		}
	}
}

func TestNothingLeavesThePane(t *testing.T) {
	t.Parallel()
	unsafe := Options{Values: map[string]string{"checkpoint": "gs://日本語/\x1b[31m" + strings.Repeat("x", 200), "pathways-bucket": "gs://b"}}
	for _, options := range []Options{{}, unsafe} {
		for _, keys := range [][]string{nil, {"tab"}, {"ctrl+s"}, {"tab", "tab", "tab", "enter", "shift+tab"}, {"shift+tab"}, {"ctrl+o", "/", "xyz"}} {
			for w := 0; w < 130; w += 1 + w/6 {
				for _, h := range []int{0, 1, 2, 3, 5, 7, 9, 13, 15, 33, 34, 40} {
					p := opened(w, h, options)
					give(p, keys...)
					within(t, fmt.Sprint(keys), p, w, h)
					p.SetSize(w/2, h/2)
					within(t, fmt.Sprint(keys, " resized"), p, w/2, h/2)
				}
			}
		}
	}
}

func within(t *testing.T, what string, p *Pane, w, h int) {
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

func TestTheFocusIsAlwaysInSight(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{60, 15}, {60, 14}, {60, 8}, {80, 24}, {120, 40}} {
		p := opened(size[0], size[1], Options{Values: map[string]string{"replicas": "1"}})
		for range 2 * len(p.stops()) {
			if view := ansi.Strip(p.View()); !strings.Contains(view, "▌") {
				t.Errorf("at %v the focus on %v is out of sight:\n%s", size, p.focus, view)
			}
			if p.input() != nil && p.Cursor() == nil {
				t.Errorf("at %v there is no cursor in %v", size, p.focus)
			}
			give(p, "tab")
		}
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	prefilled := Options{Profile: disagg, Values: map[string]string{"checkpoint": "gs://models/llama-2-70b/int8", "pathways-bucket": "gs://scratch"}}
	for name, test := range map[string]struct {
		options Options
		keys    []string
	}{
		"empty":    {},
		"wrong":    {keys: []string{"tab", "gs://models/llama-3.1-405b/int8", "tab", "s3://scratch"}},
		"ready":    {options: prefilled},
		"unfolded": {options: prefilled, keys: []string{"shift+tab", "enter", "tab", "tab", "three"}},
		"objects":  {options: prefilled, keys: []string{"ctrl+o", "/", "line"}},
	} {
		for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}} {
			t.Run(fmt.Sprintf("%s %dx%d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				p := opened(size[0], size[1], test.options)
				give(p, test.keys...)
				golden(t, ansi.Strip(p.View()))
			})
		}
	}
}

func TestASCIIHasNoOtherGlyphs(t *testing.T) {
	t.Parallel()
	p := opened(120, 40, Options{Values: map[string]string{"replicas": "1", "checkpoint": strings.Repeat("x", 100)}})
	p.SetStyles(styles.New(styles.Options{ASCII: true}))
	for _, r := range ansi.Strip(p.View()) {
		if r > '~' {
			t.Fatalf("%q in\n%s", r, ansi.Strip(p.View()))
		}
	}
}
