package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

const (
	// keyPresses is how often a key is pressed, each time after a pause of its own, as
	// equal ones would fall into step with the frames.
	keyPresses        = 1000
	leastGap, mostGap = 15 * time.Millisecond, 60 * time.Millisecond
	// warm is how long lines arrive before.
	warm = 5 * time.Second

	linesASecond = 20_000
	// everyLine is the pause between the lines of each of 65 containers: about
	// 20,000 lines a second.
	everyLine = "3ms"

	keyGroups, keyLogs         = "1", "3"
	titleOfGroups, titleOfLogs = "[Groups", "[Logs"
)

// keys measures how long it takes from a key until the screen shows its effect while
// nothing arrives, and while as many lines do as the dashboard is meant to bear: from a
// sandbox, which needs most of the two processors for that itself, and from an API
// server that needs little.
func (b *bench) keys(ctx context.Context) error {
	silent := func(*api) {}
	talking := func(a *api) {
		// 64 workers, and a leader with four containers.
		a.rate = linesASecond / (size - 1 + len(leaderContainers))
		a.line = func(n int) string {
			return fmt.Sprintf("I pjrt_client.cc:214] transferred %d buffers to device %d in 12.4ms (3.2 GiB/s)", n, n%8)
		}
	}
	for _, source := range []struct {
		what    string
		prepare func(*api)
	}{
		{"silent logs", silent}, {"%.0f lines/s of 68 containers of a stand-in API server", talking},
	} {
		err := b.onAPI(newObjects(1, time.Now()), func(a *api, d *dashboard, _ time.Time) error {
			return b.pressKeys(ctx, d, source.what, func() (int, error) { return a.written(), nil })
		}, source.prepare)
		if err != nil {
			return err
		}
	}
	return b.onSlice(ctx, func(s *built.Sandbox, d *dashboard) error {
		return b.pressKeys(ctx, d, "%.0f lines/s of 65 containers of a sandbox", func() (int, error) { return keptLines(s.State()) })
	}, "--every="+everyLine, "--lines=1000000000")
}

// allLogs shows the logs of all containers at once, which are the most there is to
// show, and gives the focus to the groups. It returns the row of their title.
func (d *dashboard) allLogs() (row int, err error) {
	for _, step := range []struct{ keys, see string }{
		{"", "Logs: "},
		{keyLogs, titleOfLogs},
		{"o", "choose a container"},
		{"g\r", "Logs: all containers"},
		{keyGroups, titleOfGroups},
	} {
		if err := d.Press(step.keys); err != nil {
			return 0, err
		}
		screen, err := d.see("65/65", step.see)
		if err != nil {
			return 0, err
		}
		row = slices.IndexFunc(strings.Split(screen, "\n"), func(line string) bool { return strings.Contains(line, titleOfGroups) })
	}
	return row, nil
}

// pressKeys moves the focus to and fro, which the title of a pane shows. lines counts
// the lines that have arrived.
func (b *bench) pressKeys(ctx context.Context, d *dashboard, what string, lines func() (int, error)) error {
	row, err := d.allLogs()
	if err != nil {
		return err
	}
	if err := measure.Pause(ctx, warm); err != nil {
		return err
	}
	const column = 1 // the bracket is all that is looked at
	focused := func(want bool) func(*terminal.Terminal) bool {
		return func(t *terminal.Terminal) bool {
			return (t.Emulator().CellAt(column, row).Content == "[") == want
		}
	}
	linesBefore, err := lines()
	if err != nil {
		return err
	}
	cpuBefore, err := measure.CPUTime(d.PID())
	if err != nil {
		return err
	}
	begin := time.Now()
	chance := rand.New(rand.NewPCG(1, 2))
	var took []time.Duration
	for i := range keyPresses {
		if err := measure.Pause(ctx, leastGap+time.Duration(chance.Int64N(int64(mostGap-leastGap)))); err != nil {
			return err
		}
		key, want := keyLogs, false
		if i%2 == 1 {
			key, want = keyGroups, true
		}
		seen := d.eye.expect(focused(want))
		pressed := time.Now()
		if err := d.Press(key); err != nil {
			return err
		}
		select {
		case at := <-seen:
			took = append(took, at.Sub(pressed))
		case <-time.After(patience):
			return fmt.Errorf("the key %q had no effect; the screen:\n%s", key, d.Text())
		}
	}
	elapsed := time.Since(begin)
	cpuAfter, err := measure.CPUTime(d.PID())
	if err != nil {
		return err
	}
	linesAfter, err := lines()
	if err != nil {
		return err
	}
	held, err := measure.MemoryOf(d.PID())
	if err != nil {
		return err
	}
	if strings.Contains(what, "%") {
		what = fmt.Sprintf(what, float64(linesAfter-linesBefore)/elapsed.Seconds())
	}
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[(len(took)-1)*percent/100] }
	b.results.Add(measure.Result{
		What: "key to frame, 99th percentile: " + what, Target: milliseconds(targetKey),
		Figure: fmt.Sprintf("%s (median %s, 90th %s, longest %s, n=%d); %s resident",
			milliseconds(at(99)), milliseconds(at(50)), milliseconds(at(90)), milliseconds(at(100)), len(took), measure.Megabytes(held.Total)),
		CPU:    fmt.Sprintf("%.0f %% of one processor", 100*(cpuAfter-cpuBefore).Seconds()/elapsed.Seconds()),
		Missed: at(99) >= targetKey,
	})
	return nil
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// keptLines counts the log lines that a plugin with this directory has received: those
// that it has kept there, and those that it says it could not keep.
func keptLines(dir string) (int, error) {
	total := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it has made room for another
		}
		for line := range bytes.Lines(content) {
			_, record, _ := bytes.Cut(line, []byte(" "))
			switch {
			case bytes.HasPrefix(record, []byte("F ")), bytes.HasPrefix(record, []byte("C ")):
				total++
			case bytes.HasPrefix(record, []byte("G ")):
				var gap struct{ Lines int }
				if err := json.Unmarshal(record[2:], &gap); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				total += gap.Lines
			}
		}
		return err
	})
	return total, err
}
