package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// bare answers the program's name alone. A person at a terminal gets the
// dashboard: on what runs in the namespace, or with the form that deploys
// something. On a terminal that cannot show it, the status of the one deployment
// is printed. Anybody else gets the usage, as an error, because nothing was asked
// for.
func bare(cmd *cobra.Command, a *app) error {
	if a.canShow() {
		return a.explore(cmd.Context())
	}
	if a.inTTY && a.outTTY {
		if d, ok := a.onlyDeployment(cmd.Context()); ok {
			o := &statusOptions{app: a, deployment: d}
			return o.run(cmd.Context())
		}
	}
	fmt.Fprintln(a.ErrOut, cmd.UsageString())
	return &usageError{err: errors.New("no command given"), command: cmd.CommandPath()}
}

// explore opens the dashboard on whatever there is in the namespace.
func (a *app) explore(ctx context.Context) error {
	configured, err := a.configured()
	if err != nil {
		return err
	}
	b, err := a.newBackend(nil)
	if err != nil {
		return err
	}
	out, err := a.dashboard(ctx, b, tui.Config{
		Form:  a.deployForm(b.namespace),
		ASCII: configured.on(settingASCII), Theme: tui.Theme(configured.text(settingTheme)),
	})
	if err != nil {
		return err
	}
	return endOfDashboard(out)
}

// onlyDeployment finds the one deployment of the namespace. A cluster that
// cannot be asked has none: the person has not asked for it either.
func (a *app) onlyDeployment(ctx context.Context) (deploymentRef, bool) {
	names, err := a.deploymentNames(ctx)
	if err != nil || len(names) != 1 {
		return deploymentRef{}, false
	}
	d, err := a.deploymentNamed(names)
	return d, err == nil
}

// lwsGroupResource is the resource of LeaderWorkerSets.
func lwsGroupResource() schema.GroupVersionResource {
	return lwsv1.GroupVersion.WithResource("leaderworkersets")
}
