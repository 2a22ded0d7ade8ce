package logs

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
)

// TestScrolling has 20 lines on 5 rows, so that lines 16 to 20 are followed.
func TestScrolling(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		keys  []string
		more  int // lines that come after the keys
		first string
		title string
	}{
		{"the end is followed", nil, 3, "line 19", "following"},
		{"up stops following", []string{"k"}, 0, "line 15", "paused"},
		{"what comes while paused is counted and moves nothing", []string{"up"}, 3, "line 15", "paused, 3 new"},
		{"down while following goes on following", []string{"j", "down"}, 1, "line 17", "following"},
		{"down to the end stays paused", []string{"k", "j"}, 2, "line 16", "paused, 2 new"},
		{"G follows again", []string{"k", "G"}, 2, "line 18", "following"},
		{"end follows again", []string{"g", "end"}, 2, "line 18", "following"},
		{"f pauses in place", []string{"f"}, 2, "line 16", "paused, 2 new"},
		{"f twice follows", []string{"f", "f"}, 2, "line 18", "following"},
		{"g goes to the start", []string{"g"}, 2, "line 1", "paused, 2 new"},
		{"home goes to the start", []string{"home"}, 0, "line 1", "paused"},
		{"up at the start stays there", []string{"g", "k", "pgup"}, 0, "line 1", "paused"},
		{"page up leaves one row in common", []string{"pgup"}, 0, "line 12", "paused"},
		{"page up and down lead back", []string{"pgup", "pgup", "pgdown"}, 0, "line 12", "paused"},
		{"half a page up", []string{"ctrl+u"}, 0, "line 14", "paused"},
		{"half a page down", []string{"g", "ctrl+d"}, 0, "line 3", "paused"},
		{"page down ends with a full screen", []string{"k", "pgdown", "pgdown"}, 0, "line 16", "paused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &fakeBook{}
			b.add(jax, numbered(20)...)
			p := newPane(t, 40, 5, b)
			p.Show(jax)
			press(t, p, "t", "t")
			press(t, p, tt.keys...)
			b.add(jax, numbered(20 + tt.more)[20:]...)
			p.Pull()
			if got := screen(p)[0]; got != " "+tt.first {
				t.Errorf("the first row is %q, want %q", got, tt.first)
			}
			if want := "Logs: leader/jax-tpu · " + tt.title; p.Title() != want {
				t.Errorf("the title is %q, want %q", p.Title(), want)
			}
		})
	}
}

func TestScrollingOverWrappedLinesGoesByRows(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"abcdefghi", "日本語ä"} {
		b := &fakeBook{}
		b.add(jax, "one", text+text, "three")
		p := newPane(t, 10, 2, b)
		p.Show(jax)
		press(t, p, "t", "t", "w")
		want := screen(p)
		for range 2 {
			press(t, p, "k")
			want = append([]string{screen(p)[0]}, want...)
		}
		if got := strings.ReplaceAll(strings.Join(want, ""), " ", ""); got != "one"+text+text+"three" {
			t.Errorf("scrolled over %q row by row", got)
		}
		var down []string
		for range 2 {
			down = append(down, screen(p)[0])
			press(t, p, "j")
		}
		down = append(down, screen(p)...)
		if diff := cmp.Diff(want, down); diff != "" {
			t.Errorf("going down shows other rows than going up (-up +down):\n%s", diff)
		}
	}
}

