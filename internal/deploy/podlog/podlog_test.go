package podlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// raw is a line as the API sends it, written some time after the beginning.
func raw(after time.Duration, text string) string {
	return begin.Add(after).Format(time.RFC3339Nano) + " " + text + "\n"
}

// stage is one stream of a scripted log.
type stage struct {
	body string
	// end is what the stream ends with; nil means a clean end.
	end error
	// refuse makes opening fail instead.
	refuse error
	// hang keeps the stream open after its body until it is closed.
	hang bool
}

// script plays stages one after the other and records what it was asked.
type script struct {
	stages []stage
	since  []time.Time
	opened []time.Time
	// endedAfter is the number of streams after which the run is over.
	endedAfter int
	lines      []string
}

func (s *script) follower() *Follower {
	return &Follower{
		Open: func(_ context.Context, _ Ref, since time.Time) (io.ReadCloser, error) {
			s.since, s.opened = append(s.since, since), append(s.opened, time.Now())
			if len(s.opened) > len(s.stages) {
				return nil, ErrGone
			}
			st := s.stages[len(s.opened)-1]
			if st.refuse != nil {
				return nil, st.refuse
			}
			body := io.Reader(strings.NewReader(st.body))
			if st.end != nil {
				body = io.MultiReader(body, iotest.ErrReader(st.end))
			}
			if st.hang {
				r, w := io.Pipe()
				return struct {
					io.Reader
					io.Closer
				}{io.MultiReader(body, r), w}, nil
			}
			return io.NopCloser(body), nil
		},
		Ended: func(Ref) bool { return len(s.opened) >= s.endedAfter },
		Deliver: func(_ Ref, lines []Line) {
			for _, l := range lines {
				s.lines = append(s.lines, l.Text)
			}
		},
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	goaway := errors.New("http2: server sent GOAWAY")
	tests := []struct {
		name   string
		stages []stage
		// endedAfter is the number of streams after which the run is over.
		endedAfter int
		want       []string
		err        error
	}{
		{
			"a log that is read to its end",
			[]stage{{body: raw(0, "a") + raw(ms, "b")}},
			1,
			[]string{"a", "b"},
			nil,
		},
		{
			"a clean end of the stream while the container lives is no end",
			[]stage{{body: raw(0, "a") + raw(ms, "b")}, {body: raw(0, "a") + raw(ms, "b") + raw(2*ms, "c")}},
			2,
			[]string{"a", "b", "c"},
			nil,
		},
		{
			"a broken stream goes on where it broke",
			[]stage{
				{body: raw(0, "a") + raw(1500*ms, "b"), end: goaway},
				{body: raw(1500*ms, "b") + raw(1600*ms, "c"), end: goaway},
				{body: raw(1500*ms, "b") + raw(1600*ms, "c") + raw(3000*ms, "d")},
			},
			3,
			[]string{"a", "b", "c", "d"},
			nil,
		},
		{
			"a line that was cut by the end comes whole",
			[]stage{{body: raw(0, "a") + strings.TrimSuffix(raw(ms, "half of it"), "of it\n"), end: goaway}, {body: raw(0, "a") + raw(ms, "half of it")}},
			2,
			[]string{"a", "half of it"},
			nil,
		},
		{
			"the last line of a run that is over may lack its newline",
			[]stage{{body: raw(0, "a") + strings.TrimSuffix(raw(ms, "last words"), "\n")}},
			1,
			[]string{"a", "last words"},
			nil,
		},
		{
			"equal lines of one moment are as many as they are",
			[]stage{{body: raw(0, "x") + raw(0, "x")}, {body: raw(0, "x") + raw(0, "x") + raw(0, "x")}},
			2,
			[]string{"x", "x", "x"},
			nil,
		},
		{
			"a rotated log begins anew in the middle of a second, and no line of it is taken for one that is gone",
			[]stage{{body: raw(0, "a") + raw(ms, "b")}, {body: raw(2*ms, "c") + raw(3*ms, "d") + raw(4*ms, "e")}},
			2,
			[]string{"a", "b", "c", "d", "e"},
			nil,
		},
		{
			"lines whose times cross over a second come once",
			[]stage{{body: raw(1001*ms, "out") + raw(999*ms, "err")}, {body: raw(1001*ms, "out") + raw(1002*ms, "more")}},
			2,
			[]string{"out", "err", "more"},
			nil,
		},
		{
			"a stream that gives more than was asked for brings nothing back",
			[]stage{{body: raw(0, "a") + raw(5000*ms, "b")}, {body: raw(0, "a") + raw(5000*ms, "b") + raw(5001*ms, "c")}},
			2,
			[]string{"a", "b", "c"},
			nil,
		},
		{
			"a container that has not started is waited for",
			[]stage{{refuse: errors.New("is waiting to start: ContainerCreating")}, {body: raw(0, "a")}},
			2,
			[]string{"a"},
			nil,
		},
		{
			"a log that is gone ends it",
			[]stage{{body: raw(0, "a")}, {refuse: fmt.Errorf("pod: %w", ErrGone)}},
			9,
			[]string{"a"},
			ErrGone,
		},
		{
			"the kubelet's word that the log is gone is no line of it",
			[]stage{{body: raw(0, "a")}, {body: "unable to retrieve container logs for containerd://0123"}},
			9,
			[]string{"a"},
			ErrGone,
		},
		{
			"a log that may not be read ends it",
			[]stage{{refuse: fmt.Errorf("forbidden: %w", ErrNotPermitted)}},
			9,
			nil, ErrNotPermitted,
		},
		{
			"remarks of the kubelet are left out",
			[]stage{{body: raw(0, "a") + "failed to watch file\n" + raw(ms, "b")}},
			1,
			[]string{"a", "b"},
			nil,
		},
		{
			"an empty line is a line",
			[]stage{{body: raw(0, "") + raw(ms, "b")}},
			1,
			[]string{"", "b"},
			nil,
		},
		{
			"invalid UTF-8 and control bytes",
			[]stage{{body: raw(0, "a\xff\x00\x1b[31m")}},
			1,
			[]string{"a\uFFFD\x00\x1b[31m"},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{stages: tt.stages, endedAfter: tt.endedAfter}
				err := s.follower().Follow(t.Context(), Ref{Pod: "p", Container: "c"})
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v, want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, s.lines); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestARestartedContainersLogIsNotReadForItsLastRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{stages: []stage{{body: raw(0, "a") + strings.TrimSuffix(raw(1, "b"), "\n")}, {body: raw(time.Second, "of the next run")}}}
		f := s.follower()
		// The news of the end comes a while after the end of the stream.
		begin := time.Now()
		f.Ended = func(Ref) bool { return time.Since(begin) > time.Second }
		if err := f.Follow(t.Context(), Ref{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a", "b"}, s.lines); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

func TestTheLogOfALaterRunIsGivenUp(t *testing.T) {
	t.Parallel()
	const late = 10 * time.Second
	for _, tt := range []struct {
		name string
		// news is the number of streams after which the run's end is known.
		news int
		want []string
	}{
		{"known at once", 0, []string{"a", "b"}},
		{"known after lines of it have come", 2, []string{"a", "of the next run", "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{
					stages: []stage{
						{body: raw(0, "a"), end: errors.New("GOAWAY")},
						{body: raw(late, "of the next run"), end: errors.New("GOAWAY")},
						{body: raw(0, "a") + raw(1, "b")},
					},
					endedAfter: 3,
				}
				f := s.follower()
				read := f.Deliver
				delivered := 0
				f.Deliver = func(ref Ref, lines []Line) {
					read(ref, lines)
					delivered++
				}
				f.Foreign = func(_ Ref, at time.Time) bool {
					return delivered >= tt.news && len(s.opened) == 2 && at.After(begin.Add(late/2))
				}
				if err := f.Follow(t.Context(), Ref{}); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, s.lines); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
				if want := []time.Time{{}, begin, begin}; !cmp.Equal(want, s.since) {
					t.Errorf("asked from %v, want %v", s.since, want)
				}
			})
		})
	}
}

func TestResumeAsksFromTheSecondOfTheLastLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{stages: []stage{{body: raw(0, "a") + raw(1700*time.Millisecond, "b")}, {}}, endedAfter: 2}
		if err := s.follower().Follow(t.Context(), Ref{}); err != nil {
			t.Fatal(err)
		}
		want := []time.Time{{}, begin.Add(time.Second)}
		if diff := cmp.Diff(want, s.since); diff != "" {
			t.Errorf("asked from (-want +got):\n%s", diff)
		}
	})
}

func TestAttemptsWithoutProgressGrowApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := stage{refuse: errors.New("connection refused")}
		s := &script{stages: []stage{{body: raw(0, "a")}, down, down, down, down, down, down, down, {body: raw(0, "a") + raw(1, "b")}, down}, endedAfter: 99}
		_ = s.follower().Follow(t.Context(), Ref{})
		var pauses []time.Duration
		for i := 1; i < len(s.opened); i++ {
			pauses = append(pauses, s.opened[i].Sub(s.opened[i-1]))
		}
		const ms = time.Millisecond
		want := []time.Duration{
			endGrace + 250*ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 8000 * ms, 10000 * ms, 10000 * ms,
			endGrace + 250*ms, 500 * ms,
		}
		if diff := cmp.Diff(want, pauses); diff != "" {
			t.Errorf("pauses (-want +got):\n%s", diff)
		}
	})
}

func TestTheRestOfARunThatIsOverIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused")
		var stages []stage
		for range 50 {
			stages = append(stages, stage{refuse: down})
		}
		s := &script{stages: stages}
		if err := s.follower().Follow(t.Context(), Ref{}); !errors.Is(err, down) {
			t.Errorf("error %v", err)
		}
		if len(s.opened) != lastAttempts {
			t.Errorf("%d attempts", len(s.opened))
		}
	})
}

func TestCancellingEndsAStreamThatIsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{stages: []stage{{body: raw(0, "a"), hang: true}}, endedAfter: 9}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.follower().Follow(ctx, Ref{}) }()
		synctest.Wait()
		if diff := cmp.Diff([]string{"a"}, s.lines); diff != "" {
			t.Errorf("lines before the end (-want +got):\n%s", diff)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		length, want int
		cut          bool
	}{
		{100 << 10, 100 << 10, false},
		{MaxLine, MaxLine, false},
		{MaxLine + 1, MaxLine, true},
		{3 * MaxLine, MaxLine, true},
	}
	for _, tt := range tests {
		body := raw(0, strings.Repeat("x", tt.length)) + raw(1, "next")
		for name, r := range map[string]io.Reader{
			"at once": strings.NewReader(body), "in small pieces": iotest.HalfReader(strings.NewReader(body)),
		} {
			var got []Line
			if err := Read(r, func(lines []Line) { got = append(got, lines...) }); err != nil {
				t.Fatal(err)
			}
			if len(got) != 2 || len(got[0].Text) != tt.want || got[0].Cut != tt.cut || got[1].Text != "next" {
				t.Errorf("%d bytes %s: %d lines, the first of %d bytes, cut: %t", tt.length, name, len(got), len(got[0].Text), got[0].Cut)
			}
		}
	}
}

func TestALineOfTheLimitBehindTheLongestTimestamp(t *testing.T) {
	t.Parallel()
	for _, extra := range []int{0, 1} {
		var got []Line
		body := "2026-03-01T12:00:00.123456789+00:00 " + strings.Repeat("x", MaxLine+extra) + "\n"
		if err := Read(strings.NewReader(body), func(lines []Line) { got = append(got, lines...) }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || len(got[0].Text) != MaxLine || got[0].Cut != (extra > 0) {
			t.Errorf("%d bytes over the limit: %d bytes, cut: %t", extra, len(got[0].Text), got[0].Cut)
		}
	}
}

func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	const lines = 3*maxBatch + 7
	for i := range lines {
		body.WriteString(raw(time.Duration(i), "x"))
	}
	total := 0
	if err := Read(strings.NewReader(body.String()), func(batch []Line) {
		if len(batch) > maxBatch {
			t.Errorf("a batch of %d lines", len(batch))
		}
		total += len(batch)
	}); err != nil {
		t.Fatal(err)
	}
	if total != lines {
		t.Errorf("%d of %d lines", total, lines)
	}
}

// FuzzFollow cuts a log into streams at arbitrary places, each of which begins
// anew with the second that is asked for, and expects every line once.
func FuzzFollow(f *testing.F) {
	f.Add([]byte{0, 10, 200, 30, 1, 255}, []byte{3, 40, 90})
	f.Add([]byte{0, 0, 0, 0}, []byte{1, 30, 31, 60})
	f.Fuzz(func(t *testing.T, steps, cuts []byte) {
		if len(steps) > 200 || len(cuts) > 20 {
			return
		}
		var log []string
		var times []time.Time
		var want []string
		at := begin
		for i, step := range steps {
			at = at.Add(time.Duration(step) * 5 * time.Millisecond)
			text := fmt.Sprintf("line %d", i%3)
			want = append(want, text)
			times = append(times, at)
			log = append(log, at.Format(time.RFC3339Nano)+" "+text+"\n")
		}
		open := 0
		var got []string
		synctest.Test(t, func(t *testing.T) {
			follower := Follower{
				Open: func(_ context.Context, _ Ref, since time.Time) (io.ReadCloser, error) {
					var body string
					for i := range log {
						if !times[i].Before(since) {
							body += log[i]
						}
					}
					if open < len(cuts) {
						body = body[:min(len(body), int(cuts[open])*4)]
					}
					open++
					return io.NopCloser(strings.NewReader(body)), nil
				},
				Ended: func(Ref) bool { return open > len(cuts) },
				Deliver: func(_ Ref, lines []Line) {
					for _, l := range lines {
						got = append(got, l.Text)
					}
				},
			}
			if err := follower.Follow(t.Context(), Ref{}); err != nil {
				t.Fatal(err)
			}
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(raw(0, "a") + "no stamp\n" + raw(1, "\xff")))
	f.Fuzz(func(t *testing.T, body []byte) {
		var whole, pieces []Line
		err := Read(strings.NewReader(string(body)), func(l []Line) { whole = append(whole, l...) })
		again := Read(iotest.OneByteReader(strings.NewReader(string(body))), func(l []Line) { pieces = append(pieces, l...) })
		if (err == nil) != (again == nil) {
			t.Errorf("errors %v and %v", err, again)
		}
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Errorf("at once and byte by byte (-at once +pieces):\n%s", diff)
		}
		for _, l := range whole {
			if strings.Contains(l.Text, "\n") || len(l.Text) > 3*MaxLine {
				t.Errorf("line of %d bytes: %.40q", len(l.Text), l.Text)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	body := strings.Repeat(raw(0, "2025-04-28 22:21:36,353 - JetstreamLogger - INFO - Generate engine 0 step 1234"), 1000)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		n := 0
		_ = Read(strings.NewReader(body), func(l []Line) { n += len(l) })
		if n != 1000 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
}
