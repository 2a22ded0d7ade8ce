package logtail

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ref(pod, container string, restart int32) podlog.Ref {
	return podlog.Ref{Namespace: "ns", Pod: pod, UID: pod + "-uid", Container: container, Restart: restart}
}

func texts(lines []Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Text)
	}
	return out
}

func write(b *Book, r podlog.Ref, texts ...string) {
	var lines []podlog.Line
	for _, text := range texts {
		lines = append(lines, podlog.Line{Time: begin, Text: text})
	}
	b.Append(r, lines)
}

// of wants the streams of a container.
func of(container string) func(Stream) bool {
	return func(s Stream) bool { return s.Container == container }
}

func TestLinesComeBackAsTheyCame(t *testing.T) {
	t.Parallel()
	b := New(Limits{})
	b.Append(ref("a", "c", 2), []podlog.Line{{Time: begin, Text: "x\x1b[31m"}, {Time: begin.Add(time.Second), Text: "y", Cut: true}})
	b.Append(ref("a", "c", 3), []podlog.Line{{Time: begin.Add(time.Minute), Text: "z"}})
	got, lost := b.Since(0, nil, 0)
	s := Stream{"a", "c"}
	want := []Line{
		{Stream: s, UID: "a-uid", Restart: 2, Time: begin, Text: "x\x1b[31m", Seq: 1},
		{Stream: s, UID: "a-uid", Restart: 2, Time: begin.Add(time.Second), Text: "y", Cut: true, Seq: 2},
		{Stream: s, UID: "a-uid", Restart: 3, Time: begin.Add(time.Minute), Text: "z", Seq: 3},
	}
	if diff := cmp.Diff(want, got); diff != "" || lost {
		t.Errorf("lost: %t, lines (-want +got):\n%s", lost, diff)
	}
	if diff := cmp.Diff(podlog.Ref{Pod: "a", UID: "a-uid", Container: "c", Restart: 3}, got[2].Ref()); diff != "" {
		t.Errorf("run of a line (-want +got):\n%s", diff)
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	fill := func() *Book {
		b := New(Limits{})
		write(b, ref("a", "x", 0), "1", "2")
		write(b, ref("a", "y", 0), "3")
		write(b, ref("b", "x", 0), "4", "5", "6")
		write(b, ref("a", "x", 0), "7")
		return b
	}
	tests := []struct {
		name  string
		after uint64
		want  func(Stream) bool
		most  int
		lines []string
	}{
		{"all streams are merged in the order of arrival", 0, nil, 0, []string{"1", "2", "3", "4", "5", "6", "7"}},
		{"only lines after the number come", 4, nil, 0, []string{"5", "6", "7"}},
		{"only wanted streams come", 0, of("x"), 0, []string{"1", "2", "4", "5", "6", "7"}},
		{"a limit gives the oldest", 1, nil, 3, []string{"2", "3", "4"}},
		{"a limit counts wanted lines only", 1, of("x"), 3, []string{"2", "4", "5"}},
		{"nothing new is nothing", 7, nil, 0, nil},
		{"a number from the future is nothing", 99, nil, 0, nil},
		{"nothing wanted is nothing", 0, of("z"), 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, lost := fill().Since(tt.after, tt.want, tt.most)
			if diff := cmp.Diff(tt.lines, texts(got)); diff != "" || lost {
				t.Errorf("lost: %t, lines (-want +got):\n%s", lost, diff)
			}
		})
	}
}

func TestAReaderWhoGoesOnSeesEveryLineOnce(t *testing.T) {
	t.Parallel()
	b := New(Limits{Lines: 1 << 20, Bytes: 1 << 30})
	rng := rand.New(rand.NewPCG(1, 2))
	const total = 5*page + 123
	for n := 0; n < total; {
		var batch []string
		for range min(1+rng.IntN(40), total-n) {
			batch = append(batch, fmt.Sprint(n))
			n++
		}
		write(b, ref(fmt.Sprint("pod-", rng.IntN(30)), "c", 0), batch...)
	}
	for _, most := range []int{0, 1000, page + 1} {
		var got []Line
		for after := uint64(0); ; after = got[len(got)-1].Seq {
			lines, lost := b.Since(after, nil, most)
			if lost {
				t.Fatal("lines were lost")
			}
			if len(lines) == 0 {
				break
			}
			got = append(got, lines...)
		}
		if len(got) != total {
			t.Fatalf("%d lines of %d", len(got), total)
		}
		for i, l := range got {
			if l.Text != fmt.Sprint(i) || l.Seq != uint64(i+1) {
				t.Fatalf("line %d is %q with number %d", i, l.Text, l.Seq)
			}
		}
	}
}

