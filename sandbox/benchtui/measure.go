package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

// The targets.
const (
	targetKey    = 16 * time.Millisecond
	targetIdle   = 0.5 // percent of one processor
	targetFirst  = time.Second
	targetMemory = 90 << 20
)

const (
	// settle is how long a dashboard is left alone before it is watched, and idle for
	// how long its processor time is then. What observes a deployment looks often for
	// a while after a change.
	settle = 60 * time.Second
	idle   = 20 * time.Second
	// patience bounds the wait for a screen.
	patience = 2 * time.Minute
	// The size of the terminal.
	width, height = 120, 40
	// speed divides the sandbox's durations, until all is in place.
	speed = "20"
)

// bench collects results.
type bench struct {
	bin, lws string
	only     string // a part of the names of what to measure
	log      io.Writer
	results  measure.Table
}

func (b *bench) measure(ctx context.Context) error {
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"keys while lines arrive", b.keys},
		{"idle with 65 pods", b.slice},
		{"1,040 pods", b.manyPods},
	} {
		if !strings.Contains(part.name, b.only) {
			continue
		}
		fmt.Fprintf(b.log, "measuring: %s\n", part.name)
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("measuring %s: %w", part.name, err)
		}
	}
	return nil
}

// onSlice runs a group of 65 pods that do what the arguments say, and the dashboard
// beside it.
func (b *bench) onSlice(ctx context.Context, do func(*built.Sandbox, *dashboard) error, args ...string) error {
	options := []string{"--speed", speed, "--pool", "name=big,topology=16x16"}
	return built.With(ctx, b.bin, options, func(s *built.Sandbox) error {
		if err := errors.Join(s.NodesReady(ctx, 65), s.Up(ctx)); err != nil {
			return err
		}
		if err := s.InstallLWS(ctx, b.lws); err != nil {
			return err
		}
		if err := errors.Join(s.Create(ctx, built.Group("big", "16x16", 65, args...)), s.Running(ctx, "big", 65)); err != nil {
			return err
		}
		d, err := open(s.Command(context.WithoutCancel(ctx), "kubectl-jetstream", "monitor", "big"))
		if err != nil {
			return err
		}
		return errors.Join(do(s, d), d.leave())
	})
}

// dashboard is the plugin in a terminal.
type dashboard struct {
	*terminal.Terminal
	eye *eye
}

// open starts the plugin.
func open(cmd *exec.Cmd) (*dashboard, error) {
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "LANG=C.UTF-8")
	d := &dashboard{eye: newEye()}
	term, err := terminal.Start(cmd, width, height, d.eye.look)
	if err != nil {
		return nil, err
	}
	d.Terminal = term
	d.eye.on(term)
	return d, nil
}

// see waits until all texts are on the screen.
func (d *dashboard) see(texts ...string) (string, error) {
	screen, ok := d.Await(patience, func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
	if !ok {
		return "", fmt.Errorf("%q did not come; the screen:\n%s", texts, screen)
	}
	return screen, nil
}

// leave ends the plugin as a person does.
func (d *dashboard) leave() error {
	err := d.Press("q")
	select {
	case <-d.Ended():
	case <-time.After(patience):
		err = errors.Join(err, errors.New("the dashboard does not end"))
	}
	return errors.Join(err, d.Close())
}

// rest measures a dashboard with nothing to do. Limits of zero are none.
func (b *bench) rest(ctx context.Context, d *dashboard, state string, limit int64, most float64) error {
	if err := measure.Pause(ctx, settle); err != nil {
		return err
	}
	used, err := usedIn(ctx, d.PID(), idle)
	if err != nil {
		return err
	}
	held, err := measure.MemoryOf(d.PID())
	if err != nil {
		return err
	}
	share := 100 * used.Seconds() / idle.Seconds()
	idling := measure.Result{What: "idle, " + state, CPU: fmt.Sprintf("%.2f %% of one processor", share)}
	if most > 0 {
		idling.Target, idling.Missed = fmt.Sprintf("%.1f %%", most), share >= most
	}
	b.results.Add(idling)
	memory := measure.Result{
		What:   "memory, " + state,
		Figure: fmt.Sprintf("%s (%s its own, peak %s)", measure.Megabytes(held.Total), measure.Megabytes(held.Own), measure.Megabytes(held.Peak)),
	}
	if limit > 0 {
		memory.Target, memory.Missed = measure.Megabytes(limit), held.Total >= limit
	}
	b.results.Add(memory)
	return nil
}

// usedIn is the processor time that a process uses in a while.
func usedIn(ctx context.Context, pid int, while time.Duration) (time.Duration, error) {
	before, err := measure.CPUTime(pid)
	if err != nil {
		return 0, err
	}
	if err := measure.Pause(ctx, while); err != nil {
		return 0, err
	}
	after, err := measure.CPUTime(pid)
	return after - before, err
}

func (b *bench) slice(ctx context.Context) error {
	return b.onSlice(ctx, func(_ *built.Sandbox, d *dashboard) error {
		if _, err := d.see("65/65"); err != nil {
			return err
		}
		return b.rest(ctx, d, "65 pods of one group on a 16x16 slice", 0, targetIdle)
	})
}
