package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

const logsLong = `Print the logs of a deployment's containers in one order, by time: what the pods
still have, and what was kept of pods that are gone. A container that fails makes
its whole group be created anew, and the pods take their logs along; so up,
status --watch, status --wait, the dashboard and this command keep what they read.

With -f it goes on across restarts of containers and new groups, until it is
interrupted or the deployment is deleted. The log of jetstream-http, which repeats
every probe while the model loads, is never kept, and shown only when asked for.

On a terminal control characters are left out; elsewhere lines stand as they came.
Remarks, such as lines that are missing, go to standard error.

Logs are kept in $XDG_STATE_HOME/kubectl-jetstream, or else in
~/.local/state/kubectl-jetstream, readable by you alone, up to 256 MiB, of which the
oldest go first. The setting keep-logs (see 'config') switches that off.`

const logsExample = `  # What happened
  %[1]s logs

  # Why the group was created anew
  %[1]s logs --previous-incarnation --tail 50

  # The model server, as it goes
  %[1]s logs -f -c jax-tpu --since 5m

  # Every line with a word, in any letter case
  %[1]s logs --grep '(?i)error'`

func newLogsCommand(a *app) *cobra.Command {
	o := &logsOptions{app: a}
	cmd := &cobra.Command{
		Use:     "logs [NAME]",
		Short:   "Print the logs of a deployment, also of pods that are gone",
		Long:    logsLong,
		Example: fmt.Sprintf(logsExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.prefixSet = cmd.Flags().Changed("prefix")
			o.tailSet = cmd.Flags().Changed("tail")
			o.choice.groupSet = cmd.Flags().Changed("group")
			if err := o.complete(args); err != nil {
				return forCommand(cmd, err)
			}
			return forCommand(cmd, o.run(cmd.Context()))
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&o.follow, "follow", "f", false, "go on with what is logged from now on")
	flags.StringVar(&o.choice.pod, "pod", "", "only this `pod`")
	flags.StringVarP(&o.choice.container, "container", "c", "", "only this `container` of each pod")
	flags.BoolVar(&o.choice.all, "all-containers", false, "also jetstream-http")
	flags.IntVar(&o.choice.group, "group", 0, "only the group with this `index`")
	flags.BoolVar(&o.choice.previous, "previous-incarnation", false, "only the incarnation of each group before the present one, from its kept logs")
	flags.DurationVar(&o.since, "since", 0, "only lines that are not older than this")
	flags.IntVar(&o.tail, "tail", 0, "only the last `lines` of all; with -f: of those so far")
	flags.StringVar(&o.pattern, "grep", "", "only lines that match this regular `expression`")
	flags.BoolVar(&o.timestamps, "timestamps", false, "put its time in front of each line")
	flags.BoolVar(&o.prefix, "prefix", false, "put pod and container in front of each line (default where several are shown)")
	flags.Lookup("prefix").DefValue = ""
	return cmd
}

type logsOptions struct {
	*app

	deployment deploymentRef
	choice     logChoice
	follow     bool
	since      time.Duration
	tail       int
	tailSet    bool
	pattern    string
	grep       *regexp.Regexp // nil lets every line pass
	timestamps bool
	prefix     bool
	prefixSet  bool

	kept   *keptLogs // nil where that cannot be had
	damage string    // of what is kept, as far as it has been told
}

func (o *logsOptions) complete(args []string) error {
	switch {
	case o.since < 0:
		return usagef("--since %s is negative", o.since)
	case o.tail < 0:
		return usagef("--tail %d is negative; leave it out for all lines", o.tail)
	case o.choice.group < 0:
		return usagef("--group %d is negative; the first group is 0", o.choice.group)
	case o.follow && o.choice.previous:
		return usagef("--follow and --previous-incarnation exclude each other: nothing is added to an incarnation that is gone")
	case o.choice.all && o.choice.container != "":
		return usagef("--container and --all-containers exclude each other")
	}
	if o.pattern != "" {
		var err error
		if o.grep, err = regexp.Compile(o.pattern); err != nil {
			return badPattern(o.pattern, err)
		}
	}
	o.choice.pod = strings.TrimPrefix(o.choice.pod, "pod/")
	var err error
	o.deployment, err = o.deploymentNamed(args)
	return err
}

// badPattern says what is wrong with a regular expression and how text is
// searched for that looks like one.
func badPattern(pattern string, err error) error {
	reason := err.Error()
	if syntax := strings.TrimPrefix(reason, "error parsing regexp: "); syntax != reason {
		reason = syntax
	}
	return usagef("--grep %q is not a regular expression: %s; to search for just this text: --grep %s",
		pattern, reason, shellQuote(regexp.QuoteMeta(pattern)))
}

func (o *logsOptions) run(ctx context.Context) error {
	clients, err := o.cluster.clients()
	if err != nil {
		return err
	}
	if o.kept, err = o.keepLogs(o.deployment); err != nil {
		o.remarkf("logs are neither kept nor read from those kept: %v", err)
	}
	defer func() {
		o.kept.close()
		o.tellTrouble()
	}()

	present, presentErr := o.lookAtPods(ctx, clients, o.deployment)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	incarnations, err := o.kept.kept().Incarnations()
	if err != nil {
		o.damage = err.Error()
		o.remarkf("%v", err)
	}
	o.choice.settle(present, incarnations)
	if err := o.nothing(present, presentErr, incarnations); err != nil {
		return err
	}

	p := o.printer(present, incarnations)
	far, err := o.printSoFar(ctx, clients, present, p)
	switch {
	case err != nil:
		return err
	case presentErr != nil:
		return presentErr
	case !present.exists && len(incarnations) > 0:
		o.remarkf("%s in namespace %s is gone; this is what was kept of its logs", o.deployment.name, o.deployment.namespace)
		return nil
	case !o.follow:
		if len(present.runs) == 0 && len(incarnations) == 0 {
			o.remarkf("no container of %s has started yet", o.deployment.name)
		}
		return nil
	}
	return o.printOn(ctx, clients, p, far)
}

// nothing is the error of a request that nothing can ever be printed for.
func (o *logsOptions) nothing(present presentPods, presentErr error, incarnations []incarnation) error {
	d := o.deployment
	names := o.choice.names(present, incarnations)
	switch {
	case len(names) > 0:
		return nil
	case presentErr != nil:
		return presentErr
	case !present.exists && len(incarnations) == 0:
		return &overError{
			summary: fmt.Sprintf("there is no deployment %s in namespace %s, and no logs of one are kept", d.name, d.namespace),
			remedy:  []string{"Deploy one with:", "  " + o.again("up", d, "--profile", "…")},
		}
	case o.choice.previous:
		return &overError{
			summary: fmt.Sprintf("no logs of an earlier incarnation of %s are kept", d.name),
			remedy: []string{
				"Logs are kept while something follows the deployment, as this does:",
				"  " + o.again("logs", d, "-f"),
			},
		}
	}
	have := (&logChoice{all: true}).names(present, incarnations)
	if o.follow || len(have) == 0 {
		return nil // It may come.
	}
	e := &overError{
		summary: fmt.Sprintf("no log of %s fits %s", d.name, o.choice),
		remedy:  []string{"There are logs of these pods and containers:"},
	}
	const most = 20
	for i, name := range have {
		if i == most {
			e.remedy = append(e.remedy, fmt.Sprintf("  and %d more", len(have)-most))
			break
		}
		e.remedy = append(e.remedy, "  "+name)
	}
	return e
}

// remarkf tells something beside the logs.
func (o *logsOptions) remarkf(format string, args ...any) {
	fmt.Fprintln(o.ErrOut, safetext.Line(fmt.Sprintf(format, args...)))
}

func (o *logsOptions) tellTrouble() {
	if err := o.kept.trouble(); err != nil {
		o.remarkf("these logs are not kept: %v", err)
	}
}
