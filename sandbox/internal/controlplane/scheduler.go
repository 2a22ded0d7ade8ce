package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/component-base/configz"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// prepareScheduler reads the scheduler's options and returns what runs it.
//
// kube-scheduler ends its process when its watch was interrupted and a pod has been
// replaced meanwhile by another one of the same name, as after a restart of the API
// server (pkg/scheduler/backend/cache). A control plane's kubelet starts it anew then.
// Here it shares the process, so its life ends instead, and another one begins.
func prepareScheduler(keys *pki) (func(context.Context) error, error) {
	s := options.NewOptions()
	flags := pflag.NewFlagSet("kube-scheduler", pflag.ContinueOnError)
	for _, f := range s.Flags.FlagSets {
		flags.AddFlagSet(f)
	}
	err := flags.Parse([]string{
		"--kubeconfig=" + keys.path("scheduler.kubeconfig"),
		"--secure-port=0",
		"--leader-elect=false",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
	})
	if err != nil {
		return nil, fmt.Errorf("parsing the flags of kube-scheduler: %w", err)
	}
	exits := make(chan struct{}, 1)
	klog.OsExit = exitOf(schedulerPackages, exits, os.Exit)
	return func(ctx context.Context) error {
		return lives(ctx, exits, func(life context.Context) error {
			configz.Delete("componentconfig") // that of the life before
			config, scheduler, err := app.Setup(life, s)
			if err != nil {
				return fmt.Errorf("configuring: %w", err)
			}
			return app.Run(life, config, scheduler)
		})
	}, nil
}

// schedulerPackages is where the scheduler's own packages are.
const schedulerPackages = "k8s.io/kubernetes/pkg/scheduler/"

// exitOf is what ends the process, unless one of some packages asks for it: then only
// the calling goroutine ends, with what it has deferred, and exits is told.
func exitOf(packages string, exits chan<- struct{}, exit func(code int)) func(code int) {
	return func(code int) {
		if !calledBy(packages) {
			exit(code)
			return
		}
		select {
		case exits <- struct{}{}:
		default: // it is ending already
		}
		runtime.Goexit()
	}
}

// calledBy reports whether a function of the packages below a path is among the callers.
func calledBy(path string) bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, path) {
			return true
		}
		if !more {
			return false
		}
	}
}

const (
	// schedulerPause is how long the scheduler stays away after an exit.
	schedulerPause = time.Second
	// schedulerEnd is how long an ending life is waited for: what it holds may never be
	// let go, since one of its goroutines has ended on the way.
	schedulerEnd = 5 * time.Second
)

var errExited = errors.New("it has ended its process")

// lives runs a component, and once more each time that it exits, until ctx ends or it
// fails.
func lives(ctx context.Context, exits <-chan struct{}, run func(context.Context) error) error {
	for {
		life, end := context.WithCancelCause(ctx)
		ended := make(chan error, 1)
		go func() { ended <- run(life) }()
		select {
		case err := <-ended:
			end(nil)
			return err
		case <-exits:
			end(errExited)
		}
		select {
		case <-ended: //nolint:errcheck // it was told to end, whatever it says
		case <-time.After(schedulerEnd):
		}
		select {
		case <-time.After(schedulerPause):
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-exits: // of the life that has ended
		default:
		}
	}
}
