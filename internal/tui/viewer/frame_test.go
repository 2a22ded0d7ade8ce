package viewer

import (
	"fmt"
	"strings"
	"testing"
)

// tenMegabytes are texts that a pod or an API server may really return.
func tenMegabytes() map[string]string {
	return map[string]string{
		"many lines": strings.Repeat("          image: example.com/jetstream-pathways:v0.2.0 # and what follows it\n", 10<<20/76),
		"one line":   strings.Repeat("0123456789abcdef", 10<<20/16),
	}
}

// Not parallel: it counts allocations.
func TestAFrameOfALongTextAllocatesAsMuchAsThatOfAShortOne(t *testing.T) {
	for name, text := range tenMegabytes() {
		for _, wrap := range []bool{false, true} {
			allocations := func(text string) float64 {
				p := shown(text, 120, 40)
				p.SetWrap(wrap)
				p.top.line = p.doc.lines() / 2
				return testing.AllocsPerRun(20, func() { _ = p.View() })
			}
			short, long := allocations(text[:1<<20]), allocations(text)
			if long > short+8 {
				t.Errorf("%s, wrapped %t: %v allocations a frame, %v for a short text", name, wrap, long, short)
			}
		}
	}
}

func BenchmarkFrameOfTenMegabytes(b *testing.B) {
	for name, text := range tenMegabytes() {
		for _, wrap := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/wrap=%t", name, wrap), func(b *testing.B) {
				p := shown(text, 120, 40)
				p.SetWrap(wrap)
				p.top.line = p.doc.lines() / 2
				p.query = "example.com"
				_ = p.View()
				b.ReportAllocs()
				for b.Loop() {
					p.scroll(1)
					_ = p.View()
				}
			})
		}
	}
}
