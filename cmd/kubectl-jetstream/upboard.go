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
	cfg := tui.Config{Deploy: &tui.Request{Name: u.deployment.name}, ASCII: u.ascii, Theme: tui.Theme(u.configuration().text(settingTheme))}
	if u.timeout > 0 {
		cfg.Deadline = u.begun.Add(u.timeout)
	}
	if u.failFast && !u.stops() {
		cfg.Hopeless = func(s status.Snapshot) *status.Finding {
			if r := b.rolled.Load(); r == nil || !r.begun(s) {
				return nil // what is wrong with the pods from before may be mended by now
			}
			return fatalNow(s)
		}
	}
	out, err := u.dashboard(ctx, b, cfg)
	rolled := b.rolled.Load()
	u.applied = rolled != nil
	u.last = outcome{last: out.Last, seen: out.Seen}
	switch {
	case err != nil:
		return err
	case out.TimedOut:
		return errTimeUp
	}
	if err := endOfDashboard(out); err != nil {
		return err
	}
	switch {
	case rolled == nil:
		return &stoppedError{cause: &notReadyError{silent: true}, goOn: []string{
			"Left before the deployment was applied; what was installed stays. Repeat:", "  " + u.repeated(),
		}}
	case out.Seen && u.reached(out.Last, *rolled):
		return nil
	default:
		return &stoppedError{cause: &notReadyError{silent: true}, goOn: []string{
			"The deployment goes on. Look at it again with:", "  " + u.again("monitor", u.deployment),
		}}
	}
}