func TestAStreamKeepsItsLastLines(t *testing.T) {
	t.Parallel()
	b := New(Limits{Lines: 100})
	write(b, ref("quiet", "c", 0), "the only one")
	for i := range 1000 {
		write(b, ref("loud", "c", 0), fmt.Sprint(i))
	}
	got, lost := b.Since(0, func(s Stream) bool { return s.Pod == "loud" }, 0)
	if len(got) != 100 || got[0].Text != "900" || got[99].Text != "999" || !lost {
		t.Errorf("%d lines, lost: %t", len(got), lost)
	}
	if got, lost = b.Since(0, func(s Stream) bool { return s.Pod == "quiet" }, 0); len(got) != 1 || lost {
		t.Errorf("of the quiet stream: %d lines, lost: %t", len(got), lost)
	}
	for _, tt := range []struct {
		after uint64
		lost  bool
	}{{900, true}, {901, false}} {
		if _, lost := b.Since(tt.after, nil, 0); lost != tt.lost {
			t.Errorf("after %d: lost %t", tt.after, lost)
		}
	}
}

func TestTheLargestStreamGivesWay(t *testing.T) {
	t.Parallel()
	const limit = 400 * (lineCost + 100)
	b := New(Limits{Bytes: limit})
	text := strings.Repeat("x", 100)
	write(b, ref("quiet", "c", 0), slices.Repeat([]string{text}, 50)...)
	write(b, ref("first", "c", 0), slices.Repeat([]string{text}, 300)...)
	write(b, ref("second", "c", 0), slices.Repeat([]string{text}, 2000)...)
	count := map[string]int{}
	all, _ := b.Since(0, nil, 0)
	for _, l := range all {
		count[l.Stream.Pod]++
	}
	if count["quiet"] != 50 {
		t.Errorf("the quiet stream has %d of 50 lines left", count["quiet"])
	}
	if difference := count["first"] - count["second"]; max(difference, -difference) > 10 || b.bytes > limit {
		t.Errorf("%v lines left, %d of %d bytes", count, b.bytes, limit)
	}
}

func TestLongLinesAreCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want int
		cut  bool
	}{
		{"as long as is kept", strings.Repeat("x", MaxText), MaxText, false},
		{"one byte more", strings.Repeat("x", MaxText+1), MaxText, true},
		{"a megabyte", strings.Repeat("x", 1<<20), MaxText, true},
		{"a character over the edge", strings.Repeat("x", MaxText-1) + "世", MaxText - 1, true},
		{"bytes that are no characters", strings.Repeat("\x80", MaxText+9), MaxText - utf8.UTFMax, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := New(Limits{})
			write(b, ref("a", "c", 0), tt.text, "next")
			got, _ := b.Since(0, nil, 0)
			if len(got) != 2 || len(got[0].Text) != tt.want || got[0].Cut != tt.cut || got[1].Cut {
				t.Errorf("%d lines, the first of %d bytes, cut: %t", len(got), len(got[0].Text), got[0].Cut)
			}
		})
	}
}

func TestStreamsAreSorted(t *testing.T) {
	t.Parallel()
	b := New(Limits{})
	for _, s := range []Stream{{"b", "x"}, {"a", "y"}, {"a", "x"}, {"b", "x"}} {
		write(b, ref(s.Pod, s.Container, 0), "line")
	}
	b.Append(ref("c", "x", 0), nil)
	if diff := cmp.Diff([]Stream{{"a", "x"}, {"a", "y"}, {"b", "x"}}, b.Streams()); diff != "" {
		t.Errorf("streams (-want +got):\n%s", diff)
	}
}

