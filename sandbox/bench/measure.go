package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	results  table
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

func (b *bench) add(r result) {
	r.load = load()
	b.results = append(b.results, r)
}

// with runs a part on a sandbox of its own.
func (b *bench) with(ctx context.Context, options []string, do func(*sandbox) error) error {
	s, err := b.start(ctx, options...)
	if err != nil {
		return err
	}
	err = do(s)
	select {
	case <-s.ended:
	default:
		_, stopErr := s.stop(context.WithoutCancel(ctx))
		err = errors.Join(err, stopErr)
	}
	return errors.Join(err, s.remove())
}

func (b *bench) starts(ctx context.Context) error {
	var registered, used, stopped []time.Duration
	var left []string
	for range repeats {
		err := b.with(ctx, nil, func(s *sandbox) error {
			if err := s.nodesReady(ctx, 9); err != nil {
				return err
			}
			registered = append(registered, time.Since(s.begin))
			cpu, err := cpuTime(s.pid())
			if err != nil {
				return err
			}
			used = append(used, cpu)
			if err := s.up(ctx); err != nil {
				return err
			}
			took, err := s.stop(ctx)
			if err != nil {
				return err
			}
			stopped = append(stopped, took)
			more, err := s.leftovers()
			left = append(left, more...)
			return err
		})
		if err != nil {
			return err
		}
	}
	b.add(result{
		what: "9 nodes registered and Ready, from the start of the process", target: "2.0 s",
		figure: spread(registered), cpu: seconds(median(used)), missed: median(registered) > targetRegistered,
	})
	b.add(result{
		what: "clean shutdown", target: "1.5 s", figure: spread(stopped), missed: median(stopped) >= targetStop,
	})
	b.add(result{
		what: "processes and files outside --dir left by that", target: "none", figure: orNone(left), missed: len(left) > 0,
	})
	return nil
}

func (b *bench) small(ctx context.Context) error {
	return b.with(ctx, nil, func(s *sandbox) error {
		if err := errors.Join(s.nodesReady(ctx, 9), s.up(ctx)); err != nil {
			return err
		}
		if err := b.installLWS(ctx, s); err != nil {
			return err
		}
		if err := b.groups(ctx, s, "group of 5 pods Running, from apply", "4x4", 5, "1 s", targetGroup); err != nil {
			return err
		}
		if err := s.create(ctx, group("idle", "4x4", 5)); err != nil {
			return err
		}
		if err := s.running(ctx, "idle", 5); err != nil {
			return err
		}
		return b.rest(ctx, s, "with 9 nodes, LeaderWorkerSet and a group of 5 pods", targetMemory, targetIdle)
	})
}

