package controlplane

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
)

// controllers are all that run by default, less those that need a cloud, disks or a
// signing authority. Fewer would spare little memory and make the cluster less real.
var controllers = strings.Join([]string{
	"*",
	"-certificatesigningrequest-signing-controller",
	"-ephemeral-volume-controller",
	"-node-ipam-controller",
	"-persistentvolume-attach-detach-controller",
	"-persistentvolume-expander-controller",
}, ",")

// prepareControllerManager reads the controller manager's options and returns what
// runs it. healthy waits for the API server: the controller manager asks for its
// health too, but only once a second, and without regard to ctx.
func prepareControllerManager(keys *pki, healthy func(context.Context) error) (func(context.Context) error, error) {
	s, err := options.NewKubeControllerManagerOptions()
	if err != nil {
		return nil, fmt.Errorf("making the options of kube-controller-manager: %w", err)
	}
	sets := s.Flags(app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
	s.ParsedFlags = &sets
	flags := pflag.NewFlagSet("kube-controller-manager", pflag.ContinueOnError)
	for _, f := range sets.FlagSets {
		flags.AddFlagSet(f)
	}
	err = flags.Parse([]string{
		"--kubeconfig=" + keys.path("controller-manager.kubeconfig"),
		"--secure-port=0",
		"--leader-elect=false",
		"--service-account-private-key-file=" + keys.path("sa.key"),
		"--root-ca-file=" + keys.path("ca.crt"),
		"--use-service-account-credentials=false",
		"--controllers=" + controllers,
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
	})
	if err != nil {
		return nil, fmt.Errorf("parsing the flags of kube-controller-manager: %w", err)
	}
	return func(ctx context.Context) error {
		c, err := s.Config(ctx, app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
		if err != nil {
			return fmt.Errorf("configuring: %w", err)
		}
		if err := healthy(ctx); err != nil {
			return err
		}
		return app.Run(ctx, c.Complete())
	}, nil
}
