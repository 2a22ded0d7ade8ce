package podlogs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podlogs"
)

func create(t *testing.T, limits podlogs.Limits) *podlogs.Log {
	t.Helper()
	log, err := podlogs.Create(filepath.Join(t.TempDir(), "c", "0.log"), limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func read(t *testing.T, log *podlogs.Log, sel podlogs.Selection) string {
	t.Helper()
	var text bytes.Buffer
	if err := log.Read(t.Context(), sel, &text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func emit(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

func TestSelections(t *testing.T) {
	t.Parallel()
	second := func(n int) time.Time { return time.Date(2000, 1, 1, 0, 0, n, 0, time.UTC) }
	for _, c := range []struct {
		name string
		sel  podlogs.Selection
		want string
	}{
		{"everything is shown in the order it was written", podlogs.Selection{}, "one\ntwo\noops\nthree\n"},
		{"tail counts lines of both streams", podlogs.Selection{Tail: new(int64(2))}, "oops\nthree\n"},
		{"tail of nothing shows nothing", podlogs.Selection{Tail: new(int64(0))}, ""},
		{"tail beyond the beginning shows everything", podlogs.Selection{Tail: new(int64(99))}, "one\ntwo\noops\nthree\n"},
		{"since leaves out what is older, and keeps its very moment", podlogs.Selection{Since: second(2)}, "oops\nthree\n"},
		{"since applies to the lines that tail has left", podlogs.Selection{Tail: new(int64(1)), Since: second(9)}, ""},
		{"one stream can be asked for", podlogs.Selection{Stream: "Stderr"}, "oops\n"},
		{"the other stream can be asked for", podlogs.Selection{Stream: "Stdout"}, "one\ntwo\nthree\n"},
		{"a limit of bytes cuts within a line", podlogs.Selection{LimitBytes: new(int64(6))}, "one\ntw"},
		{
			"timestamps have nanoseconds",
			podlogs.Selection{Timestamps: true, Tail: new(int64(1))},
			"2000-01-01T00:00:03.000000000Z three\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := create(t, podlogs.Limits{})
				emit(t, log.Stdout(), "one\n")
				wait(time.Second)
				emit(t, log.Stdout(), "two\n")
				wait(time.Second)
				emit(t, log.Stderr(), "oops\n")
				wait(time.Second)
				emit(t, log.Stdout(), "three\n")
				if diff := cmp.Diff(c.want, read(t, log, c.sel)); diff != "" {
					t.Errorf("the log differs (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// wait lets the time of a bubble go by.
func wait(d time.Duration) {
	<-time.NewTimer(d).C
}

func TestLinesAppearWhenTheirNewlineDoes(t *testing.T) {
	t.Parallel()
	log := create(t, podlogs.Limits{})
	emit(t, log.Stdout(), "half a ")
	if got := read(t, log, podlogs.Selection{}); got != "" {
		t.Errorf("a line without its end is shown: %q", got)
	}
	emit(t, log.Stderr(), "other\n")
	emit(t, log.Stdout(), "line\nrest")
	if got := read(t, log, podlogs.Selection{}); got != "other\nhalf a line\n" {
		t.Errorf("got %q", got)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, log, podlogs.Selection{Tail: new(int64(1))}); got != "rest\n" {
		t.Errorf("the end of the container does not bring out the last line: %q", got)
	}
}

func TestTailCountsThePiecesOfALongLine(t *testing.T) {
	t.Parallel()
	log := create(t, podlogs.Limits{})
	long := strings.Repeat("x", 100_013)
	emit(t, log.Stdout(), long+"\na\nb\nc\nd\ne\nf\n")
	got := read(t, log, podlogs.Selection{Tail: new(int64(7))})
	first, _, _ := strings.Cut(got, "\n")
	if len(first) != 1709 {
		t.Errorf("seven records from the end begin with %d characters of the long line, want 1709", len(first))
	}
	if got := read(t, log, podlogs.Selection{}); got != long+"\na\nb\nc\nd\ne\nf\n" {
		t.Errorf("the whole log is not put together again: %d bytes", len(got))
	}
	stamped := read(t, log, podlogs.Selection{Timestamps: true, LimitBytes: new(int64(50_000))})
	if n := strings.Count(stamped, "Z "); n != 1 {
		t.Errorf("a line of several pieces has %d timestamps, want 1", n)
	}
}

func TestBytesPassThroughAsTheyAre(t *testing.T) {
	t.Parallel()
	log := create(t, podlogs.Limits{})
	raw := "\x1b[31mred\x1b[0m \x00 \xff\xfe \r progress\r\n"
	emit(t, log.Stdout(), raw)
	if got := read(t, log, podlogs.Selection{}); got != raw {
		t.Errorf("got %q, want %q", got, raw)
	}
}

func TestFollowEndsAfterTheContainerDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := create(t, podlogs.Limits{EOFDelay: time.Second})
		emit(t, log.Stdout(), "before\n")
		in, out := io.Pipe()
		ended := make(chan time.Time, 1)
		go func() {
			err := log.Read(context.Background(), podlogs.Selection{Follow: true}, out)
			ended <- time.Now()
			out.CloseWithError(err)
		}()
		buf := make([]byte, 100)
		expect := func(want string) {
			t.Helper()
			n, err := in.Read(buf)
			if err != nil || string(buf[:n]) != want {
				t.Fatalf("the follower reads %q and %v, want %q", buf[:n], err, want)
			}
		}
		expect("before\n")
		wait(time.Minute)
		emit(t, log.Stderr(), "while following\n")
		expect("while following\n")
		emit(t, log.Stdout(), "unfinished")
		closed := time.Now()
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(in)
		if err != nil || string(rest) != "unfinished\n" {
			t.Errorf("the follower reads %q and %v to the end", rest, err)
		}
		if took := (<-ended).Sub(closed); took != time.Second {
			t.Errorf("the follower returned %v after the end, want 1s", took)
		}
	})
}

func TestFollowStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := create(t, podlogs.Limits{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := log.Read(ctx, podlogs.Selection{Follow: true}, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("following ends with %v, want the context's error", err)
		}
	})
}

func TestRotationKeepsTheDiskBoundedAndReadersInTheCurrentFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "c", "0.log")
	log, err := podlogs.Create(path, podlogs.Limits{MaxBytes: 1000, MaxFiles: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		emit(t, log.Stdout(), fmt.Sprintf("line %04d of a log that grows beyond its bound\n", i))
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("there are %d files, want 3", len(files))
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1100 {
			t.Errorf("%s has %d bytes, want about a thousand", f.Name(), info.Size())
		}
	}
	text := read(t, log, podlogs.Selection{})
	if strings.Contains(text, "line 0000") || !strings.HasSuffix(text, "line 0199 of a log that grows beyond its bound\n") {
		t.Errorf("a reader sees other than the current file: %q", text)
	}
	if err := log.Remove(); err != nil {
		t.Fatal(err)
	}
	if files, _ = os.ReadDir(filepath.Dir(path)); len(files) != 0 {
		t.Errorf("%d files are left after removal", len(files))
	}
}

func TestRightAfterARotationThereIsNothingToRead(t *testing.T) {
	t.Parallel()
	log := create(t, podlogs.Limits{MaxBytes: 100})
	emit(t, log.Stdout(), strings.Repeat("y", 120)+"\n")
	if got := read(t, log, podlogs.Selection{Tail: new(int64(10))}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestAFollowerSeesEverythingAcrossRotationsItKeepsUpWith(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := create(t, podlogs.Limits{MaxBytes: 500})
		var got bytes.Buffer
		done := make(chan error, 1)
		go func() {
			done <- log.Read(context.Background(), podlogs.Selection{Follow: true}, &got)
		}()
		var want strings.Builder
		for i := range 50 {
			line := fmt.Sprintf("line %d\n", i)
			want.WriteString(line)
			emit(t, log.Stdout(), line)
			synctest.Wait()
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("the follower's log differs (-want +got):\n%s", diff)
		}
	})
}

func TestAFollowerOvertakenByRotationsMissesWhatLayBetween(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := create(t, podlogs.Limits{MaxBytes: 200})
		in, out := io.Pipe()
		go func() {
			out.CloseWithError(log.Read(context.Background(), podlogs.Selection{Follow: true}, out))
		}()
		emit(t, log.Stdout(), "first\n")
		synctest.Wait() // the follower is stuck in handing out the first line
		for i := range 20 {
			emit(t, log.Stdout(), fmt.Sprintf("line %d\n", i))
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(in)
		if err != nil {
			t.Fatalf("following ended with %v; losses are silent", err)
		}
		if text := string(rest); !strings.HasPrefix(text, "first\n") || strings.Contains(text, "line 9\n") || !strings.HasSuffix(text, "line 19\n") {
			t.Errorf("the follower reads %q, want the first file and the last", text)
		}
	})
}

func BenchmarkFollow(b *testing.B) {
	log, err := podlogs.Create(filepath.Join(b.TempDir(), "0.log"), podlogs.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- log.Read(context.Background(), podlogs.Selection{Follow: true}, io.Discard) }()
	line := []byte(strings.Repeat("x", 99) + "\n")
	out := log.Stdout()
	for b.Loop() {
		if _, err := out.Write(line); err != nil {
			b.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
