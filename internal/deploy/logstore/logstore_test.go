package logstore

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var testKey = Key{Cluster: "https://203.0.113.1", Namespace: "models", Name: "jetstream-pathways"}

// server is the run of a leader's jax-tpu.
func server(leader types.UID) status.Origin {
	return status.Origin{Group: 0, LeaderUID: leader, Pod: "jetstream-pathways-0", PodUID: leader, Container: "jax-tpu"}
}

// numbered are lines first to last, a second apart.
func numbered(first, last int) []podlog.Line {
	var lines []podlog.Line
	for i := first; i <= last; i++ {
		lines = append(lines, podlog.Line{Time: begin.Add(time.Duration(i) * time.Second), Text: fmt.Sprintf("line %d", i)})
	}
	return lines
}

func open(tb testing.TB, dir string, limits Limits) *Store {
	tb.Helper()
	s, err := Open(dir, limits)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func finish(tb testing.TB, s *Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
}

// keep appends lines in a Store of its own, as one invocation of the program.
func keep(tb testing.TB, dir string, limits Limits, origin status.Origin, lines []podlog.Line) {
	tb.Helper()
	s := open(tb, dir, limits)
	s.Deployment(testKey).Append(origin, podlog.Ref{}, lines)
	finish(tb, s)
}

// read returns what is kept: text, or what a gap says.
func read(tb testing.TB, dir string, f Filter) []string {
	tb.Helper()
	var out []string
	err := open(tb, dir, Limits{}).Deployment(testKey).Read(tb.Context(), f, func(e Entry) bool {
		if e.Gap != nil {
			out = append(out, fmt.Sprintf("gap of %d: %s", e.Gap.Lines, e.Gap.Why))
		} else {
			out = append(out, e.Line.Text)
		}
		return true
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func texts(lines []podlog.Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Text)
	}
	return out
}

func TestALineIsKeptOnceHoweverOftenItIsDelivered(t *testing.T) {
	t.Parallel()
	swapped := numbered(1, 6)
	swapped[2].Time, swapped[3].Time = swapped[3].Time, swapped[3].Time.Add(-time.Millisecond)
	tests := []struct {
		name        string
		invocations [][]podlog.Line
		want        []podlog.Line
	}{
		{"read from the beginning by a later invocation", [][]podlog.Line{numbered(1, 50), numbered(1, 100)}, numbered(1, 100)},
		{"nothing new", [][]podlog.Line{numbered(1, 50), numbered(1, 50), numbered(1, 50)}, numbered(1, 50)},
		{"the beginning was rotated away", [][]podlog.Line{numbered(1, 60), numbered(40, 100)}, numbered(1, 100)},
		{"the beginning was missed at first", [][]podlog.Line{numbered(40, 60), numbered(1, 100)}, numbered(1, 100)},
		{"the middle was missed at first", [][]podlog.Line{append(numbered(1, 20), numbered(60, 80)...), numbered(1, 100)}, numbered(1, 100)},
		{"the beginning of a long log was missed at first", [][]podlog.Line{numbered(400, 600), numbered(1, 1000)}, numbered(1, 1000)},
		{"delivered twice at once", [][]podlog.Line{append(numbered(1, 20), numbered(1, 20)...)}, numbered(1, 20)},
		{"one text at different times", [][]podlog.Line{
			{{Time: begin, Text: "tick"}, {Time: begin.Add(1), Text: "tick"}},
			{{Time: begin, Text: "tick"}, {Time: begin.Add(1), Text: "tick"}, {Time: begin.Add(2), Text: "tick"}},
		}, []podlog.Line{{Text: "tick"}, {Text: "tick"}, {Text: "tick"}}},
		{"different texts at one time", [][]podlog.Line{
			{{Time: begin, Text: "out"}}, {{Time: begin, Text: "out"}, {Time: begin, Text: "err"}},
		}, []podlog.Line{{Text: "out"}, {Text: "err"}}},
		{"times out of order", [][]podlog.Line{swapped, swapped}, []podlog.Line{swapped[0], swapped[1], swapped[3], swapped[2], swapped[4], swapped[5]}},
		{"nothing in a line", [][]podlog.Line{{{Time: begin}}, {{Time: begin}}}, []podlog.Line{{}}},
		{"what belongs to a terminal", [][]podlog.Line{{{Time: begin, Text: "\x1b[31mred\r\x00"}}, {{Time: begin, Text: "\x1b[31mred\r\x00"}}}, []podlog.Line{{Text: "\x1b[31mred\r\x00"}}},
	}
	for _, tt := range tests {
		for _, limits := range []Limits{{}, {Bytes: 64 * smallestSegment}} {
			t.Run(fmt.Sprintf("%s, %d bytes", tt.name, limits.Bytes), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				for _, lines := range tt.invocations {
					keep(t, dir, limits, server("a"), lines)
				}
				if diff := cmp.Diff(texts(tt.want), read(t, dir, Filter{})); diff != "" {
					t.Errorf("kept lines (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestTheSecondProcessGoesOnWhereTheFirstEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		one, two := open(t, dir, Limits{}), open(t, dir, Limits{})
		first, second := one.Deployment(testKey), two.Deployment(testKey)
		first.Append(server("a"), podlog.Ref{}, numbered(1, 10))
		time.Sleep(2 * turn)
		second.Append(server("a"), podlog.Ref{}, numbered(1, 20))
		time.Sleep(2 * turn)
		if diff := cmp.Diff(texts(numbered(1, 10)), read(t, dir, Filter{})); diff != "" {
			t.Errorf("both write at once (-want +got):\n%s", diff)
		}
		first.Append(server("a"), podlog.Ref{}, numbered(11, 15))
		finish(t, one)
		time.Sleep(2 * turn)
		// It took its turn without another line.
		if diff := cmp.Diff(texts(numbered(1, 20)), read(t, dir, Filter{})); diff != "" {
			t.Errorf("after the first ended (-want +got):\n%s", diff)
		}
		second.Append(server("a"), podlog.Ref{}, numbered(21, 30))
		finish(t, two)
		if diff := cmp.Diff(texts(numbered(1, 30)), read(t, dir, Filter{})); diff != "" {
			t.Errorf("at the end (-want +got):\n%s", diff)
		}
	})
}

func TestTheLastProcessToEndWritesWhatItHasInHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		one, two := open(t, dir, Limits{}), open(t, dir, Limits{})
		one.Deployment(testKey).Append(server("a"), podlog.Ref{}, numbered(1, 10))
		time.Sleep(turn)
		two.Deployment(testKey).Append(server("a"), podlog.Ref{}, numbered(1, 20))
		time.Sleep(2 * gather) // It has asked for its turn just now.
		finish(t, one)
		finish(t, two)
		if diff := cmp.Diff(texts(numbered(1, 20)), read(t, dir, Filter{})); diff != "" {
			t.Errorf("kept lines (-want +got):\n%s", diff)
		}
	})
}

func TestWhatTheSecondProcessCouldNotHoldIsAGapOnlyIfNobodyKeptIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", heldBytes/4)
	lines := numbered(1, 12)
	for i := range lines {
		lines[i].Text += long
	}
	for _, keptByFirst := range []int{10, 2} {
		t.Run(fmt.Sprintf("the first kept %d lines", keptByFirst), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				one, two := open(t, dir, Limits{}), open(t, dir, Limits{})
				one.Deployment(testKey).Append(server("a"), podlog.Ref{}, lines[:keptByFirst])
				time.Sleep(turn)
				for i := range lines {
					two.Deployment(testKey).Append(server("a"), podlog.Ref{}, lines[i:i+1])
					time.Sleep(turn)
				}
				finish(t, one)
				time.Sleep(2 * turn)
				finish(t, two)
				got := read(t, dir, Filter{})
				gaps := 0
				for _, text := range got {
					if strings.HasPrefix(text, "gap") {
						gaps++
					}
				}
				if whole := keptByFirst == 10; whole && (gaps != 0 || len(got) != 12) || !whole && (gaps != 1 || len(got) >= 12) {
					t.Errorf("%d entries, %d gaps", len(got), gaps)
				}
			})
		})
	}
}

