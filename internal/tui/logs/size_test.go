package logs

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// fits fails if a View is larger than the pane.
func fits(t *testing.T, p *Pane) {
	t.Helper()
	view := p.View()
	rows := strings.Split(view, "\n")
	if len(rows) > p.h && view != "" {
		t.Fatalf("%d rows on %d×%d", len(rows), p.w, p.h)
	}
	for _, row := range rows {
		if got := ansi.StringWidth(row); got > p.w {
			t.Fatalf("a row has %d cells on %d×%d: %q", got, p.w, p.h, row)
		}
	}
}

// odd are texts whose width is hard to tell.
var odd = []string{
	"", " ", "plain", "日本語", "e\u0301", "\u0301\u0301", "👩\u200d💻", "🇩🇪🇫🇷", "\u200d", "\ufe0f", "1\ufe0f\u20e3", "\t", "한국어", "\xff", "กำ", "ﷺ",
}

func TestViewFitsWhateverHappens(t *testing.T) {
	t.Parallel()
	actions := []string{
		"k", "j", "g", "G", "pgup", "pgdown", "ctrl+u", "ctrl+d", "left", "right", "right", "right", "w", "t", "f",
		"o", "[", "]", "p", "/", "&", "!", "e", "n", "N", "enter", "esc", "日", "\u200d", "backspace",
	}
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		b := &fakeBook{keep: 60}
		p := newPane(t, 20, 5, b)
		if seed%2 == 0 {
			p.SetStyles(styles.New(styles.Options{ASCII: true}))
		}
		for range 400 {
			switch rng.IntN(8) {
			case 0:
				p.SetSize(rng.IntN(50), rng.IntN(9))
			case 1:
				p.SetNotice(odd[rng.IntN(len(odd))])
			case 2, 3:
				var text strings.Builder
				for range rng.IntN(30) {
					text.WriteString(odd[rng.IntN(len(odd))])
				}
				b.add(b.Streams()[rng.IntN(3)], text.String())
				p.Pull()
			default:
				for _, k := range keyMsgs(actions[rng.IntN(len(actions))]) {
					p.HandleKey(k)
				}
			}
			fits(t, p)
			p.Title()
			p.Copy()
		}
	}
}

func FuzzView(f *testing.F) {
	for _, text := range odd {
		f.Add(text+"x"+text, 12, 3, 1, true)
		f.Add("x"+text+text, 9, 2, 0, false)
	}
	f.Fuzz(func(t *testing.T, text string, w, h, x int, wrap bool) {
		b := &fakeBook{}
		b.add(jax, text, text)
		p := newPane(t, w%200, h%50, b)
		p.x, p.wrap = max(0, x%100), wrap
		p.layout()
		p.setSearch(newPattern("x"))
		fits(t, p)
		for _, row := range screen(p) {
			if strings.ContainsRune(row, 0x1b) {
				t.Errorf("a row holds an escape character: %q", row)
			}
		}
	})
}

// TestWrappedRowsAddUpToTheLine also covers that rows are counted as they are
// drawn.
func TestWrappedRowsAddUpToTheLine(t *testing.T) {
	t.Parallel()
	for _, text := range append(odd, strings.Join(odd, "|")) {
		l := newLine(text, "…", false)
		for width := 2; width < 12; width++ {
			var joined strings.Builder
			rows := 0
			folds(&l, width, func(n int, s span) bool {
				if n != rows {
					t.Errorf("row %d is called %d", rows, n)
				}
				rows++
				joined.WriteString(l.text[s.lo:s.hi])
				return true
			})
			if joined.String() != l.text || rows != height(&l, width) {
				t.Errorf("%q at %d: %d rows are %q, height is %d", l.text, width, rows, joined.String(), height(&l, width))
			}
		}
	}
}
