package controlplane

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// prepareScheduler reads the scheduler's options and returns what runs it.
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
	return func(ctx context.Context) error {
		config, scheduler, err := app.Setup(ctx, s)
		if err != nil {
			return fmt.Errorf("configuring: %w", err)
		}
		return app.Run(ctx, config, scheduler)
	}, nil
}