func TestShortLogsAreNotPausedByScrolling(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	b.add(jax, numbered(3)...)
	p := newPane(t, 80, 10, b)
	press(t, p, "k", "pgup", "g", "ctrl+u")
	p.Update(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	if want := "Logs: all containers · following"; p.Title() != want {
		t.Errorf("the title is %q, want %q", p.Title(), want)
	}
}

func TestWheelScrolls(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	b.add(jax, numbered(20)...)
	p := newPane(t, 40, 5, b)
	p.Show(jax)
	press(t, p, "t", "t")
	for _, step := range []struct {
		button tea.MouseButton
		want   string
	}{{tea.MouseWheelUp, " line 13"}, {tea.MouseWheelUp, " line 10"}, {tea.MouseWheelDown, " line 13"}} {
		p.Update(tea.MouseWheelMsg{Button: step.button})
		if got := screen(p)[0]; got != step.want {
			t.Errorf("after %v the first row is %q, want %q", step.button, got, step.want)
		}
	}
}

func TestHorizontalPositionStays(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	long := strings.Repeat("0123456789", 5)
	b.add(jax, long)
	b.add(proxy, long)
	p := newPane(t, 31, 5, b)
	p.Show(jax)
	press(t, p, "t", "t", "right")
	steps := []struct {
		name string
		do   func()
	}{
		{"scrolling right", func() {}},
		{"a new line", func() { b.add(jax, long); p.Pull() }},
		{"following again", func() { press(t, p, "f", "G") }},
		{"another container", func() { press(t, p, "]") }},
		{"wrapping and not", func() { press(t, p, "w", "w") }},
	}
	for _, step := range steps {
		step.do()
		if got, want := screen(p)[0], " …"+long[9:37]+"…"; got != want {
			t.Errorf("after %s the first row is %q, want %q", step.name, got, want)
		}
	}
	press(t, p, "right", "right", "right", "right")
	if got, want := screen(p)[0], " …"+long[21:]; got != want {
		t.Errorf("far right the first row is %q, want %q", got, want)
	}
	press(t, p, "left", "left", "left", "left")
	if got, want := screen(p)[0], " "+long[:29]+"…"; got != want {
		t.Errorf("back at the left the first row is %q, want %q", got, want)
	}
}

func TestChoosingAContainer(t *testing.T) {
	t.Parallel()
	all := logtail.Stream{}
	tests := []struct {
		name string
		keys []string
		want logtail.Stream
	}{
		{"all are shown at first", nil, all},
		{"the next one", []string{"]"}, jax},
		{"after the last one all", []string{"]", "]", "]", "]"}, all},
		{"the one before", []string{"["}, worker},
		{"picked", []string{"o", "j", "down", "enter"}, proxy},
		{"picked by the end key", []string{"o", "G", "k", "enter"}, proxy},
		{"picked all again", []string{"]", "o", "g", "enter"}, all},
		{"the picker opens at what is shown", []string{"]", "]", "o", "enter"}, proxy},
		{"esc leaves things as they are", []string{"]", "o", "j", "esc"}, jax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPane(t, 80, 10, startUp())
			press(t, p, tt.keys...)
			if got := p.Selected(); got != tt.want {
				t.Errorf("%v is shown, want %v", got, tt.want)
			}
		})
	}
}

func TestKeysWithoutAMeaningAreLeftToOthers(t *testing.T) {
	t.Parallel()
	p := newPane(t, 80, 10, startUp())
	for _, name := range []string{"q", "c", "y", "tab", "?", "1", "esc", "ctrl+c"} {
		if _, used := p.HandleKey(keyMsgs(name)[0]); used {
			t.Errorf("the pane used %q", name)
		}
	}
	press(t, p, "/")
	for _, name := range []string{"q", "c", "y", "tab", "?", "1"} {
		if _, used := p.HandleKey(keyMsgs(name)[0]); !used {
			t.Errorf("the pane left %q to others while text is typed", name)
		}
	}
	if _, used := p.HandleKey(keyMsgs("ctrl+c")[0]); used {
		t.Error("the pane used ctrl+c while text is typed")
	}
}

func TestEveryBindingHasHelp(t *testing.T) {
	t.Parallel()
	p := newPane(t, 80, 10, startUp())
	seen := make(map[string]bool)
	for _, b := range p.Bindings() {
		if b.Help().Key == "" || b.Help().Desc == "" {
			t.Errorf("the binding of %v has no help", b.Keys())
		}
		for _, k := range b.Keys() {
			if seen[k] {
				t.Errorf("%q is bound twice", k)
			}
			seen[k] = true
		}
	}
}
