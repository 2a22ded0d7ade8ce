package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
)

// perPull is how many lines come between two of thirty frames a second when
// twenty thousand lines a second arrive.
const perPull = 700

// flood is a Source of endlessly many lines of ordinary kinds.
type flood struct {
	lines []logtail.Line
	seq   uint64
}

func newFlood() *flood {
	texts := []string{
		"2026-03-01 14:39:50.120934: I external/xla/xla/pjrt/pjrt_client.cc:214] transferred 128 buffers to device 7 in 12.4ms (3.2 GiB/s)",
		`{"levelname": "INFO", "asctime": "2026-03-01 14:39:50", "name": "jetstream", "message": "prefill of 128 tokens took 42 ms"}`,
		"restoring params from gs://models/llama-3.1-405b/int8",
		"INFO:2026-03-01 14:39:50:jax._src.xla_bridge:925: Unable to initialize backend 'rocm' — skipped",
	}
	f := &flood{}
	for i := range perPull {
		s := logtail.Stream{Pod: fmt.Sprintf("jetstream-pathways-0-%d", i%64), Container: "pathways-worker"}
		f.lines = append(f.lines, logtail.Line{Stream: s, UID: "uid", Text: texts[i%len(texts)], Time: start.Add(time.Duration(i) * time.Millisecond)})
	}
	return f
}

func (*flood) Streams() []logtail.Stream { return nil }

func (f *flood) Since(uint64, func(logtail.Stream) bool, int) (lines []logtail.Line, lost bool) {
	for i := range f.lines {
		f.seq++
		f.lines[i].Seq = f.seq
	}
	return f.lines, false
}

// fullPane is a pane with a full buffer.
func fullPane(b *testing.B, keys ...string) *Pane {
	b.Helper()
	p := newPane(b, 120, 20, &fakeBook{})
	p.SetLabels(func(s logtail.Stream) string { return s.Pod })
	p.SetSource(newFlood())
	for p.live.dropped == 0 {
		p.Pull()
	}
	press(b, p, keys...)
	return p
}

func BenchmarkView(b *testing.B) {
	for _, bb := range []struct {
		name string
		keys []string
	}{
		{"plain", nil},
		{"wrapped", []string{"w"}},
		{"search", []string{"/", "in", "enter"}},
		{"scrolled", []string{"g", "pgdown", "right"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := fullPane(b, bb.keys...)
			b.ReportAllocs()
			for b.Loop() {
				p.View()
			}
		})
	}
}

// BenchmarkViewOfLongLines has the longest lines that are kept.
func BenchmarkViewOfLongLines(b *testing.B) {
	for _, bb := range []struct{ name, text string }{{"plain", "restoring "}, {"wide", "復元中 "}} {
		for _, keys := range [][]string{nil, {"w"}} {
			b.Run(strings.Join(append(keys, bb.name), "/"), func(b *testing.B) {
				book := &fakeBook{}
				for range 40 {
					book.add(jax, strings.Repeat(bb.text, maxText/len(bb.text)))
				}
				p := newPane(b, 120, 20, book)
				press(b, p, keys...)
				b.ReportAllocs()
				for b.Loop() {
					p.View()
				}
			})
		}
	}
}

func BenchmarkPull(b *testing.B) {
	for _, bb := range []struct {
		name string
		keys []string
	}{
		{"plain", nil},
		{"wrapped", []string{"w"}},
		{"search and filter", []string{"&", "!rocm", "enter", "/", "prefill", "enter"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := fullPane(b, bb.keys...)
			b.ReportAllocs()
			for b.Loop() {
				p.Pull()
				p.View()
			}
			b.ReportMetric(float64(b.N*perPull)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// BenchmarkShow takes the logs of a whole slice from a full book.
func BenchmarkShow(b *testing.B) {
	book := logtail.New(logtail.Limits{})
	f := newFlood()
	for i := range 300_000 {
		l := f.lines[i%perPull]
		ref := podlog.Ref{Pod: l.Stream.Pod, UID: "uid", Container: l.Stream.Container}
		book.Append(ref, []podlog.Line{{Time: l.Time, Text: l.Text}})
	}
	p := newPane(b, 120, 20, &fakeBook{})
	p.SetSource(book)
	b.ReportAllocs()
	for b.Loop() {
		p.choose(logtail.Stream{})
	}
}

// BenchmarkKey measures the keys that look at the whole buffer.
func BenchmarkKey(b *testing.B) {
	for _, bb := range []struct{ name, text string }{
		{"search one letter", "e"}, {"search a word", "transferred 129"}, {"search other scripts", "— Skipped"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := fullPane(b)
			b.ReportAllocs()
			for b.Loop() {
				p.setSearch(newPattern(strings.ToLower(bb.text)))
			}
		})
	}
	b.Run("filter", func(b *testing.B) {
		p := fullPane(b)
		b.ReportAllocs()
		for b.Loop() {
			p.setFilter(newFilter("!rocm"))
		}
	})
}
