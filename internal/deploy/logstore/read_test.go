package logstore

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// onlySegment is the path of the only segment that is kept.
func onlySegment(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(deploymentDir(dir, testKey), "*", "*"+segmentSuffix))
	if err != nil || len(files) != 1 {
		t.Fatalf("segments %v, %v", files, err)
	}
	return files[0]
}

func TestLogsOfSeveralContainersComeInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, Limits{Bytes: 64 * smallestSegment})
	d := s.Deployment(testKey)
	const containers, lines = 3, 600
	var want []string
	for c := range containers {
		o := server("a")
		o.Container = fmt.Sprintf("c%d", c)
		var out []podlog.Line
		for i := range lines {
			out = append(out, podlog.Line{Time: begin.Add(time.Duration(i*containers+c) * time.Millisecond), Text: fmt.Sprintf("%d %d", i, c)})
		}
		d.Append(o, podlog.Ref{}, out)
	}
	for i := range lines {
		for c := range containers {
			want = append(want, fmt.Sprintf("%d %d", i, c))
		}
	}
	finish(t, s)
	if diff := cmp.Diff(want, read(t, dir, Filter{})); diff != "" {
		t.Errorf("kept lines (-want +got):\n%s", diff)
	}
	got := read(t, dir, Filter{
		Want:  func(o status.Origin) bool { return o.Container == "c1" },
		Since: begin.Add((lines - 2) * containers * time.Millisecond),
	})
	if diff := cmp.Diff([]string{"598 1", "599 1"}, got); diff != "" {
		t.Errorf("filtered (-want +got):\n%s", diff)
	}
}

func TestIncarnationsAreListedByTheirBeginnings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	second := server("b")
	second.Restart = 1
	keep(t, dir, Limits{}, second, numbered(200, 210))
	keep(t, dir, Limits{}, server("b"), numbered(100, 110))
	keep(t, dir, Limits{}, server("a"), numbered(1, 10))
	got, err := open(t, dir, Limits{}).Deployment(testKey).Incarnations()
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Bytes == 0 || got[i].Touched.IsZero() {
			t.Errorf("%+v has no size or no time", got[i])
		}
		got[i].Bytes, got[i].Touched = 0, time.Time{}
	}
	want := []Incarnation{
		{LeaderUID: "a", Began: numbered(1, 1)[0].Time, Runs: []status.Origin{server("a")}},
		{LeaderUID: "b", Began: numbered(100, 100)[0].Time, Runs: []status.Origin{server("b"), second}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("incarnations (-want +got):\n%s", diff)
	}
}

func TestALineThatACrashCutShortIsHealed(t *testing.T) {
	t.Parallel()
	for cut := 1; cut < 60; cut += 7 {
		t.Run(fmt.Sprintf("%d bytes are missing", cut), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			keep(t, dir, Limits{}, server("a"), numbered(1, 10))
			path := onlySegment(t, dir)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, info.Size()-int64(cut)); err != nil {
				t.Fatal(err)
			}
			if got := len(read(t, dir, Filter{})); got >= 10 || got < 8 {
				t.Errorf("%d lines are read", got)
			}
			keep(t, dir, Limits{}, server("a"), numbered(1, 12))
			if diff := cmp.Diff(texts(numbered(1, 12)), read(t, dir, Filter{})); diff != "" {
				t.Errorf("afterwards (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFileWithoutItsHeaderHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep(t, dir, Limits{}, server("a"), numbered(1, 10))
	path := onlySegment(t, dir)
	if err := os.Truncate(path, 20); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, Filter{}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	keep(t, dir, Limits{}, server("a"), numbered(1, 12))
	if diff := cmp.Diff(texts(numbered(1, 12)), read(t, dir, Filter{})); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadIsToldAfterTheRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep(t, dir, Limits{}, server("a"), numbered(1, 3))
	path := onlySegment(t, dir)
	keep(t, dir, Limits{}, server("b"), numbered(4, 6))
	if err := os.WriteFile(path, []byte(`{"kubectlJetstreamLog":99}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := open(t, dir, Limits{}).Deployment(testKey).Read(t.Context(), Filter{}, func(Entry) bool { n++; return true })
	if n != 3 || err == nil || !strings.Contains(err.Error(), path+": its format is 99") {
		t.Errorf("%d lines, %v", n, err)
	}
}

func FuzzSegment(f *testing.F) {
	b, err := appendHeader(nil, headerOf("models", server("a"), begin))
	if err != nil {
		f.Fatal(err)
	}
	head := bytes.Clone(b)
	for _, l := range numbered(1, 3) {
		b = appendLine(b, l)
	}
	if b, err = appendGap(b, missing{lines: 7, from: begin, to: begin.Add(time.Second), why: whySlow}); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-5])
	f.Add(head)
	f.Add([]byte("{}\n"))
	f.Add(append(bytes.Clone(head), "2026-03-01T12:00:00Z F\n2026-03-01T12:00:00Z C x\nx G {}\n2026-03-01T12:00:00Z G {\n"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, records, whole, err := parseSegment(data)
		if err != nil {
			return
		}
		if whole > len(data) || len(records) > bytes.Count(data, []byte("\n")) {
			t.Fatalf("%d records in %d of %d bytes", len(records), whole, len(data))
		}
		// What was understood is written so that it is understood the same.
		again, err := appendHeader(nil, h)
		if err != nil {
			return // Years that JSON does not take.
		}
		for _, r := range records {
			if r.gap == nil {
				again = appendLine(again, podlog.Line{Time: r.time, Text: r.text, Cut: r.cut})
			} else if again, err = appendGap(again, missing{lines: r.gap.Lines, from: r.gap.From, to: r.gap.To, why: r.gap.Why}); err != nil {
				return
			}
		}
		_, back, _, err := parseSegment(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(records, back, cmp.AllowUnexported(record{}), cmp.Comparer(time.Time.Equal)); diff != "" {
			t.Errorf("written and read again (-want +got):\n%s", diff)
		}
	})
}
