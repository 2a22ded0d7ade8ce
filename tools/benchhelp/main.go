// Command benchhelp measures how long the plugin takes to print its help, beside
// a peer that links the same client library. Both are built from their modules
// with the flags of a release, and run in turn, so that whatever else the machine
// does falls on both alike.
//
//	benchhelp [-n 100]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// stern is a log tailer of about the plugin's kind, and known to start quickly.
const stern = "github.com/stern/stern@v1.33.1"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	n := flag.Int("n", 100, "how often each program is run")
	flag.Parse()
	err := run(ctx, *n, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchhelp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, out io.Writer) error {
	root, err := gobuild.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "jetstream-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	host := gobuild.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	ours := &program{name: "kubectl-jetstream", path: filepath.Join(dir, host.Executable())}
	if err := gobuild.Build(ctx, root, host, gobuild.ReleaseFlags("v0.0.0"), ours.path); err != nil {
		return err
	}
	peer := &program{name: stern, path: filepath.Join(dir, "stern")}
	if err := os.Setenv("GOBIN", dir); err != nil {
		return err
	}
	if _, err := gobuild.Go(ctx, dir, host, append(append([]string{"install"}, gobuild.ReleaseFlags("")...), stern)...); err != nil {
		return err
	}
	programs := []*program{ours, peer}
	// The first runs read the executables from the disk.
	for i := range n + 3 {
		// Neither always runs behind the other.
		for j := range programs {
			s, err := programs[(i+j)%2].help(ctx)
			if err != nil {
				return err
			}
			if i >= 3 {
				programs[(i+j)%2].samples = append(programs[(i+j)%2].samples, s)
			}
		}
	}
	return report(out, programs, n)
}

// program is an executable and what its runs took.
type program struct {
	name, path string
	samples    []sample
}

type sample struct {
	wall, cpu time.Duration
	memory    int64 // most resident, in bytes; 0 where the system does not tell
}

func (p *program) help(ctx context.Context) (sample, error) {
	cmd := exec.CommandContext(ctx, p.path, "--help")
	start := time.Now()
	out, err := cmd.CombinedOutput()
	s := sample{wall: time.Since(start)}
	if err != nil {
		return s, fmt.Errorf("%s --help: %w\n%s", p.name, err, out)
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.memory = mostResident(cmd.ProcessState)
	return s, nil
}

func report(out io.Writer, programs []*program, n int) error {
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Fprintf(out, "--help, %d runs each in turn: median (minimum–maximum); %s; load %s\n\n", n, runtime.Version(), strings.Join(strings.Fields(string(load) + " - - -")[:1], ""))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "program\twall\tCPU\tresident\tsize")
	for _, p := range programs {
		info, err := os.Stat(p.path)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.1f MB\t%.2f MB\n", p.name,
			spread(p.samples, func(s sample) float64 { return milliseconds(s.wall) }),
			spread(p.samples, func(s sample) float64 { return milliseconds(s.cpu) }),
			median(p.samples, func(s sample) float64 { return float64(s.memory) / 1e6 }),
			float64(info.Size())/1e6)
	}
	return table.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func sorted(samples []sample, of func(sample) float64) []float64 {
	values := make([]float64, 0, len(samples))
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values
}

func median(samples []sample, of func(sample) float64) float64 {
	return sorted(samples, of)[len(samples)/2]
}

func spread(samples []sample, of func(sample) float64) string {
	values := sorted(samples, of)
	return fmt.Sprintf("%.1f ms (%.1f–%.1f)", values[len(values)/2], values[0], values[len(values)-1])
}