func TestManyAppendsMakeOneMark(t *testing.T) {
	t.Parallel()
	b := New(Limits{})
	marked := func() bool {
		select {
		case <-b.Changed():
			return true
		default:
			return false
		}
	}
	if marked() {
		t.Error("an empty book is marked")
	}
	write(b, ref("a", "c", 0), "1")
	write(b, ref("a", "c", 0), "2")
	if !marked() || marked() {
		t.Error("two appends did not make one mark")
	}
	write(b, ref("a", "c", 0))
	if marked() {
		t.Error("an append without a line made a mark")
	}
}

// Writers and a slow reader meet in a book that is too small for all. What the
// reader gets must be in order and, where nothing is said to be lost, complete.
func TestReadersAndWritersAtOnce(t *testing.T) {
	t.Parallel()
	b := New(Limits{Lines: 500, Bytes: 1 << 20})
	const writers, batches = 8, 200
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			n := 0
			for range batches {
				var lines []string
				for range 10 {
					lines = append(lines, fmt.Sprint(n))
					n++
				}
				write(b, ref(fmt.Sprint(w), "c", 0), lines...)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writing.Wait()
		close(done)
	}()
	next := map[string]int{}
	var after uint64
	read := func() {
		lines, lost := b.Since(after, nil, 0)
		if lost {
			clear(next)
		}
		for _, l := range lines {
			if l.Seq <= after {
				t.Fatalf("line %d after line %d", l.Seq, after)
			}
			after = l.Seq
			expected, known := next[l.Stream.Pod]
			if known && l.Text != fmt.Sprint(expected) {
				t.Fatalf("stream %s: line %s, want %d", l.Stream.Pod, l.Text, expected)
			}
			var n int
			if _, err := fmt.Sscan(l.Text, &n); err != nil {
				t.Fatal(err)
			}
			next[l.Stream.Pod] = n + 1
		}
	}
	for finished := false; !finished; {
		select {
		case <-b.Changed():
		case <-done:
			finished = true
		}
		read()
	}
	if after != writers*batches*10 {
		t.Errorf("the last line read is number %d", after)
	}
}

// The heap, not the book's own account, is what has to stay within the limit.
func TestMemoryStaysBounded(t *testing.T) {
	const limit = 4 << 20
	heap := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	for name, length := range map[string]int{"short lines": 20, "lines of a screen": 150, "lines of a megabyte": 1 << 20} {
		before := heap()
		b := New(Limits{Bytes: limit})
		for i := range 3 * limit / 2 / (min(length, MaxText) + lineCost) {
			// Each line has a memory of its own, as those of a log do.
			text := strings.Repeat("x", length)
			write(b, ref(fmt.Sprint("pod-", i%100), "c", 0), text)
		}
		if grown := heap() - before; grown > limit*5/4 || b.bytes < limit*9/10 {
			t.Errorf("%s: %d bytes of %d kept, the heap grew by %d", name, b.bytes, limit, grown)
		}
		runtime.KeepAlive(b)
	}
}

func BenchmarkAppend(b *testing.B) {
	text := "2025-04-28 22:21:36,353 - JetstreamLogger - INFO - Generate engine 0 step 1234 of a request that goes on for a while"
	for _, size := range []int{1, 512} {
		b.Run(fmt.Sprintf("batches of %d", size), func(b *testing.B) {
			book := New(Limits{})
			lines := make([]podlog.Line, size)
			for i := range lines {
				lines[i] = podlog.Line{Time: begin, Text: text}
			}
			refs := make([]podlog.Ref, 70)
			for i := range refs {
				refs[i] = ref(fmt.Sprint("pod-", i), "worker", 0)
			}
			for i := range 70 * DefaultLines / size {
				book.Append(refs[i%len(refs)], lines)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				book.Append(refs[i%len(refs)], lines)
			}
			b.ReportMetric(float64(b.N)*float64(size)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// BenchmarkSince reads what came since the last frame, 60 times a second of
// 20,000 lines.
func BenchmarkSince(b *testing.B) {
	book := New(Limits{})
	for i := range 70 * 1000 {
		write(book, ref(fmt.Sprint("pod-", i%70), "worker", 0), "a line of a log that is as long as most of them are")
	}
	b.ReportAllocs()
	for b.Loop() {
		if lines, _ := book.Since(book.seq-333, nil, 0); len(lines) != 333 {
			b.Fatal(len(lines))
		}
	}
}
