package main

import (
	"context"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// onBoard says whether this up is shown as the dashboard.
func (u *upRun) onBoard() bool {
	return u.canShow() && !u.noTUI && u.output == "" && u.wait && u.dryRun == dryRunNone
}

// board applies and waits in the dashboard, until the person leaves.
func (u *upRun) board(ctx context.Context) error {
	b, err := u.newBackend(u.upOptions)
	if err != nil {
		return err
	}
	out, err := u.dashboard(ctx, b, tui.Config{
		Deploy: &tui.Request{Name: u.deployment.name}, FailFast: u.failFast, ASCII: u.ascii,
	})
	u.applied = b.applied.Load()
	u.last = outcome{last: out.Last, seen: out.Seen}
	if err != nil {
		return err
	}
	if err := endOfDashboard(out); err != nil {
		return err
	}
	if out.Seen && out.Last.Phase != status.Ready {
		return &stoppedError{cause: &notReadyError{silent: true}, goOn: []string{
			"The deployment goes on. Look at it again with:", "  " + u.again("monitor", u.deployment),
		}}
	}
	return nil
}
