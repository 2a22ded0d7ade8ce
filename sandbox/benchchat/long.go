package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

const (
	// The size of the terminal.
	width, height = 120, 40
	// looks is how often memory is looked at, in equal distances. The first of them
	// counts as the beginning: by then all has happened that happens once.
	looks = 10
)

// watched is a process that takes the long answer.
type watched struct {
	name string
	pid  int
	held []measure.Memory
	used []time.Duration
}

func (w *watched) look() error {
	held, err := measure.MemoryOf(w.pid)
	if err != nil {
		return err
	}
	used, err := measure.CPUTime(w.pid)
	w.held, w.used = append(w.held, held), append(w.used, used)
	return err
}

// longAnswer measures the memory of a conversation on a terminal and of generate, while
// each takes one long answer.
func (b *bench) longAnswer(ctx context.Context) error {
	length := fmt.Sprint(int(b.long.Seconds())*tokensPerSecond + room)
	do := func(s *built.Sandbox) (err error) {
		cmd := s.Command(context.WithoutCancel(ctx), "kubectl-jetstream", "chat", deployment, "--template", "raw", "--max-tokens", length)
		cmd.Env = append(cmd.Env, "TERM=xterm-256color", "LANG=C.UTF-8")
		screen, err := terminal.Start(cmd, width, height, nil)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, screen.Close()) }()
		if err := talk(screen, "What is a TPU?"); err != nil {
			return err
		}
		var pieces atomic.Int64
		pipe, err := generate(ctx, s, length, &pieces)
		if err != nil {
			return err
		}
		defer func() {
			_ = pipe.Process.Kill()
			_ = pipe.Wait() // it was killed
		}()
		both := []*watched{{name: "chat on a terminal", pid: screen.PID()}, {name: "generate -o jsonl", pid: pipe.Process.Pid}}
		for range looks {
			if err := measure.Pause(ctx, b.long/looks); err != nil {
				return err
			}
			if err := errors.Join(both[0].look(), both[1].look()); err != nil {
				return err
			}
		}
		if text := screen.Text(); !strings.Contains(text, "answering") {
			return fmt.Errorf("the answer ended early; the screen:\n%s", text)
		}
		for _, w := range both {
			b.tellLong(w, pieces.Load())
		}
		return nil
	}
	// The model has room for a few such answers at once.
	return b.onModel(ctx, do, "--batch-size", "0.25", "--max-target-length", fmt.Sprint(int(b.long.Seconds())*tokensPerSecond+2*room))
}

// room is more than a prompt needs, in tokens, and than the tenth of a minute brings.
const room = 1024

// generate starts the command and counts the lines that it prints.
func generate(ctx context.Context, s *built.Sandbox, length string, lines *atomic.Int64) (*exec.Cmd, error) {
	cmd := s.Command(ctx, "kubectl-jetstream", "generate", "--raw", "-o", "jsonl", "--max-tokens", length, "What is a TPU?")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	go func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines.Add(1)
		}
	}()
	return cmd, cmd.Start()
}

// talk sends a prompt and waits for the first of its answer.
func talk(t *terminal.Terminal, prompt string) error {
	for _, step := range []struct{ keys, see string }{
		{"", "ask the model"},
		{prompt, prompt},
		{"\r", "answering"},
	} {
		if err := t.Press(step.keys); err != nil {
			return err
		}
		if text, ok := t.Await(patience, func(text string) bool { return strings.Contains(text, step.see) }); !ok {
			return fmt.Errorf("%q did not come; the screen:\n%s", step.see, text)
		}
	}
	return nil
}

func (b *bench) tellLong(w *watched, pieces int64) {
	last := len(w.held) - 1
	grown := w.held[last].Own - w.held[0].Own
	var own []string
	for _, m := range w.held {
		own = append(own, fmt.Sprint(m.Own>>20))
	}
	b.results.Add(measure.Result{
		What: fmt.Sprintf("memory over an answer of %s: %s", b.long, w.name), Target: "below " + measure.Megabytes(targetGrowth) + " more",
		Figure: fmt.Sprintf("%+.1f MB from the first tenth to the last: %s MB its own; %s resident at the end, peak %s; about %d tokens",
			float64(grown)/(1<<20), strings.Join(own, ", "), measure.Megabytes(w.held[last].Total), measure.Megabytes(w.held[last].Peak), pieces),
		CPU:    fmt.Sprintf("%.1f %% of one processor", 100*(w.used[last]-w.used[0]).Seconds()/(b.long.Seconds()*(looks-1)/looks)),
		Missed: grown >= targetGrowth,
	})
}
