package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is one line of the table.
type result struct {
	what   string
	target string // empty where there is none
	figure string
	cpu    string // processor seconds of the sandbox, where that says something
	load   string
	missed bool
}

type table []result

func (t table) missed() bool {
	for _, r := range t {
		if r.missed {
			return true
		}
	}
	return false
}

func (t table) print(w io.Writer) {
	fmt.Fprintf(w, "%d processors, %s/%s, %s, %s\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintln(w, "| what | target | measured | CPU | load | met |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, r := range t {
		met := "yes"
		switch {
		case r.target == "":
			met = ""
		case r.missed:
			met = "**no**"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.target, r.figure, r.cpu, r.load, met)
	}
}

// load is the machine's load average of the last minute.
func load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(content), " ")
	return first
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes>>20) }

func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// spread shows the median and what it lies between.
func spread(values []time.Duration) string {
	return fmt.Sprintf("%s (%.2f–%.2f, n=%d)", seconds(median(values)), slices.Min(values).Seconds(), slices.Max(values).Seconds(), len(values))
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