// installLWS installs LeaderWorkerSet and waits until its webhook answers.
func (b *bench) installLWS(ctx context.Context, s *sandbox) error {
	begin := time.Now()
	if err := b.kubectl(ctx, s, "apply", "--server-side", "-f", b.lws); err != nil {
		return err
	}
	err := s.until(ctx, "the webhook of LeaderWorkerSet", func() error {
		_, err := s.objects.Resource(lwsResource).Namespace(corev1.NamespaceDefault).
			Create(ctx, group("probe", "4x4", 2), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
	if err != nil {
		return err
	}
	b.add(result{what: "LeaderWorkerSet installed, its webhook answers, from apply", figure: seconds(time.Since(begin))})
	return nil
}

// groups measures how long a group takes from its creation until all pods run.
func (b *bench) groups(ctx context.Context, s *sandbox, what, topology string, size int, target string, limit time.Duration) error {
	var walls, used []time.Duration
	for i := range repeats {
		name := fmt.Sprintf("g%d", i)
		before, err := cpuTime(s.pid())
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := errors.Join(s.create(ctx, group(name, topology, size)), s.running(ctx, name, size)); err != nil {
			return err
		}
		walls = append(walls, time.Since(begin))
		after, err := cpuTime(s.pid())
		if err != nil {
			return err
		}
		used = append(used, after-before)
		if err := s.delete(ctx, name); err != nil {
			return err
		}
	}
	b.add(result{what: what, target: target, figure: spread(walls), cpu: seconds(median(used)), missed: median(walls) > limit})
	return nil
}

// rest measures a sandbox that has nothing to do. Limits of zero are none.
func (b *bench) rest(ctx context.Context, s *sandbox, state string, limit int64, share float64) error {
	if err := pause(ctx, settle); err != nil {
		return err
	}
	before, err := cpuTime(s.pid())
	if err != nil {
		return err
	}
	if err := pause(ctx, idle); err != nil {
		return err
	}
	after, err := cpuTime(s.pid())
	if err != nil {
		return err
	}
	held, err := memoryOf(s.pid())
	if err != nil {
		return err
	}
	memoryResult := result{
		what:   "memory of the main process, steady, " + state,
		figure: fmt.Sprintf("%s (%s its own, peak %s)", megabytes(held.total), megabytes(held.anonymous), megabytes(held.peak)),
	}
	idleResult := result{what: "idle, " + state, cpu: fmt.Sprintf("%.1f %% of one processor", 100*(after-before).Seconds()/idle.Seconds())}
	if limit > 0 {
		memoryResult.target, memoryResult.missed = megabytes(limit), held.total > limit
		idleResult.target, idleResult.missed = fmt.Sprintf("%.0f %%", share), 100*(after-before).Seconds()/idle.Seconds() > share
	}
	b.add(memoryResult)
	b.add(idleResult)
	return b.children(s)
}

// children adds up what the controller's processes hold.
func (b *bench) children(s *sandbox) error {
	pids, err := processes(s.dir)
	if err != nil {
		return err
	}
	var each []string
	for _, pid := range pids {
		if pid == s.pid() {
			continue
		}
		held, err := memoryOf(pid)
		if err != nil {
			return err
		}
		each = append(each, fmt.Sprintf("%s (%s its own)", megabytes(held.total), megabytes(held.anonymous)))
	}
	if len(each) > 0 {
		b.add(result{what: "memory of the LeaderWorkerSet processes", figure: strings.Join(each, ", ")})
	}
	return nil
}

func (b *bench) bigGroup(ctx context.Context) error {
	return b.with(ctx, []string{"--pool", "name=big,topology=16x16"}, func(s *sandbox) error {
		if err := errors.Join(s.nodesReady(ctx, 65), s.up(ctx)); err != nil {
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
	return b.with(ctx, options, func(s *sandbox) error {
		if err := s.nodesReady(ctx, 1100); err != nil {
			return err
		}
		wall := time.Since(s.begin)
		cpu, err := cpuTime(s.pid())
		if err != nil {
			return err
		}
		b.add(result{what: "1,100 nodes registered and Ready, from the start of the process", figure: seconds(wall), cpu: seconds(cpu)})
		if err := s.up(ctx); err != nil {
			return err
		}
		return b.rest(ctx, s, "with 1,100 nodes", 0, 0)
	})
}

func (b *bench) killed(ctx context.Context) error {
	return b.with(ctx, nil, func(s *sandbox) error {
		if err := errors.Join(s.nodesReady(ctx, 9), s.up(ctx)); err != nil {
			return err
		}
		if err := b.installLWS(ctx, s); err != nil {
			return err
		}
		before, err := processes(s.dir)
		if err != nil {
			return err
		}
		if len(before) < 2 {
			return fmt.Errorf("the sandbox has no child, and its kill would show nothing: processes %v", before)
		}
		begin := time.Now()
		if err := s.kill(); err != nil {
			return err
		}
		var left []int
		for len(left) == 0 || time.Since(begin) < time.Second {
			if left, err = processes(s.dir); err != nil || len(left) == 0 {
				break
			}
		}
		figure := "none"
		if len(left) > 0 {
			figure = fmt.Sprint(left)
		}
		b.add(result{what: "children left by SIGKILL of the parent", target: "none", figure: figure, missed: len(left) > 0})
		return err
	})
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
