package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const statusLong = `Show what a deployment is doing: its groups and pods, how far it has come, and
what is wrong.

Ready means that the model answered and that every pod is ready. Where a
port-forward is not permitted nobody can ask the model, and readiness is the
pods' alone: "Ready (unconfirmed)". The exit code is 0 when ready, else 3.`

const statusExample = `  # One look
  %[1]s status

  # Until it is ready, for at most half an hour, in a script
  %[1]s status --wait --timeout 30m

  # A single field
  %[1]s status -o jsonpath='{.phase}'`

func newStatusCommand(a *app) *cobra.Command {
	o := &statusOptions{app: a, failFast: !a.outTTY}
	cmd := &cobra.Command{
		Use:     "status [NAME]",
		Short:   "Show what a deployment is doing",
		Long:    statusLong,
		Example: fmt.Sprintf(statusExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return forCommand(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.VarP(&o.output, "output", "o", "how to print it")
	flags.BoolVarP(&o.watch, "watch", "w", false, "print it again whenever it changes, until interrupted")
	flags.BoolVar(&o.wait, "wait", false, "wait until it is ready, then print it")
	flags.DurationVar(&o.timeout, "timeout", 0, "with --wait: give up after this time (0 means never)")
	flags.BoolVar(&o.failFast, "fail-fast", o.failFast, "with --wait: end with code 4 for a cause that waiting cannot heal (default without a terminal)")
	flags.Lookup("fail-fast").DefValue = ""
	return cmd
}

type statusOptions struct {
	*app

	deployment deploymentRef
	output     snapshotOutput
	watch      bool
	wait       bool
	failFast   bool
	timeout    time.Duration
}

func (o *statusOptions) complete(args []string) error {
	switch {
	case o.watch && o.wait:
		return usagef("--watch and --wait exclude each other: --watch goes on when it is ready")
	case o.timeout < 0:
		return usagef("--timeout %s is negative", o.timeout)
	case o.timeout > 0 && !o.wait:
		return usagef("--timeout needs --wait")
	}
	o.output.clean = o.outTTY
	var err error
	o.deployment, err = o.deploymentNamed(args)
	return err
}

func (o *statusOptions) run(ctx context.Context) error {
	sight, err := o.sight(o.deployment)
	if err != nil {
		return err
	}
	defer sight.close()
	switch {
	case o.watch:
		return sight.observe(ctx, func(snapshots <-chan status.Snapshot) error { return o.watchOn(ctx, snapshots) })
	case o.wait:
		limited, cancel := bounded(ctx, o.timeout)
		defer cancel()
		err := sight.observe(limited, func(snapshots <-chan status.Snapshot) error { return o.waitUntilReady(limited, snapshots) })
		if err != nil && isTimeUp(limited) && !errors.As(err, new(*timeoutError)) {
			return o.timedOut(outcome{})
		}
		return err
	}
	s, err := sight.look(ctx)
	if err != nil {
		return err
	}
	return o.show(s)
}

// show prints the last snapshot; a deployment that is not ready is no error
// to print, but one to end with.
func (o *statusOptions) show(s status.Snapshot) error {
	if err := o.output.print(o.Out, s, o.now()); err != nil {
		return err
	}
	if s.Phase != status.Ready {
		return &notReadyError{silent: true}
	}
	return nil
}

// watchOn prints every snapshot that differs from the one before.
func (o *statusOptions) watchOn(ctx context.Context, snapshots <-chan status.Snapshot) error {
	var last status.Snapshot
	printed := false
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s, ok := <-snapshots:
			if !ok {
				return lostSight(ctx)
			}
			if printed && sameSnapshot(last, s) {
				continue
			}
			if printed && !o.output.data() {
				fmt.Fprintln(o.Out)
			}
			if err := o.output.print(o.Out, s, o.now()); err != nil {
				return err
			}
			last, printed = s, true
		}
	}
}

// sameSnapshot compares all but when the snapshots were taken.
func sameSnapshot(a, b status.Snapshot) bool {
	a.ObservedAt = b.ObservedAt
	return reflect.DeepEqual(a, b)
}

// waitUntilReady tells on standard error what happens while it waits, and
// prints the last state on standard output.
func (o *statusOptions) waitUntilReady(ctx context.Context, snapshots <-chan status.Snapshot) error {
	begun := o.now()
	f := &follower{
		progress: newProgress(objectName(o.deployment.name), begun, nil),
		sink:     newEventSink(o.ErrOut, "", o.deployment.name),
		now:      o.now,
		until:    func(s status.Snapshot) bool { return s.Phase == status.Ready },
	}
	if o.failFast {
		f.hopeless = fatalNow
	}
	out := f.follow(ctx, snapshots)
	if out.seen && out.ending != endedStopped {
		if err := o.output.print(o.Out, out.last, o.now()); err != nil {
			return err
		}
	}
	switch out.ending {
	case endedWell:
		return nil
	case endedHopeless:
		return hopelessError(*out.finding, false)
	case endedStill:
		return &notReadyError{meaning: stillText(o.deployment), remedy: o.startAgain(o.deployment)}
	case endedDeleted:
		return o.deletedMeanwhile(o.deployment)
	case endedTimeout:
		return o.timedOut(out)
	case endedStopped:
		return context.Cause(ctx)
	default:
		return lostSight(ctx)
	}
}

func (o *statusOptions) timedOut(out outcome) error {
	return &timeoutError{
		waited: o.timeout, state: lastState(out),
		goOn: []string{"Nothing was changed. Wait on with:", "  " + o.again("status --wait", o.deployment)},
	}
}

// fatalNow is the finding that ends a wait. One about a group that a rollout
// is about to replace does not: the new pods may do better.
func fatalNow(s status.Snapshot) *status.Finding {
	for i := range s.Findings {
		f := &s.Findings[i]
		if f.Fatal && !outdated(s, f.Group) {
			return f
		}
	}
	return nil
}

// outdated says whether a group still runs an older revision than the one
// being rolled out.
func outdated(s status.Snapshot, group int) bool {
	for _, g := range s.Groups {
		if g.Index == group {
			return g.Revision != "" && s.Rollout.Revision != "" && g.Revision != s.Rollout.Revision
		}
	}
	return false
}

// hopelessError is the error of a finding that has been shown as an event.
// Where that was for a program, the remedy is told again.
func hopelessError(f status.Finding, withRemedy bool) error {
	e := &fatalError{summary: f.Summary}
	if withRemedy && f.Remedy != "" {
		e.remedy = []string{f.Remedy}
	}
	return e
}

// stillText says why a deployment that exists will not become ready.
func stillText(d deploymentRef) string {
	return fmt.Sprintf("%s is stopped: it is scaled to zero groups", d.name)
}

// startAgain is how a stopped deployment is started.
func (a *app) startAgain(d deploymentRef) []string {
	return []string{"Start it with as many groups as there are slices for:", "  " + a.again("up", d, "--replicas", "N")}
}

// deletedMeanwhile is the error of a deployment that is gone while it was
// waited for. Its values are gone with it, so a new one needs its profile.
func (a *app) deletedMeanwhile(d deploymentRef) error {
	return &overError{
		summary: fmt.Sprintf("%s in namespace %s was deleted meanwhile", d.name, d.namespace),
		remedy:  []string{"Deploy it anew with:", "  " + a.again("up", d, "--profile", "…")},
	}
}

// lastState is the last known state in a few words.
func lastState(out outcome) string {
	if !out.seen {
		return "nothing was seen of the deployment yet"
	}
	text := "the last known state is " + out.last.Headline()
	if out.last.Cause != "" {
		text += ": " + out.last.Cause
	}
	return text
}

// lostSight is the error of a stream of snapshots that closed by itself.
func lostSight(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return fmt.Errorf("the watch on the cluster ended unexpectedly")
}

// deploymentRef is the deployment that a command is about.
type deploymentRef struct{ namespace, name string }

func (a *app) deploymentNamed(args []string) (deploymentRef, error) {
	ns, err := a.cluster.namespace()
	return deploymentRef{namespace: ns, name: nameFrom(args)}, err
}

// repeated is this very command line, for a command that has changed nothing
// which the next one could go on from. A token is left out: what is printed
// ends up in the logs of build servers.
func (a *app) repeated() string {
	line := a.name
	secret := false
	for _, arg := range a.args {
		switch {
		case secret:
			arg, secret = "TOKEN", false
		case arg == "--token":
			secret = true
		case strings.HasPrefix(arg, "--token="):
			arg = "--token=TOKEN"
		}
		line += " " + shellQuote(arg)
	}
	return line
}

// again is the command line that continues with a deployment: the flags that
// chose cluster, namespace and identity are repeated.
func (a *app) again(verb string, d deploymentRef, more ...string) string {
	line := a.name + " " + verb
	if d.name != deploy.DefaultName {
		line += " " + d.name
	}
	f := a.cluster.flags
	type flag struct{ name, value string }
	flags := []flag{
		{"--kubeconfig", *f.KubeConfig},
		{"--context", *f.Context},
		{"--cluster", *f.ClusterName},
		{"--user", *f.AuthInfoName},
		{"--server", *f.APIServer},
		{"--namespace", *f.Namespace},
		{"--as", *f.Impersonate},
		{"--as-uid", *f.ImpersonateUID},
	}
	for _, group := range *f.ImpersonateGroup {
		flags = append(flags, flag{"--as-group", group})
	}
	for _, flag := range flags {
		if flag.value != "" {
			line += " " + flag.name + " " + shellQuote(flag.value)
		}
	}
	for _, m := range more {
		line += " " + m
	}
	return line
}
