package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
)

const (
	// parallel is how many streams run at once, tokens how long each is.
	parallel, tokens = 64, 1000
	// rounds is how often all of them run in each way.
	rounds = 3
)

// streams measures whether many streams keep up with the model. On a busy machine the
// simulated model does not keep its own pace, so what counts is how many steps it is
// ahead of a stream when that has its last token.
func (b *bench) streams(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return b.onModel(ctx, func(s *built.Sandbox) error {
		f, err := portForward(ctx, s)
		if err != nil {
			return err
		}
		count, length := fmt.Sprint(parallel), fmt.Sprint(tokens)
		plugins := append([]string{filepath.Join(b.bin, "kubectl-jetstream")}, b.others...)
		ways := make([]many, 1+len(plugins))
		for range rounds {
			for i := range ways {
				var cmd *exec.Cmd
				var beside []int
				if i == 0 {
					cmd = exec.CommandContext(ctx, self, plainClient, "-url", f.url, "-max-tokens", length, "-samples", count)
					cmd.Stdin = strings.NewReader("What is a TPU?\n")
					beside = []int{f.cmd.Process.Pid}
				} else {
					cmd = s.Command(ctx, "kubectl-jetstream", "generate", "--raw", "-o", "jsonl", "--max-tokens", length, "--samples", count, "What is a TPU?")
					cmd.Path = plugins[i-1]
				}
				err = errors.Join(err, withWitness(ctx, s, func(w *witness) error { return ways[i].run(cmd, w, beside...) }))
			}
		}
		if err = errors.Join(err, f.close()); err != nil {
			return err
		}
		what := fmt.Sprintf("%d streams of %d tokens at %d a second: ", parallel, tokens, tokensPerSecond)
		b.results.Add(ways[0].result(what + "plain client and kubectl port-forward"))
		for i, plugin := range plugins {
			result := ways[1+i].result(what + filepath.Base(plugin) + " generate")
			behind := ways[1+i].behind // sorted
			result.Target = fmt.Sprintf("%d steps behind", targetSteps)
			result.Missed = behind[(len(behind)-1)*99/100] > targetSteps
			b.results.Add(result)
		}
		return nil
	})
}

// many is all times that the streams ran in one way.
type many struct {
	pace, paceOfModel []float64 // tokens a second of each stream
	behind            []int     // steps of the model that were not there yet at the end
	used              time.Duration
}

// run runs a command to its end and reads the measures of all streams.
func (m *many) run(cmd *exec.Cmd, model *witness, beside ...int) error {
	before, err := usedBy(beside)
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	type ended struct {
		measures
		at time.Time
	}
	var all []ended
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), `"totalSeconds"`) {
			continue
		}
		e := ended{at: time.Now()}
		if err := json.Unmarshal(lines.Bytes(), &e.measures); err != nil {
			return fmt.Errorf("%q: %w", lines.Text(), err)
		}
		all = append(all, e)
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil {
		return err
	}
	if len(all) != parallel {
		return fmt.Errorf("%d of %d streams came to their end", len(all), parallel)
	}
	after, err := usedBy(beside)
	if err != nil {
		return err
	}
	m.used += after - before + cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	for _, e := range all {
		took := e.TotalSeconds - e.FirstTextSeconds
		steps, err := model.steps(e.at, took)
		if err != nil {
			return err
		}
		m.pace = append(m.pace, float64(tokens)/took)
		m.paceOfModel = append(m.paceOfModel, float64(steps)/took)
		// The first token is no step, and the end is one.
		m.behind = append(m.behind, steps-tokens)
	}
	return nil
}

func usedBy(pids []int) (time.Duration, error) {
	total := time.Duration(0)
	for _, pid := range pids {
		used, err := measure.CPUTime(pid)
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

func (m *many) result(what string) measure.Result {
	median := func(values []float64) float64 {
		slices.Sort(values)
		return values[len(values)/2]
	}
	slices.Sort(m.behind)
	last := len(m.behind) - 1
	return measure.Result{
		What: what,
		Figure: fmt.Sprintf("%.1f tokens/s, of %.1f that the model makes (medians); at the last token %d steps behind (median, 99th percentile %d, n=%d)",
			median(m.pace), median(m.paceOfModel), m.behind[last/2], m.behind[last*99/100], len(m.behind)),
		CPU: fmt.Sprintf("%s a token", (m.used / time.Duration(len(m.behind)*tokens)).Round(100*time.Nanosecond)),
	}
}
