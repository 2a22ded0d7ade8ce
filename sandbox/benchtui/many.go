package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
)

const (
	// groups of 65 pods are 1,040 pods.
	groups = 16
	// starts is how often a start is measured; the median counts.
	starts = 5
)

// manyPods measures a dashboard of 1,040 pods.
func (b *bench) manyPods(ctx context.Context) error {
	var walls, whole, used []time.Duration
	for range starts {
		err := b.onAPI(newObjects(groups, time.Now()), func(a *api, d *dashboard, begin time.Time) error {
			at, err := d.complete()
			if err != nil {
				return err
			}
			cpu, err := measure.CPUTime(d.PID())
			walls, whole, used = append(walls, at.Sub(a.firstList())), append(whole, at.Sub(begin)), append(used, cpu)
			return err
		})
		if err != nil {
			return err
		}
	}
	b.results.Add(measure.Result{
		What: "1,040 pods: first complete screen, from the first answer to a list", Target: measure.Seconds(targetFirst),
		Figure: measure.Spread(walls), CPU: measure.Seconds(measure.Median(used)), Missed: measure.Median(walls) >= targetFirst,
	})
	b.results.Add(measure.Result{What: "the same, from the start of the process", Figure: measure.Spread(whole)})
	return b.onAPI(newObjects(groups, time.Now()), func(_ *api, d *dashboard, _ time.Time) error {
		if _, err := d.complete(); err != nil {
			return err
		}
		return b.rest(ctx, d, "1,040 pods in 16 groups, silent logs", targetMemory, 0)
	})
}

// complete waits until the screen shows all groups with all their pods, and returns
// when it did.
func (d *dashboard) complete() (time.Time, error) {
	screen, ok := d.Await(patience, func(screen string) bool {
		return strings.Count(screen, "65/65 Ready") == groups && strings.Contains(screen, "READY")
	})
	if !ok {
		return time.Time{}, fmt.Errorf("not all groups came; the screen:\n%s", screen)
	}
	return time.Now(), nil
}

// onAPI runs the dashboard against an API server that stands in for a large cluster.
func (b *bench) onAPI(o objects, do func(*api, *dashboard, time.Time) error, prepare ...func(*api)) error {
	dir, err := os.MkdirTemp("", "benchtui")
	if err != nil {
		return err
	}
	a := startAPI(o)
	for _, p := range prepare {
		p(a)
	}
	err = func() error {
		config, err := a.kubeconfig(dir)
		if err != nil {
			return err
		}
		// It outlives every context so that it can be left in order.
		cmd := exec.Command(filepath.Join(b.bin, "kubectl-jetstream"), "monitor", deployment) //nolint:noctx // see above
		cmd.Env = append(os.Environ(), "KUBECONFIG="+config, "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
		begin := time.Now()
		d, err := open(cmd)
		if err != nil {
			return err
		}
		return errors.Join(do(a, d, begin), d.leave())
	}()
	a.close()
	return errors.Join(err, os.RemoveAll(dir))
}
