package logstore

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkAppend keeps lines as fast as the disk takes them, and reads them
// all again as a later invocation does.
func BenchmarkAppend(b *testing.B) {
	lines := numbered(1, 512)
	for i := range lines {
		lines[i].Text = fmt.Sprintf("I0301 12:00:00.000000 engine.py:%d] a line as long as most of them are, about a hundred bytes", i)
	}
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprintf("again=%v", again), func(b *testing.B) {
			r, err := openRun(runKey{open(b, b.TempDir(), Limits{}).Deployment(testKey), server("a")})
			if err != nil {
				b.Fatal(err)
			}
			next := begin
			b.ReportAllocs()
			for b.Loop() {
				if !again {
					for i := range lines {
						next = next.Add(time.Microsecond)
						lines[i].Time = next
					}
				}
				if _, _, err := r.append(missing{}, []batch{{lines: lines}}); err != nil {
					b.Fatal(err)
				}
				if len(r.parts) > 64 { // as much as one log keeps at most
					r.parts = r.parts[32:]
					r.parts[0].number = 0
				}
			}
			b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
