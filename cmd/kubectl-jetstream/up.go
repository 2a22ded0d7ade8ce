package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/manifests"
)

const upLong = `Deploy a profile and wait until the model answers.

LeaderWorkerSet is installed first if the cluster has none. Repeating up brings the
deployment to the same state again; values given once are remembered, so 'up NAME'
alone continues where it was interrupted. What a new deployment is not given here comes
from the configuration, see 'config'; one that exists does not change by it. Stopping up
stops the waiting, never the deployment: only 'down' ends it, and what it costs.

On a terminal the dashboard shows what happens. Without one, or with --no-tui,
one line is printed for each event, or with -o json one JSON object.`

const upExample = `  # Llama 3.1 405B on one v6e slice of 16 chips
  %[1]s up --profile llama-3.1-405b-v6e-4x4 \
    --checkpoint gs://models/llama-3.1-405b/int8 --pathways-bucket gs://pathways

  # Go on waiting, or change a value of what runs
  %[1]s up
  %[1]s up --replicas 2

  # What a change would do: the API server checks it and keeps nothing
  %[1]s up --dry-run=server --batch-size 4`

func newUpCommand(a *app) *cobra.Command { return upCommand(a, (*upOptions).run) }

// upCommand parses the command line into options and hands them to run.
func upCommand(a *app, run func(*upOptions, context.Context) error) *cobra.Command {
	o := &upOptions{app: a, failFast: !a.outTTY}
	cmd := &cobra.Command{
		Use:     "up [NAME]",
		Short:   "Deploy a profile and wait until the model answers",
		Long:    upLong,
		Example: fmt.Sprintf(upExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return forCommand(cmd, err)
			}
			return forCommand(cmd, run(o, cmd.Context()))
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	a.withFlags(cmd, func() { o.addFlags(cmd.Flags()) })
	return cmd
}

// addFlags adds the flags of up, those of the profiles' parameters first.
func (o *upOptions) addFlags(flags *pflag.FlagSet) {
	o.flags = newValueFlags(flags, o.profiles())
	flags.BoolVar(&o.createNamespace, "create-namespace", false, "create the namespace if it does not exist")
	flags.StringVar(&o.lwsVersion, "lws-version", "", fmt.Sprintf("LeaderWorkerSet `version` to install if there is none: %s (default %s)",
		strings.Join(manifests.LWSVersions(), " or "), manifests.DefaultLWSVersion))
	flags.StringVar(&o.lwsManifest, "lws-manifest", "", "install LeaderWorkerSet from this `FILE` instead")
	flags.BoolVar(&o.skipLWS, "skip-lws", false, "neither look for LeaderWorkerSet nor install it")
	flags.BoolVar(&o.forceConflicts, "force-conflicts", false, "take over fields that another field manager holds")
	dryRun := flags.VarPF(newChoice(&o.dryRun, dryRunNone, dryRunNone, dryRunClient, dryRunServer), "dry-run", "",
		"client: print the objects; server: let the server check them; either way nothing is changed")
	dryRun.NoOptDefVal = dryRunClient
	flags.BoolVar(&o.wait, "wait", true, "wait until the model is ready")
	flags.DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time, changing nothing (0 means never)")
	flags.BoolVar(&o.failFast, "fail-fast", o.failFast, "end with code 4 for a cause that waiting cannot heal (default without a terminal)")
	flags.Lookup("fail-fast").DefValue = ""
	flags.BoolVar(&o.yes, "yes", false, "do not ask before a change that restarts the model")
	flags.BoolVar(&o.noTUI, "no-tui", false, "print one line an event, on a terminal too")
	flags.BoolVar(&o.ascii, "ascii", false, "draw the dashboard with ASCII characters only")
	flags.VarP(newChoice(&o.output, "", "json"), "output", "o", "json: print one JSON object an event")
}

// The values of --dry-run, as in kubectl.
const (
	dryRunNone   = "none"
	dryRunClient = "client"
	dryRunServer = "server"
)

type upOptions struct {
	*app

	flags      *valueFlags
	given      deploy.Values // on this command line
	deployment deploymentRef
	// configurable says that what is not given may be configured.
	configurable bool

	createNamespace bool
	lwsVersion      string
	lwsManifest     string
	skipLWS         bool
	forceConflicts  bool
	dryRun          string
	wait            bool
	timeout         time.Duration
	failFast        bool
	yes             bool
	noTUI           bool
	ascii           bool
	output          string

	manifest []byte // of LeaderWorkerSet, if one has to be installed
}

// complete checks all that can be known before a cluster is asked.
func (o *upOptions) complete(args []string) error {
	var err error
	if o.given, err = o.flags.values(); err != nil {
		return err
	}
	configured, err := o.configured()
	if err != nil {
		return err
	}
	if err := configured.configure(o.flags.flags); err != nil {
		return err
	}
	o.configurable = true
	if o.deployment, err = o.deploymentNamed(args); err != nil {
		return err
	}
	o.given.Name, o.given.Namespace = o.deployment.name, o.deployment.namespace
	switch {
	case o.timeout < 0:
		return usagef("--timeout %s is negative", o.timeout)
	case o.skipLWS && (o.lwsVersion != "" || o.lwsManifest != ""):
		return usagef("--skip-lws excludes --lws-version and --lws-manifest")
	case o.lwsVersion != "" && o.lwsManifest != "":
		return usagef("--lws-version and --lws-manifest exclude each other")
	case o.lwsVersion != "" && !slices.Contains(manifests.LWSVersions(), o.lwsVersion):
		return usagef("--lws-version %q is not among %s; another can be given as a file with --lws-manifest",
			o.lwsVersion, strings.Join(manifests.LWSVersions(), ", "))
	}
	return o.readManifest()
}

// readManifest loads the LeaderWorkerSet manifest that up would install.
func (o *upOptions) readManifest() error {
	var err error
	if o.lwsManifest != "" {
		if o.manifest, err = os.ReadFile(o.lwsManifest); err != nil {
			return fmt.Errorf("reading --lws-manifest: %w", err)
		}
		return nil
	}
	version := o.lwsVersion
	if version == "" {
		version = manifests.DefaultLWSVersion
	}
	if o.manifest, err = manifests.LWS(version); err != nil {
		return fmt.Errorf("reading the LeaderWorkerSet manifest: %w", err)
	}
	return nil
}

// namespaceObject is the Namespace that --create-namespace applies first.
func namespaceObject(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "Namespace",
		"metadata": map[string]any{
			"name":   name,
			"labels": map[string]any{deploy.LabelManagedBy: deploy.FieldManager},
		},
	}}
}

func (o *upOptions) run(ctx context.Context) error {
	u := &upRun{upOptions: o, begun: o.now(), sink: newEventSink(o.Out, o.output, o.deployment.name)}
	return u.run(ctx)
}
