package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
)

const (
	// prompts is how many are sent in each way, after warmPrompts that do not count.
	prompts, warmPrompts = 400, 20
	// The pauses between prompts are chance, as equal ones would fall into step with
	// something.
	leastGap, mostGap = 2 * time.Millisecond, 20 * time.Millisecond
	// firstTokens is the length of these answers.
	firstTokens = "2"
)

// way is a program that answers each line of its standard input.
type way struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader

	// pids are the processes whose time counts, used is what they have used.
	pids []int
	used time.Duration
	took []time.Duration
}

func openWay(name string, cmd *exec.Cmd, beside ...int) (*way, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &way{name: name, cmd: cmd, in: in, out: bufio.NewReader(out), pids: append(beside, cmd.Process.Pid)}, nil
}

// ask sends a prompt and returns the time until the first of its answer is there, when
// all of it is.
func (w *way) ask(prompt string) (time.Duration, error) {
	begin := time.Now()
	if _, err := io.WriteString(w.in, prompt+"\n"); err != nil {
		return 0, fmt.Errorf("%s: %w", w.name, err)
	}
	_, err := w.out.ReadByte()
	took := time.Since(begin)
	if err == nil {
		_, err = w.out.ReadString('\n')
	}
	if err != nil {
		return 0, fmt.Errorf("%s: reading an answer: %w", w.name, err)
	}
	return took, nil
}

func (w *way) cpu() (time.Duration, error) {
	total := time.Duration(0)
	for _, pid := range w.pids {
		used, err := measure.CPUTime(pid)
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

func (w *way) close() error {
	_ = w.in.Close()
	return w.cmd.Wait()
}

// first measures the time from a prompt to the first text of its answer: of a
// conversation of the plugin, whose tunnel is open, and of the plain client on an open
// port-forward.
func (b *bench) first(ctx context.Context) error {
	return b.onModel(ctx, func(s *built.Sandbox) error {
		f, err := portForward(ctx, s)
		if err != nil {
			return err
		}
		ways, err := b.ways(ctx, s, f)
		if err == nil {
			err = takeTurns(ctx, ways)
		}
		for _, w := range ways {
			err = errors.Join(err, w.close())
		}
		if err = errors.Join(err, f.close()); err != nil {
			return err
		}
		b.tellFirst(ways)
		return nil
	})
}

// ways are the plain one, and then those to compare with it.
func (b *bench) ways(ctx context.Context, s *built.Sandbox, f *forward) ([]*way, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	talk := []string{"chat", deployment, "--template", "raw", "--max-tokens", firstTokens}
	var ways []*way
	open := func(name string, cmd *exec.Cmd, beside ...int) {
		if err == nil {
			var w *way
			if w, err = openWay(name, cmd, beside...); err == nil {
				ways = append(ways, w)
			}
		}
	}
	open("plain client and kubectl port-forward", exec.CommandContext(ctx, self, plainClient, "-url", f.url, "-max-tokens", firstTokens), f.cmd.Process.Pid)
	open("kubectl jetstream chat", s.Command(ctx, "kubectl-jetstream", talk...))
	for _, other := range b.others {
		cmd := s.Command(ctx, "kubectl-jetstream", talk...)
		cmd.Path = other
		open(filepath.Base(other), cmd)
	}
	return ways, err
}

// takeTurns sends prompts in all ways, in an order of chance.
func takeTurns(ctx context.Context, ways []*way) error {
	chance := rand.New(rand.NewPCG(1, 2))
	order := slices.Clone(ways)
	for i := range warmPrompts + prompts {
		if i == warmPrompts {
			for _, w := range ways {
				used, err := w.cpu()
				if err != nil {
					return err
				}
				w.took, w.used = nil, -used
			}
		}
		chance.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, w := range order {
			if err := measure.Pause(ctx, leastGap+time.Duration(chance.Int64N(int64(mostGap-leastGap)))); err != nil {
				return err
			}
			took, err := w.ask("What is a TPU?")
			if err != nil {
				return err
			}
			w.took = append(w.took, took)
		}
	}
	for _, w := range ways {
		used, err := w.cpu()
		if err != nil {
			return err
		}
		w.used += used
	}
	return nil
}

func (b *bench) tellFirst(ways []*way) {
	least := measure.Median(ways[0].took)
	for i, w := range ways {
		slices.Sort(w.took)
		at := func(percent int) string { return milliseconds(percentile(w.took, percent)) }
		b.results.Add(measure.Result{
			What:   "prompt to first text: " + w.name,
			Figure: fmt.Sprintf("%s (90th percentile %s, 99th %s, n=%d)", at(50), at(90), at(99), len(w.took)),
			CPU:    fmt.Sprintf("%s a prompt", milliseconds(w.used/time.Duration(len(w.took)))),
		})
		if i == 0 {
			continue
		}
		added := measure.Median(w.took) - least
		b.results.Add(measure.Result{
			What: "that adds, at the median", Target: milliseconds(targetAdded), Missed: added >= targetAdded,
			Figure: fmt.Sprintf("%s (%.2f times)", milliseconds(added), measure.Median(w.took).Seconds()/least.Seconds()),
			CPU:    fmt.Sprintf("%.2f times", w.used.Seconds()/ways[0].used.Seconds()),
		})
	}
}
