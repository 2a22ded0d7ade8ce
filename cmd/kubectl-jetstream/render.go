package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

const renderLong = `Print the objects that up would apply, as YAML and nothing else.

With --profile no cluster is asked: what is not given here comes from the
configuration (see 'config'). Without it the values of the deployment that runs are
taken, and those given here laid over them. 'up --dry-run=server' has the API server
check the objects as well.`

const renderExample = `  # Keep the objects in a repository
  %[1]s render --profile llama-3.1-405b-v6e-4x4 \
    --checkpoint gs://models/llama-3.1-405b/int8 \
    --pathways-bucket gs://pathways > model.yaml

  # Compare with what runs
  %[1]s render | kubectl diff --server-side -f -`

func newRenderCommand(a *app) *cobra.Command {
	o := &renderOptions{app: a}
	cmd := &cobra.Command{
		Use:     "render [NAME]",
		Short:   "Print the objects that up would apply",
		Long:    renderLong,
		Example: fmt.Sprintf(renderExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return forCommand(cmd, err)
			}
			return forCommand(cmd, o.run(cmd.Context()))
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	a.withFlags(cmd, func() { o.flags = newValueFlags(cmd.Flags(), a.profiles()) })
	return cmd
}

type renderOptions struct {
	*app

	flags  *valueFlags
	values deploy.Values
}

func (o *renderOptions) complete(args []string) error {
	var err error
	if o.values, err = o.flags.values(); err != nil {
		return err
	}
	o.values.Name = nameFrom(args)
	o.values.Namespace, err = o.cluster.namespace()
	return err
}

func (o *renderOptions) run(ctx context.Context) error {
	return o.printObjects(ctx, o.values, false)
}

// nameFrom is the deployment's name on the command line, or the default.
func nameFrom(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return deploy.DefaultName
}

// noProfile says that a profile has to be chosen, and which there are.
func (a *app) noProfile() error {
	text := "no profile given; choose one with --profile:"
	for _, p := range a.profiles() {
		text += fmt.Sprintf("\n  %s  (%s)", p.Name, p.Title)
	}
	return &usageError{err: errors.New(text)}
}
