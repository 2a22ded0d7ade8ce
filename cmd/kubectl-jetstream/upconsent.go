package main

import (
	"context"
	"errors"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// reloadWarning says what a change of a pod template costs.
const reloadWarning = "this changes running pods: every group is replaced and loads its model again, which takes many minutes"

// confirmReload shows what would restart the model and asks for consent.
func (u *upRun) confirmReload(ctx context.Context, changes []deploy.Change) error {
	lines := []string{reloadWarning}
	for _, change := range changes {
		lines = append(lines, "  "+change.String())
	}
	for _, line := range lines {
		u.noticef("%s", line)
	}
	if u.yes || u.dryRun == dryRunServer {
		return nil
	}
	var ok bool
	var err error
	switch {
	case u.consent != nil:
		ok, err = u.consent(ctx, lines)
	case u.canAsk():
		ok, err = u.confirm(ctx, "Go ahead?")
	default:
		return usagef("%s; repeat with --yes to go ahead", reloadWarning)
	}
	if err != nil {
		return err
	}
	if !ok {
		return errDeclined
	}
	return nil
}

// errDeclined says that the person asked said no.
var errDeclined = errors.New("nothing was changed")
