package cells

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestFitting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		got, want string
	}{
		{"text that fits is filled up on the right", Left("ab", 4, "…"), "ab  "},
		{"or on the left", Right("ab", 4, "…"), "  ab"},
		{"text that does not fit ends in the ellipsis", Left("abcdef", 4, "…"), "abc…"},
		{"a tail keeps its end", Tail("gke-pool-7f2a", 6, "…"), "…-7f2a"},
		{"a tail that fits is left alone", Tail("7f2a", 4, "…"), "7f2a"},
		{"a tail without room is the ellipsis", Tail("abc", 1, "…"), "…"},
		{"no width gives nothing", Left("abc", 0, "…") + Right("abc", -1, "…") + Tail("abc", 0, "…"), ""},
		{"wide characters are never halved", Left("日本語", 4, "…"), "日… "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.got != tt.want {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   string
		w    int
		want []string
	}{
		{"words go to the next line whole", "pass gs://a-b/int8 with --checkpoint", 14, []string{"pass", "gs://a-b/int8", "with", "--checkpoint"}},
		{"a word wider than the line is broken", "see abcdefgh", 5, []string{"see", "abcde", "fgh"}},
		{"nothing is no line", "  ", 5, nil},
		{"no width is no line", "a", 0, nil},
		{"a character wider than the line ends it", "a 日", 1, []string{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Wrap(tt.in, tt.w)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCharacters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		in   string
		want []string
		last int // the width of the last one
	}{
		{"letters", "abc", []string{"a", "b", "c"}, 1},
		{"marks join the letter in front of them", "e\u0301\u0301x", []string{"e\u0301\u0301", "x"}, 1},
		{"a joined emoji is one", "a👩\u200d💻", []string{"a", "👩\u200d💻"}, 2},
		{"flags are pairs", "🇩🇪🇫🇷", []string{"🇩🇪", "🇫🇷"}, 2},
		{"a carriage return keeps its newline", "\r\n", []string{"\r\n"}, 0},
		{"what stands alone has its own width", "a\u200b", []string{"a", "\u200b"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Characters(tt.in, 100)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("characters (-want +got):\n%s", diff)
			}
			last := got[len(got)-1]
			if size, width := Character(last); size != len(last) || width != tt.last {
				t.Errorf("%q has %d bytes and %d cells, want %d cells", last, size, width, tt.last)
			}
		})
	}
	for char, want := range map[string]bool{"\u0301": true, "\ufe0f": true, "\u20e3": true, "\u200d💻": true, "e\u0301": false, "💻": false, "\u200b": false} {
		if Joins(char) != want {
			t.Errorf("Joins(%+q) = %t", char, !want)
		}
	}
	if got := Characters("abc", 2); len(got) != 2 {
		t.Errorf("%d characters, want at most 2", len(got))
	}
}

func TestWrapAtMostMarksWhatIsMissing(t *testing.T) {
	t.Parallel()
	for w := range 30 {
		for n := range 4 {
			lines := WrapAtMost("the quick brown fox jumps over the lazy dog", w, n, "…")
			if len(lines) > n {
				t.Errorf("%d lines at width %d, want at most %d", len(lines), w, n)
			}
			for _, line := range lines {
				if got := ansi.StringWidth(line); got > w {
					t.Errorf("%q is %d cells wide, want at most %d", line, got, w)
				}
			}
			if len(lines) > 0 && !strings.HasSuffix(lines[len(lines)-1], "…") && !strings.HasSuffix(lines[len(lines)-1], "dog") {
				t.Errorf("width %d, %d lines: the end is missing without a mark: %q", w, n, lines)
			}
		}
	}
}
