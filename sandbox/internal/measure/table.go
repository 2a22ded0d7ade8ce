package measure

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Result is one line of a table.
type Result struct {
	What   string
	Target string // empty where there is none
	Figure string
	CPU    string // processor time, where that says something
	Load   string
	Missed bool
}

// Table is what was measured, as Markdown.
type Table []Result

// Add appends a line, with the present load.
func (t *Table) Add(r Result) {
	r.Load = Load()
	*t = append(*t, r)
}

// Missed reports whether a target was missed.
func (t Table) Missed() bool {
	for _, r := range t {
		if r.Missed {
			return true
		}
	}
	return false
}

// Print writes the table, below what machine it is of.
func (t Table) Print(w io.Writer) {
	fmt.Fprintf(w, "%d processors, %s/%s, %s, %s\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintln(w, "| what | target | measured | CPU | load | met |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, r := range t {
		met := "yes"
		switch {
		case r.Target == "":
			met = ""
		case r.Missed:
			met = "**no**"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", r.What, r.Target, r.Figure, r.CPU, r.Load, met)
	}
}

// Load is the machine's load average of the last minute.
func Load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(content), " ")
	return first
}

// Seconds writes a duration in seconds.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// Megabytes writes a number of bytes.
func Megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes>>20) }

// Median is the value in the middle.
func Median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// Spread shows the median and what it lies between.
func Spread(values []time.Duration) string {
	return fmt.Sprintf("%s (%.2f–%.2f, n=%d)", Seconds(Median(values)), slices.Min(values).Seconds(), slices.Max(values).Seconds(), len(values))
}

// OrNone lists what should not be there.
func OrNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// Pause waits, or until ctx ends.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
