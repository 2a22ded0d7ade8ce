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
	u.noticef("%s", reloadWarning)
	for _, change := range changes {
		u.noticef("  %s", change)
	}
	if u.yes || u.dryRun == dryRunServer {
		return nil
	}
	if !u.canAsk() {
		return usagef("%s; repeat with --yes to go ahead", reloadWarning)
	}
	ok, err := u.confirm(ctx, "Go ahead?")
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
