package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

const monitorLong = `Open the dashboard on a deployment that runs, changing nothing by itself.

It shows any LeaderWorkerSet of this kind, also one that was applied by hand.
Without a terminal, 'status --watch' tells the same as text.`

const monitorExample = `  # The deployment of the namespace, or a choice of several
  %[1]s monitor

  # One of them, without the keys that change something
  %[1]s monitor llama --read-only`

func newMonitorCommand(a *app) *cobra.Command {
	o := &monitorOptions{app: a}
	cmd := &cobra.Command{
		Use:     "monitor [NAME]",
		Short:   "Open the dashboard on what runs",
		Long:    monitorLong,
		Example: fmt.Sprintf(monitorExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.deployment = args[0]
			}
			configured, err := a.configured()
			if err == nil {
				err = configured.configure(cmd.Flags())
			}
			if err != nil {
				return forCommand(cmd, err)
			}
			return forCommand(cmd, o.run(cmd.Context()))
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	cmd.Flags().BoolVar(&o.readOnly, "read-only", false, "leave out the keys that change something")
	cmd.Flags().BoolVar(&o.ascii, "ascii", false, "draw with ASCII characters only")
	return cmd
}

type monitorOptions struct {
	*app

	deployment      string
	readOnly, ascii bool
}

func (o *monitorOptions) run(ctx context.Context) error {
	if !o.canShow() {
		return usagef("the dashboard needs a terminal; '%s status --watch' prints the same as text", o.name)
	}
	b, err := o.newBackend(nil)
	if err != nil {
		return err
	}
	out, err := o.dashboard(ctx, b, tui.Config{
		Name: o.deployment, ReadOnly: o.readOnly, ASCII: o.ascii, Theme: tui.Theme(o.configuration().text(settingTheme)),
	})
	if err != nil {
		return err
	}
	if err := endOfDashboard(out); err != nil {
		return err
	}
	if out.Seen && out.Last.Phase == status.NotFound {
		return &notReadyError{silent: true}
	}
	return nil
}
