package markdown

import (
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

func document(w int, pieces ...string) *Document {
	d := New(styles.New(styles.Options{Dark: true}))
	d.SetWidth(w)
	for _, piece := range pieces {
		d.Append(piece)
	}
	return d
}

// shownText is what a document shows, without its styles.
func shownText(d *Document) string { return ansi.Strip(strings.Join(d.Lines(), "\n")) }

func TestWhatMarkdownLooksLike(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		w    int
		in   string
		want string
	}{
		{"words are wrapped, and lines joined", 12, "one two three\nfour five", "one two\nthree four\nfive"},
		{"a hard break stays, by spaces or a backslash", 20, "roses  \nred\\\nblue", "roses\nred\nblue"},
		{"several blank lines are one", 20, "one\n\n\n\ntwo\n\n", "one\n\ntwo"},
		{"headings keep their signs", 30, "# One\ntext\n\n### Two ###\nSetext\n===", "# One\ntext\n\n### Two\n# Setext"},
		{"emphasis is a style", 30, "*a* **b** ***c*** _d_ snake_case_name", "a b c d snake_case_name"},
		{"emphasis that is not closed yet is text", 30, "so **bold", "so **bold"},
		{"struck text keeps its marks", 30, "~~not~~ so", "~~not~~ so"},
		{"code in a line keeps its marks", 30, "run `ls -l` and `` a`b ``", "run `ls -l` and `` a`b ``"},
		{"a link shows where it leads", 60, "see [the docs](https://example.com/a?b=1&amp;c) now", "see the docs (https://example.com/a?b=1&c) now"},
		{"a link that is its own text is shown once", 60, "<https://a.example> [https://b.example](https://b.example)", "https://a.example https://b.example"},
		{"references of links stay as they are written", 60, "[text][1]\n\n[1]: https://a.example", "[text][1]\n\n[1]: https://a.example"},
		{"an image says what it is", 60, "![a cat](cat.png)", "[image] a cat (cat.png)"},
		{"escapes and entities are resolved", 60, `\*a\* &lt;b&gt; &amp;amp; \& &#65; &unknown; & \`, `*a* <b> &amp; & A &unknown; & \`},
		{"HTML is text", 40, "<div>\nhi <b>x</b>\n</div>\n\na <br> b", "<div>\nhi <b>x</b>\n</div>\n\na <br> b"},
		{"a line across the page", 40, "a\n\n---\n\nb", "a\n\n────────────────────\n\nb"},
		{"a quotation has a bar", 12, "> one two three\n> - x\n>\n> end", "│ one two\n│ three\n│ • x\n│ \n│ end"},
		{"a quotation in a quotation", 20, "> a\n>> b", "│ a\n│ │ b"},
		{"code between fences keeps its lines", 20, "```go\nfunc f() {\n\tx\n\n}\n```\nend", "```go\nfunc f() {\n    x\n\n}\n```\nend"},
		{"a fence that is not closed yet", 20, "```\n* x\n# y", "```\n* x\n# y"},
		{"tildes are a fence, and longer fences hold shorter ones", 20, "~~~~\n```\n~~~\n~~~~\nx", "```\n```\n~~~\n```\nx"},
		{"a long line of code is broken with a mark", 12, "```\nabcdefghijklmnopqrstuv\n```", "```\nabcdefghijkl\n↳ mnopqrstuv\n```"},
		{"indented code", 20, "a\n\n    x  y\n      z\n\nb", "a\n\n    x  y\n      z\n\nb"},
		{"items of a list", 14, "- one two three\n- two\n* three", "• one two\n  three\n• two\n• three"},
		{"a list keeps its blank lines", 20, "1. a\n\n2. b\n3. c", "1. a\n\n2. b\n3. c"},
		{"numbers count on, whatever is written", 20, "9. a\n1. b\n1. c", "9. a\n10. b\n11. c"},
		{"a number begins another list behind a paragraph", 20, "1. a\n\ntext\n\n4) b\n5) c", "1. a\n\ntext\n\n4) b\n5) c"},
		{"nested lists", 20, "- a\n  - b\n    1. c\n    2. d\n  - e\n- f", "• a\n  • b\n    1. c\n    2. d\n  • e\n• f"},
		{"lists nested by four spaces", 20, "- a\n    - b\n    - c\n- d", "• a\n  • b\n  • c\n• d"},
		{"paragraphs of an item", 20, "1. a\n\n   more\n\n   - b\n\n     deep\n\nout", "1. a\n\n   more\n\n   • b\n\n     deep\n\nout"},
		{"code in an item", 20, "1. do:\n   ```sh\n   ls\n     x\n   ```\n   then\n2. end", "1. do:\n   ```sh\n   ls\n     x\n   ```\n   then\n2. end"},
		{"code that an item begins with", 20, "- ```\n  ls\n  ```\n- b", "•\n  ```\n  ls\n  ```\n• b"},
		{"an item goes on in a lazy line", 20, "- a\nb", "• a b"},
		{"a year in a paragraph is no item", 30, "it was in\n1999. Then", "it was in 1999. Then"},
		{"a hyphen in a paragraph begins a list", 30, "these:\n- a\n- b\ndone", "these:\n• a\n• b done"},
		{"an empty item", 20, "-\n- b", "•\n• b"},
		{"boxes to tick are text", 20, "- [ ] a\n- [x] b", "• [ ] a\n• [x] b"},
		{"a table", 40, "| a | long name | n |\n|---|:-:|--:|\n| 1 | x | 22 |\n| **b** | `c` | 3 |", "a │ long name │  n\n──┼───────────┼───\n1 │     x     │ 22\nb │    `c`    │  3"},
		{"a table that is too wide wraps its cells", 22, "| key | what it means |\n|---|---|\n| a | one two three four |\n| b | five |", "key │ what it means\n────┼─────────────────\na   │ one two three\n    │ four\n────┼─────────────────\nb   │ five"},
		{"a table without room shows its rows one by one", 12, "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n| 4 | 5 |", "a: 1\nb: 2\nc: 3\n───\na: 4\nb: 5\nc:"},
		{"a table that has just begun is text", 20, "| a | b |\n", "| a | b |"},
		{"wide characters break anywhere", 7, "日本語の文 です", "日本語\nの文 で\nす"},
		{"a character wider than the pane", 1, "a日", "a\n…"},
		{"right-to-left text is not reordered, its controls are gone", 20, "שלום \u202eabc\u202c 123", "שלום abc 123"},
		{"what a terminal would obey is gone", 40, "\x1b[31mred\x1b]0;t\x07 &#27;[2J &#x202e;x `\x1b[1m`", "red [2J x ``"},
		{"nor does it come through the address of a link", 40, "[a](b&#27;[2Jc) ![d](&#x202e;)", "a (bc) [image] d"},
		{"carriage returns", 20, "a\r\nb\r\n\r\nc", "a b\n\nc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, shownText(document(tt.w, tt.in))); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutUTF8(t *testing.T) {
	t.Parallel()
	d := New(styles.New(styles.Options{ASCII: true}))
	d.SetWidth(12)
	d.Append("- a\n\n> b\n\n| a | b |\n|---|---|\n| c | d |\n\n---\n```\nabcdefghijklmno")
	for _, r := range shownText(d) {
		if r > unicode.MaxASCII {
			t.Errorf("%q is not ASCII in\n%s", r, shownText(d))
		}
	}
}

func TestAPlainTextIsNotMarkup(t *testing.T) {
	t.Parallel()
	d := NewPlain(styles.New(styles.Options{}))
	d.SetWidth(10)
	d.Append("  **a** # b\n\n- c ```\n  indented words")
	want := "  **a** #\nb\n\n- c ```\n  indented\nwords"
	if diff := cmp.Diff(want, shownText(d)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestALongTableRepeatsItsHead(t *testing.T) {
	t.Parallel()
	d := document(60, "| key | value |\n|---|---|\n"+strings.Repeat("| a key | a value that is longer |\n", 1000))
	got := shownText(d)
	if n := strings.Count(got, "a key"); n != 1000 {
		t.Errorf("%d rows, want 1000", n)
	}
	if n := strings.Count(got, "| a"); n != 0 {
		t.Errorf("%d rows are not in the table", n)
	}
}

// rich has something of everything.
const rich = "# Title\n\nSome *words* with [links](https://a.example) and `code`.\nMore.\n\n" +
	"1. one\n   ```go\n   x := \"日本\"\n   ```\n2. two\n   - nested\n\n     para\n\n" +
	"| a | b |\n|---|--:|\n| 1 | 👩\u200d💻 |\n\n> quoted\n> more\n\n~~~\nopen\n\u202e\x1b[31mred\n"

func TestRowsDoNotDependOnThePieces(t *testing.T) {
	t.Parallel()
	want := document(24, rich).Lines()
	for at := range len(rich) {
		d := document(24, rich[:at])
		d.Lines() // what is shown in between must not matter
		d.Append(rich[at:])
		if diff := cmp.Diff(want, d.Lines()); diff != "" {
			t.Fatalf("split at %d (-want +got):\n%s", at, diff)
		}
	}
	d := document(24)
	for i := range len(rich) {
		d.Append(rich[i : i+1])
		d.Lines()
	}
	if diff := cmp.Diff(want, d.Lines()); diff != "" {
		t.Errorf("byte by byte (-want +got):\n%s", diff)
	}
}

func TestResizingLaysOutAnew(t *testing.T) {
	t.Parallel()
	d := document(24, rich)
	d.Lines()
	for _, w := range []int{60, 9, 24} {
		d.SetWidth(w)
		if diff := cmp.Diff(document(w, rich).Lines(), d.Lines()); diff != "" {
			t.Errorf("at width %d (-want +got):\n%s", w, diff)
		}
	}
}

// TestClosedSectionsStay: a reader who scrolled up sees no row move.
func TestClosedSectionsStay(t *testing.T) {
	t.Parallel()
	d := document(24)
	before := []string{}
	for i := range len(rich) {
		d.Append(rich[i : i+1])
		closed := []string{}
		for s := range d.Sections() - 1 {
			closed = append(closed, d.Rows(s)...)
		}
		if diff := cmp.Diff(before, closed[:min(len(before), len(closed))]); diff != "" {
			t.Fatalf("after %q (-before +after):\n%s", rich[:i+1], diff)
		}
		if rich[i] == '\n' {
			before = closed
		}
	}
}

// fits fails if a row is wider than the document or would move the cursor.
func fits(t *testing.T, d *Document) {
	t.Helper()
	for _, row := range d.Lines() {
		if got := ansi.StringWidth(row); got > d.w {
			t.Fatalf("%d cells at width %d: %q", got, d.w, row)
		}
		if n := len(ansi.Strip(row)); n > 4*maxRow(d.w) {
			t.Fatalf("a row of %d bytes at width %d", n, d.w)
		}
		for _, r := range ansi.Strip(row) {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%U in %q", r, row)
			}
		}
		for part := range strings.SplitSeq(row, "\x1b") {
			if part != row && !sgr(part) && !strings.HasPrefix(row, part) {
				t.Fatalf("a sequence that is not of a style in %q", row)
			}
		}
	}
}

// sgr reports whether what follows an escape character sets a style.
func sgr(s string) bool {
	rest, ok := strings.CutPrefix(s, "[")
	return ok && strings.HasPrefix(strings.TrimLeft(rest, "0123456789;:"), "m")
}

// hostile are texts that are wrong, long, or meant to break out.
var hostile = map[string]string{
	"one endless word":             strings.Repeat("x", 30_000),
	"one endless line of words":    strings.Repeat("word ", 8_000),
	"marks without end":            "e" + strings.Repeat("\u0301", 12_000),
	"characters without width":     strings.Repeat("\u200b", 12_000),
	"wide characters without end":  strings.Repeat("日", 30_000),
	"nested quotations":            strings.Repeat(">", 12_000),
	"nested lists":                 strings.Repeat("- ", 12_000),
	"a staircase of lists":         staircase(300),
	"opening brackets":             strings.Repeat("[", 12_000),
	"links in links":               strings.Repeat("[a](", 8_000),
	"asterisks":                    strings.Repeat("*a_ ", 8_000),
	"backticks":                    strings.Repeat("`a``", 8_000),
	"entities":                     strings.Repeat("&#x202e;&#27;[31m", 2_000),
	"a wide table":                 "|" + strings.Repeat("a|", 3000) + "\n|" + strings.Repeat("-|", 3000) + "\n|" + strings.Repeat("b|", 3000),
	"an escape that never ends":    "\x1b]52;c;" + strings.Repeat("QUJD", 30_000),
	"bytes that are not UTF-8":     strings.Repeat("\xff\x80\x9b31m", 2_000),
	"fences that open all the way": strings.Repeat("```\n~~~\n", 2_000),
	"signs that make others wider": strings.Repeat("- \ufe0f"+strings.Repeat("x", 60)+"\n", 3),
	"code without end":             "```\n" + strings.Repeat("x\n", 2_000),
	"angle brackets":               strings.Repeat("<a ", 8_000),
}

func staircase(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i*2) + "- a\n")
	}
	return b.String()
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	for name, in := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, w := range []int{0, 1, 2, 5, 50} {
				d := document(w, in)
				fits(t, d)
				for _, s := range d.sections {
					if n := len(s.text) + len(s.head); n > 3*maxLine+3*maxProse {
						t.Fatalf("a section of %d bytes", n)
					}
					if n := len(s.lines); n > maxCode {
						t.Fatalf("a section of %d lines", n)
					}
				}
			}
		})
	}
}

func FuzzRowsDoNotDependOnThePieces(f *testing.F) {
	f.Add(rich, 24, 3)
	f.Add("- a\n\n  ```\n  b\n", 7, 9)
	f.Add("| a | b |\n|---|---|\n| c | d |\n", 9, 1)
	f.Add("🇩🇪*🇫*🇷 e\u0301 *\u0301x*", 2, 5)
	f.Add("1. a\n1. b\n\n2) c\n---\n***\n> - x\n>\n> y", 12, 2)
	f.Fuzz(func(t *testing.T, in string, w, size int) {
		w, size = w&63, max(size&15, len(in)/100, 1)
		want := document(w, in)
		fits(t, want)
		d := document(w)
		for at := 0; at < len(in); at += size {
			d.Append(in[at:min(at+size, len(in))])
			if at/size%3 == 0 {
				d.Lines()
			}
		}
		if diff := cmp.Diff(want.Lines(), d.Lines()); diff != "" {
			t.Errorf("in pieces of %d bytes (-at once +in pieces):\n%s", size, diff)
		}
	})
}
