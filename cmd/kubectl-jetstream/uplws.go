package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
	"github.com/kubectl-jetstream/kubectl-jetstream/manifests"
)

// ensureLWS makes sure that LeaderWorkerSets can be created, installing the
// controller where the cluster has none.
func (u *upRun) ensureLWS(ctx context.Context, c *clients) error {
	if u.skipLWS {
		return nil
	}
	state, err := deploy.DetectLWS(ctx, c.kube, c.dynamic)
	if err != nil {
		return err
	}
	todo, err := state.Plan()
	if err != nil {
		return err
	}
	switch todo {
	case deploy.LWSKeep:
		u.tellLWS(state)
	case deploy.LWSInstall, deploy.LWSComplete:
		if u.dryRun == dryRunServer {
			return errors.New("the server cannot check the objects, because LeaderWorkerSet is not installed; up without --dry-run installs it")
		}
		if err := u.installLWS(ctx, c, todo, state); err != nil {
			return err
		}
	case deploy.LWSBroken:
		// Plan has explained it as its error.
	}
	if u.dryRun == dryRunServer {
		return nil
	}
	u.begin(tui.StepWebhook)
	wait := deploy.LWSWait{Namespace: u.deployment.namespace, FailFast: u.failFast}
	err = deploy.WaitLWS(ctx, c.kube, c.dynamic, wait, func(waitingFor string) {
		u.noticef("waiting for %s", waitingFor)
	})
	var blocked *deploy.LWSBlockedError
	if errors.As(err, &blocked) {
		return &fatalError{summary: blocked.Error()}
	}
	return err
}

func (u *upRun) installLWS(ctx context.Context, c *clients, todo deploy.LWSPlan, state deploy.LWSState) error {
	verb := "installing"
	if todo == deploy.LWSComplete {
		verb = "completing"
	}
	manifest, release := u.manifest, cmp.Or(u.lwsVersion, manifests.DefaultLWSVersion)
	if todo == deploy.LWSComplete && u.lwsVersion == "" && u.lwsManifest == "" {
		// An installation that was interrupted is completed with what it
		// was begun with.
		if begun, err := manifests.LWS(state.Version); err == nil {
			manifest, release = begun, state.Version
		}
	}
	what := "LeaderWorkerSet"
	if u.lwsManifest != "" {
		what += " from " + u.lwsManifest
	} else {
		what += " " + release
	}
	u.noticef("%s %s", verb, what)
	applier, err := deploy.NewApplier(c.config, deploy.ApplyOptions{Force: u.forceConflicts})
	if err != nil {
		return err
	}
	outcome := tally{}
	report := u.report
	if u.output == "" {
		// Twenty lines of objects that a person did not ask for hide the one
		// that matters.
		report = func(r deploy.Result) {
			switch {
			case r.Action == deploy.ActionWaiting:
				u.waitingFor(r.Err)
			case r.Err != nil:
				u.report(r)
			default:
				outcome[r.Action]++
			}
		}
	}
	if err := deploy.InstallLWS(ctx, applier, manifest, report); err != nil {
		return err
	}
	if u.output == "" {
		u.noticef("%s: %s", what, outcome)
	}
	return nil
}

// tally counts objects by what was done to them.
type tally map[deploy.Action]int

// String lists the numbers: "3 objects created, 16 unchanged".
func (t tally) String() string {
	var parts []string
	for _, action := range []deploy.Action{deploy.ActionCreated, deploy.ActionConfigured, deploy.ActionUnchanged} {
		if n := t[action]; n > 0 && len(parts) == 0 {
			parts = append(parts, fmt.Sprintf("%s %s", count(n, "object"), action))
		} else if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, action))
		}
	}
	return strings.Join(parts, ", ")
}

// tellLWS says which LeaderWorkerSet the cluster has, and what is known to
// be wrong with it.
func (u *upRun) tellLWS(state deploy.LWSState) {
	version := state.Version
	if version == "" {
		version = "of an unknown version"
	}
	u.noticef("LeaderWorkerSet %s is installed", version)
	for _, problem := range state.Problems {
		u.noticef("LeaderWorkerSet %s: %s", version, problem)
	}
}
