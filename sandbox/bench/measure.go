package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
)

// The targets.
const (
	targetRegistered = 2 * time.Second
	targetGroup      = time.Second
	targetBigGroup   = 5 * time.Second
	targetMemory     = 400 << 20
	targetIdle       = 5.0 // percent of one processor
	targetStop       = 1500 * time.Millisecond
)

const (
	// repeats is how often what varies is measured; the median counts.
	repeats = 5
	// settle is how long a sandbox is left alone before its memory is looked at, and
	// idle for how long its processor time is watched then.
	settle = 30 * time.Second
	idle   = 30 * time.Second
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
		{"starting and stopping", b.starts},
		{"groups, memory and idling with 9 nodes", b.small},
		{"a group of 65 pods", b.bigGroup},
		{"1,100 nodes", b.manyNodes},
		{"killing", b.killed},
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

func (b *bench) starts(ctx context.Context) error {
	var registered, used, stopped []time.Duration
	var left []string
	for range repeats {
		err := built.With(ctx, b.bin, nil, func(s *built.Sandbox) error {
			if err := s.NodesReady(ctx, 9); err != nil {
				return err
			}
			registered = append(registered, time.Since(s.Begin))
			cpu, err := measure.CPUTime(s.PID())
			if err != nil {
				return err
			}
			used = append(used, cpu)
			if err := s.Up(ctx); err != nil {
				return err
			}
			took, err := s.Stop(ctx)
			if err != nil {
				return err
			}
			stopped = append(stopped, took)
			more, err := s.Leftovers()
			left = append(left, more...)
			return err
		})
		if err != nil {
			return err
		}
	}
	b.results.Add(measure.Result{
		What: "9 nodes registered and Ready, from the start of the process", Target: "2.0 s",
		Figure: measure.Spread(registered), CPU: measure.Seconds(measure.Median(used)), Missed: measure.Median(registered) > targetRegistered,
	})
	b.results.Add(measure.Result{
		What: "clean shutdown", Target: "1.5 s", Figure: measure.Spread(stopped), Missed: measure.Median(stopped) >= targetStop,
	})
	b.results.Add(measure.Result{
		What: "processes and files outside --dir left by that", Target: "none", Figure: measure.OrNone(left), Missed: len(left) > 0,
	})
	return nil
}

func (b *bench) small(ctx context.Context) error {
	return built.With(ctx, b.bin, nil, func(s *built.Sandbox) error {
		if err := errors.Join(s.NodesReady(ctx, 9), s.Up(ctx)); err != nil {
			return err
		}
		if err := b.installLWS(ctx, s); err != nil {
			return err
		}
		if err := b.groups(ctx, s, "group of 5 pods Running, from apply", "4x4", 5, "1 s", targetGroup); err != nil {
			return err
		}
		if err := s.Create(ctx, built.Group("idle", "4x4", 5)); err != nil {
			return err
		}
		if err := s.Running(ctx, "idle", 5); err != nil {
			return err
		}
		return b.rest(ctx, s, "with 9 nodes, LeaderWorkerSet and a group of 5 pods", targetMemory, targetIdle)
	})
}

// installLWS installs LeaderWorkerSet.
func (b *bench) installLWS(ctx context.Context, s *built.Sandbox) error {
	begin := time.Now()
	if err := s.InstallLWS(ctx, b.lws); err != nil {
		return err
	}
	b.results.Add(measure.Result{What: "LeaderWorkerSet installed, its webhook answers, from apply", Figure: measure.Seconds(time.Since(begin))})
	return nil
}

// groups measures how long a group takes from its creation until all pods run.
func (b *bench) groups(ctx context.Context, s *built.Sandbox, what, topology string, size int, target string, limit time.Duration) error {
	var walls, used []time.Duration
	for i := range repeats {
		name := fmt.Sprintf("g%d", i)
		before, err := measure.CPUTime(s.PID())
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := errors.Join(s.Create(ctx, built.Group(name, topology, size)), s.Running(ctx, name, size)); err != nil {
			return err
		}
		walls = append(walls, time.Since(begin))
		after, err := measure.CPUTime(s.PID())
		if err != nil {
			return err
		}
		used = append(used, after-before)
		if err := s.Delete(ctx, name); err != nil {
			return err
		}
	}
	b.results.Add(measure.Result{What: what, Target: target, Figure: measure.Spread(walls), CPU: measure.Seconds(measure.Median(used)), Missed: measure.Median(walls) > limit})
	return nil
}

// rest measures a sandbox that has nothing to do. Limits of zero are none.
func (b *bench) rest(ctx context.Context, s *built.Sandbox, state string, limit int64, share float64) error {
	if err := measure.Pause(ctx, settle); err != nil {
		return err
	}
	before, err := measure.CPUTime(s.PID())
	if err != nil {
		return err
	}
	if err := measure.Pause(ctx, idle); err != nil {
		return err
	}
	after, err := measure.CPUTime(s.PID())
	if err != nil {
		return err
	}
	held, err := measure.MemoryOf(s.PID())
	if err != nil {
		return err
	}
	memoryResult := measure.Result{
		What:   "memory of the main process, steady, " + state,
		Figure: fmt.Sprintf("%s (%s its own, peak %s)", measure.Megabytes(held.Total), measure.Megabytes(held.Own), measure.Megabytes(held.Peak)),
	}
	idleResult := measure.Result{What: "idle, " + state, CPU: fmt.Sprintf("%.1f %% of one processor", 100*(after-before).Seconds()/idle.Seconds())}
	if limit > 0 {
		memoryResult.Target, memoryResult.Missed = measure.Megabytes(limit), held.Total > limit
		idleResult.Target, idleResult.Missed = fmt.Sprintf("%.0f %%", share), 100*(after-before).Seconds()/idle.Seconds() > share
	}
	b.results.Add(memoryResult)
	b.results.Add(idleResult)
	return b.children(s)
}

// children adds up what the controller's processes hold.
func (b *bench) children(s *built.Sandbox) error {
	pids, err := measure.Processes(s.Dir)
	if err != nil {
		return err
	}
	var each []string
	for _, pid := range pids {
		if pid == s.PID() {
			continue
		}
		held, err := measure.MemoryOf(pid)
		if err != nil {
			return err
		}
		each = append(each, fmt.Sprintf("%s (%s its own)", measure.Megabytes(held.Total), measure.Megabytes(held.Own)))
	}
	if len(each) > 0 {
		b.results.Add(measure.Result{What: "memory of the LeaderWorkerSet processes", Figure: strings.Join(each, ", ")})
	}
	return nil
}

func (b *bench) bigGroup(ctx context.Context) error {
	return built.With(ctx, b.bin, []string{"--pool", "name=big,topology=16x16"}, func(s *built.Sandbox) error {
		if err := errors.Join(s.NodesReady(ctx, 65), s.Up(ctx)); err != nil {
			return err
		}
		if err := b.installLWS(ctx, s); err != nil {
			return err
		}
		return b.groups(ctx, s, "group of 65 pods (16x16) Running, from apply", "16x16", 65, "5 s", targetBigGroup)
	})
}

func (b *bench) manyNodes(ctx context.Context) error {
	options := []string{"--pool", "name=big,topology=16x16,count=17", "--pool", "name=cpu,machine=n2-standard-32,count=12"}
	return built.With(ctx, b.bin, options, func(s *built.Sandbox) error {
		if err := s.NodesReady(ctx, 1100); err != nil {
			return err
		}
		wall := time.Since(s.Begin)
		cpu, err := measure.CPUTime(s.PID())
		if err != nil {
			return err
		}
		b.results.Add(measure.Result{What: "1,100 nodes registered and Ready, from the start of the process", Figure: measure.Seconds(wall), CPU: measure.Seconds(cpu)})
		if err := s.Up(ctx); err != nil {
			return err
		}
		return b.rest(ctx, s, "with 1,100 nodes", 0, 0)
	})
}

func (b *bench) killed(ctx context.Context) error {
	return built.With(ctx, b.bin, nil, func(s *built.Sandbox) error {
		if err := errors.Join(s.NodesReady(ctx, 9), s.Up(ctx)); err != nil {
			return err
		}
		if err := b.installLWS(ctx, s); err != nil {
			return err
		}
		before, err := measure.Processes(s.Dir)
		if err != nil {
			return err
		}
		if len(before) < 2 {
			return fmt.Errorf("the sandbox has no child, and its kill would show nothing: processes %v", before)
		}
		begin := time.Now()
		if err := s.Kill(); err != nil {
			return err
		}
		var left []int
		for len(left) == 0 || time.Since(begin) < time.Second {
			if left, err = measure.Processes(s.Dir); err != nil || len(left) == 0 {
				break
			}
		}
		figure := "none"
		if len(left) > 0 {
			figure = fmt.Sprint(left)
		}
		b.results.Add(measure.Result{What: "children left by SIGKILL of the parent", Target: "none", Figure: figure, Missed: len(left) > 0})
		return err
	})
}
