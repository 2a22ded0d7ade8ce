package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
)

// held are the texts that the pane keeps.
func held(p *Pane) []string {
	var texts []string
	g := p.shownPager()
	for id := g.lines.first; id < g.lines.end; id++ {
		texts = append(texts, g.lines.at(id).text)
	}
	return texts
}

func TestNoLineIsDoubledOrSkipped(t *testing.T) {
	t.Parallel()
	for _, show := range []logtail.Stream{{}, jax, worker} {
		t.Run(fmt.Sprintf("%v", show), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			b := &fakeBook{}
			p := newPane(t, 80, 10, b)
			p.Show(show)
			var want []string
			counts := make(map[logtail.Stream]int)
			for len(want) < 8_000 {
				for range rng.IntN(5_000) {
					s := b.Streams()[rng.IntN(3)]
					counts[s]++
					text := fmt.Sprintf("%s %d", s.Container, counts[s])
					b.add(s, text)
					if (show == logtail.Stream{} || show == s) {
						want = append(want, text)
					}
				}
				p.Pull()
			}
			p.Pull()
			want = want[max(0, len(want)-maxLines):]
			if diff := cmp.Diff(want, held(p)); diff != "" {
				t.Errorf("the pane holds other lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheBufferIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		n    int
		want int // lines that are left
	}{
		{"by lines", "a line", maxLines + 500, maxLines},
		{"by bytes", strings.Repeat("x", maxText), 1_000, maxBytes / maxText},
		{"and keeps everything below that", "a line", maxLines, maxLines},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &fakeBook{}
			p := newPane(t, 80, 10, b)
			p.setSearch(newPattern("l"))
			p.setFilter(newPattern("l"))
			p.setFilter(pattern{})
			press(t, p, "g")
			b.add(jax, slices.Repeat([]string{tt.text}, tt.n)...)
			p.Pull()
			g := p.live
			if g.lines.len() != tt.want || g.shown.len() != tt.want || g.hits.len() > tt.want {
				t.Errorf("%d lines are kept, %d shown and %d found, want %d", g.lines.len(), g.shown.len(), g.hits.len(), tt.want)
			}
			press(t, p, "g")
			said := strings.HasSuffix(p.Title(), fmt.Sprintf("%d lines before were dropped", tt.n-tt.want))
			if said != (tt.n > tt.want) {
				t.Errorf("%d lines were dropped, and the title is %q", tt.n-tt.want, p.Title())
			}
		})
	}
}

func TestLinesThatAreGoneAreMentioned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		show logtail.Stream
		do   func(p *Pane, b *fakeBook)
		want []string
	}{
		{"how many of all", logtail.Stream{}, func(p *Pane, b *fakeBook) {
			b.add(jax, numbered(10)...)
			p.Pull()
		}, []string{"… 7 lines were not kept …", "line 8", "line 9", "line 10"}},
		{"a single one", logtail.Stream{}, func(p *Pane, b *fakeBook) {
			b.add(jax, numbered(4)...)
			p.Pull()
		}, []string{"… 1 line was not kept …", "line 2", "line 3", "line 4"}},
		{"in the middle", logtail.Stream{}, func(p *Pane, b *fakeBook) {
			b.add(jax, "line 1")
			p.Pull()
			b.add(jax, numbered(6)[1:]...)
			p.Pull()
		}, []string{"line 1", "… 2 lines were not kept …", "line 4", "line 5", "line 6"}},
		{"of one container only that there are some", jax, func(p *Pane, b *fakeBook) {
			b.add(jax, numbered(5)...)
			p.Pull()
		}, []string{"… earlier lines were not kept …", "line 3", "line 4", "line 5"}},
		{"at the first gap between lines of several containers", logtail.Stream{}, func(p *Pane, b *fakeBook) {
			b.add(jax, numbered(3)...)
			p.Pull()
			b.add(worker, "all well")
			b.seq += 5
			b.add(jax, "line 4")
			b.gone = true
			p.Pull()
		}, []string{"line 1", "line 2", "line 3", "all well", "… 5 lines were not kept …", "line 4"}},
		{"a line that its container's log has not whole", jax, func(p *Pane, b *fakeBook) {
			b.add(jax, "half")
			b.lines[0].Cut = true
			p.Pull()
		}, []string{"half… (the rest is not kept)"}},
		{"once, before the first line that comes", jax, func(p *Pane, b *fakeBook) {
			b.add(proxy, numbered(5)...)
			p.Pull()
			p.Pull()
			b.add(jax, "line 1")
			p.Pull()
		}, []string{"… earlier lines were not kept …", "line 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &fakeBook{keep: 3}
			p := newPane(t, 80, 10, b)
			p.Show(tt.show)
			tt.do(p, b)
			if diff := cmp.Diff(tt.want, held(p)); diff != "" {
				t.Errorf("the pane holds other lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfALongBacklogTheEndIsTaken(t *testing.T) {
	t.Parallel()
	b := &fakeBook{}
	p := newPane(t, 80, 10, b)
	b.add(jax, numbered(3*maxLines+7)...)
	if got := p.Pull(); got != 3*maxLines+7 {
		t.Errorf("%d lines were pulled, want %d", got, 3*maxLines+7)
	}
	if diff := cmp.Diff(numbered(3*maxLines + 7)[2*maxLines+7:], held(p)); diff != "" {
		t.Errorf("the pane holds other lines (-want +got):\n%s", diff)
	}
	if p.live.dropped != 2*maxLines+7 {
		t.Errorf("%d lines were dropped, want %d", p.live.dropped, 2*maxLines+7)
	}
}

func TestRemarksPassEveryFilterAndNoSearch(t *testing.T) {
	t.Parallel()
	b := &fakeBook{keep: 1}
	p := newPane(t, 80, 10, b)
	press(t, p, "&", "nothing", "enter", "/", "kept", "enter")
	b.add(jax, numbered(3)...)
	p.Pull()
	if diff := cmp.Diff([]string{" … 2 lines were not kept …"}, screen(p)); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
	if want := "Logs: all containers · following · &nothing · /kept no match"; p.Title() != want {
		t.Errorf("the title is %q, want %q", p.Title(), want)
	}
}

func TestLinesAreMadeFitForATerminal(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"sequences are gone", "\x1b[31mred\x1b[0m \x1b]0;title\aand\x1b[2J", "red and"},
		{"tabs go to the next stop", "a\tb\t\tc", "a       b               c"},
		{"sequences do not count for tab stops", "\x1b[31ma\x1b[0m\tb", "a       b"},
		{"wide characters count twice for tab stops", "日本\tb", "日本    b"},
		{"newlines are spaces", "a\nb\tc", "a b     c"},
		{"a long line is cut and says so", strings.Repeat("x", maxText+10), strings.Repeat("x", maxText) + "… (the rest is not kept)"},
		{"a long line is cut between characters", strings.Repeat("x", maxText-1) + "日本", strings.Repeat("x", maxText-1) + "… (the rest is not kept)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, newLine(tt.in, "…", false).text); diff != "" {
				t.Errorf("the line differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPreviousIncarnation(t *testing.T) {
	t.Parallel()
	old := []logtail.Line{{Stream: jax, UID: "old", Text: "DATA_LOSS", Time: start}}
	b := &fakeBook{}
	b.add(jax, "now")
	p := newPane(t, 80, 5, b)
	p.Show(jax)
	see := func(what, title, row string) {
		t.Helper()
		if p.Title() != "Logs: "+title || screen(p)[0] != row {
			t.Errorf("%s: the title is %q and the first row %q, want %q and %q", what, p.Title(), screen(p)[0], title, row)
		}
	}
	p.SetPrevious(jax, old, "")
	see("an answer without a question", "leader/jax-tpu · following", " 14:39:51 now")
	if diff := cmp.Diff([]tea.Msg{PreviousRequested{jax}}, press(t, p, "p")); diff != "" {
		t.Errorf("the request differs (-want +got):\n%s", diff)
	}
	see("waiting", "leader/jax-tpu · previous incarnation, loading", " Looking for the log of the previous incarnation.")
	p.SetPrevious(proxy, old, "")
	see("an answer to another question", "leader/jax-tpu · previous incarnation, loading", " Looking for the log of the previous incarnation.")
	p.SetPrevious(jax, old, "ended 14:31")
	see("the answer", "leader/jax-tpu · previous incarnation · ended 14:31", " 14:39:50 DATA_LOSS")
	b.add(jax, "and now")
	p.Pull()
	see("with new lines", "leader/jax-tpu · previous incarnation · ended 14:31", " 14:39:50 DATA_LOSS")
	press(t, p, "p")
	see("the present again", "leader/jax-tpu · following", " 14:39:51 now")
	press(t, p, "p")
	p.SetPrevious(jax, nil, "Keeping logs is switched off.")
	see("without an answer", "leader/jax-tpu · no previous incarnation", " Keeping logs is switched off.")
	press(t, p, "]")
	see("another container", "leader/pathways-proxy · following", " leader/pathways-proxy has not logged anything yet.")
	press(t, p, "[", "[")
	if msgs := press(t, p, "p"); msgs != nil {
		t.Errorf("of all containers %v was requested", msgs)
	}
	see("all containers", "all containers · no previous incarnation", " Logs of earlier incarnations are kept by container: choose one with o.")
}

func TestCopy(t *testing.T) {
	t.Parallel()
	long := "a line that does not fit on the screen " + strings.Repeat("x", 50)
	tests := []struct {
		name string
		show logtail.Stream
		keys []string
		want string
	}{
		{"all that is on the screen, whole", jax, nil, "14:39:53 " + long + "\n14:39:54 end"},
		{"with names", logtail.Stream{}, nil, "14:39:53 leader/jax-tpu " + long + "\n14:39:54 leader/jax-tpu end"},
		{"without timestamps", jax, []string{"t", "t"}, long + "\nend"},
		{"with full timestamps", jax, []string{"t"}, "2026-03-01T14:39:53Z " + long + "\n2026-03-01T14:39:54Z end"},
		{"the current match", jax, []string{"/", "xx", "enter"}, "14:39:53 " + long},
		{"a wrapped line once", jax, []string{"w", "k", "k"}, "14:39:53 " + long},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &fakeBook{}
			b.add(jax, "first", "second", long, "end")
			p := newPane(t, 40, 2, b)
			p.Show(tt.show)
			press(t, p, tt.keys...)
			if diff := cmp.Diff(tt.want, p.Copy()); diff != "" {
				t.Errorf("the copy differs (-want +got):\n%s", diff)
			}
		})
	}
}