// TestHelperAppends is not a test: TestProcessesDoNotDisturbEachOther runs it
// in processes of its own.
func TestHelperAppends(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("LOGSTORE_TEST_DIR")
	if dir == "" {
		t.Skip("it is run by another test")
	}
	s := open(t, dir, Limits{})
	lines := numbered(1, 3000)
	for i := 0; i < len(lines); i += 10 {
		s.Deployment(testKey).Append(server("a"), podlog.Ref{}, lines[i:i+10])
		time.Sleep(time.Millisecond) // The processes must overlap.
	}
	finish(t, s)
}

func TestProcessesDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var processes sync.WaitGroup
	for range 3 {
		processes.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperAppends$")
			cmd.Env = append(os.Environ(), "LOGSTORE_TEST_DIR="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	processes.Wait()
	if diff := cmp.Diff(texts(numbered(1, 3000)), read(t, dir, Filter{})); diff != "" {
		t.Errorf("kept lines (-want +got):\n%s", diff)
	}
}

func TestWhatDoesNotFitTheQueueIsAGap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// Nothing is written before all has been appended.
	s := newStore(dir, Limits{Bytes: DefaultBytes, Queue: 500})
	d := s.Deployment(testKey)
	other := server("a")
	other.Container = "pathways-rm"
	d.Append(server("a"), podlog.Ref{}, numbered(1, 5))
	d.Append(server("a"), podlog.Ref{}, numbered(6, 10))
	d.Append(server("a"), podlog.Ref{}, numbered(11, 12)) // These are short enough.
	d.Append(other, podlog.Ref{}, numbered(20, 25))
	s.start()
	finish(t, s)
	want := append(texts(numbered(1, 5)), "gap of 5: "+whySlow)
	want = append(append(want, texts(numbered(11, 12))...), "gap of 6: "+whySlow)
	if diff := cmp.Diff(want, read(t, dir, Filter{})); diff != "" {
		t.Errorf("kept lines (-want +got):\n%s", diff)
	}
}

func TestADiskThatFailsIsToldOnceAndTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir, Limits{})
		d := s.Deployment(testKey)
		d.Append(server("a"), podlog.Ref{}, numbered(1, 5))
		time.Sleep(time.Second)
		// A file in the place of the incarnation is as good as a full disk.
		incarnation := filepath.Join(d.dir, incarnationName(server("a")))
		if err := os.Rename(incarnation, incarnation+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(incarnation, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for i := 6; i <= 10; i++ {
			d.Append(server("a"), podlog.Ref{}, numbered(i, i))
			time.Sleep(time.Second)
		}
		first := s.Err()
		if first == nil {
			t.Fatal("no error is told")
		}
		if err := os.Remove(incarnation); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(incarnation+".away", incarnation); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * diskPause)
		d.Append(server("a"), podlog.Ref{}, numbered(11, 12))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if again := s.Err(); again.Error() != first.Error() {
			t.Errorf("the error became %v", again)
		}
		want := append(append(texts(numbered(1, 5)), "gap of 5: "+whyDisk), texts(numbered(11, 12))...)
		if diff := cmp.Diff(want, read(t, dir, Filter{})); diff != "" {
			t.Errorf("kept lines (-want +got):\n%s", diff)
		}
	})
}

func TestOnlyTheUserCanReadWhatIsKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	keep(t, dir, Limits{}, server("a"), numbered(1, 2))
	files := 0
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil || files < 2 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestManyMayAppendAndReadAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, Limits{})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			o := server("a")
			o.Pod = fmt.Sprintf("jetstream-pathways-0-%d", n)
			for i := 1; i <= 500; i += 5 {
				s.Deployment(testKey).Append(o, podlog.Ref{}, numbered(i, i+4))
				if i%100 == 1 {
					if err := s.Deployment(testKey).Read(t.Context(), Filter{}, func(Entry) bool { return true }); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	finish(t, s)
	s.Deployment(testKey).Append(server("a"), podlog.Ref{}, numbered(1, 1)) // It is no more kept, and no harm.
	if got := len(read(t, dir, Filter{})); got != 8*500 {
		t.Errorf("%d lines are kept, want %d", got, 8*500)
	}
}

func TestANilDeploymentKeepsNothing(t *testing.T) {
	t.Parallel()
	var d *Deployment
	d.Append(server("a"), podlog.Ref{}, numbered(1, 2))
	incarnations, err := d.Incarnations()
	if len(incarnations) != 0 || err != nil {
		t.Errorf("got %v, %v", incarnations, err)
	}
	if err := d.Read(t.Context(), Filter{}, func(Entry) bool { t.Error("an entry"); return true }); err != nil {
		t.Error(err)
	}
}
