package markdown

import (
	"fmt"
	"strings"
	"testing"
)

// answer is an answer of n lines with something of everything.
func answer(n int) string {
	var b strings.Builder
	for i := 0; strings.Count(b.String(), "\n") < n; i++ {
		fmt.Fprintf(&b, "## Part %d\n\nSome *words* about `it`, with **more** of them than fit into a row of a pane.\n\n", i)
		b.WriteString("1. one\n2. two\n   - three\n\n```go\nfunc f() int {\n\treturn 1\n}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n")
	}
	return b.String()
}

// BenchmarkToken appends a token and looks at the end, as a frame does, behind
// answers of several lengths. The costs are to be equal.
func BenchmarkToken(b *testing.B) {
	for _, lines := range []int{20, 200, 2000, 20_000} {
		b.Run(fmt.Sprintf("%d lines", lines), func(b *testing.B) {
			in := answer(lines)
			next := answer(20)
			d := document(80, in)
			d.Lines()
			b.ReportAllocs()
			for at := 0; b.Loop(); at += 4 {
				if at+4 > len(next) {
					b.StopTimer()
					d = document(80, in)
					d.Lines()
					at = 0
					b.StartTimer()
				}
				d.Append(next[at : at+4])
				d.Rows(d.Sections() - 1)
			}
		})
	}
}

// BenchmarkAnswer shows a whole answer of 2,000 lines, token by token, with a
// frame for each.
func BenchmarkAnswer(b *testing.B) {
	in := answer(2000)
	b.ReportAllocs()
	for b.Loop() {
		d := document(80)
		for at := 0; at < len(in); at += 4 {
			d.Append(in[at:min(at+4, len(in))])
			d.Rows(d.Sections() - 1)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(in)/4), "ns/token")
}

// BenchmarkLayOut lays out 2,000 lines at another width.
func BenchmarkLayOut(b *testing.B) {
	d := document(80, answer(2000))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.SetWidth(60 + i%2)
		d.Lines()
	}
}

// BenchmarkLongestSection lays out the last section where it is as long as one
// can be, which is the most that a frame has to do.
func BenchmarkLongestSection(b *testing.B) {
	for name, in := range map[string]string{
		"prose": strings.Repeat("some *words* and `code` in a line of text\n", 95),
		"table": "| a | b |\n|---|---|\n" + strings.Repeat("| 1 | some words |\n", 210),
		"line":  strings.Repeat("word ", 800),
		"wide":  strings.Repeat("日本語", 450),
	} {
		b.Run(name, func(b *testing.B) {
			d := document(80, in)
			b.ReportAllocs()
			for b.Loop() {
				d.Append("x")
				d.Rows(d.Sections() - 1)
				d.partial = d.partial[:max(len(d.partial)-1, 0)]
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, in := range hostile {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				document(50, in).Lines()
			}
		})
	}
}
