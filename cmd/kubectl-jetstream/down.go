package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

const downLong = `Delete what up made, wait until the pods are gone, and list what still costs
money, with the command that ends each.

What up did not make is left alone. LeaderWorkerSet stays too, unless
--uninstall-lws is given, up installed it, and nothing uses it any more.`

const downExample = `  # Asks first
  %[1]s down

  # In a script
  %[1]s down --yes --timeout 10m`

func newDownCommand(a *app) *cobra.Command {
	o := &downOptions{app: a}
	cmd := &cobra.Command{
		Use:     "down [NAME]",
		Short:   "Delete a deployment, and list what still costs money",
		Long:    downLong,
		Example: fmt.Sprintf(downExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return forCommand(cmd, err)
			}
			return forCommand(cmd, o.run(cmd.Context()))
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	cmd.ValidArgsFunction = a.completeDeployments
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.yes, "yes", false, "do not ask")
	flags.BoolVar(&o.uninstallLWS, "uninstall-lws", false, "remove LeaderWorkerSet too, if up installed it and nothing uses it")
	flags.DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time; the deletion goes on (0 means never)")
	flags.VarP(newChoice(&o.output, "", "json"), "output", "o", "json: print one JSON object an event")
	return cmd
}

type downOptions struct {
	*app

	deployment   deploymentRef
	yes          bool
	uninstallLWS bool
	timeout      time.Duration
	output       string
}

func (o *downOptions) complete(args []string) error {
	if o.timeout < 0 {
		return usagef("--timeout %s is negative", o.timeout)
	}
	var err error
	o.deployment, err = o.deploymentNamed(args)
	return err
}

func (o *downOptions) run(ctx context.Context) error {
	d := &downRun{downOptions: o, begun: o.now(), sink: newEventSink(o.Out, o.output, o.deployment.name)}
	limited, cancel := bounded(ctx, o.timeout)
	defer cancel()
	err := d.steps(limited)
	stopped, late, goOn := "Stopped waiting; what was deleted stays deleted. Go on with:", "The deletion goes on. Wait on with:", d.goOn()
	if !d.begunDeleting {
		stopped, late, goOn = "Nothing was deleted. Repeat with:", "Nothing was deleted. Repeat with:", o.repeated()
	}
	switch {
	case err == nil:
	case errors.As(context.Cause(ctx), new(interruption)):
		err = &stoppedError{cause: context.Cause(ctx), goOn: []string{stopped, "  " + goOn}}
	case isTimeUp(limited):
		state := strings.TrimSuffix(err.Error(), ": "+errTimeUp.Error())
		err = &timeoutError{waited: o.timeout, state: state, goOn: []string{late, "  " + goOn}}
	}
	d.result(ctx, err)
	return err
}

// downRun is one execution of down.
type downRun struct {
	*downOptions

	begun         time.Time
	sink          eventSink
	looked        bool // it is known what there is to delete
	begunDeleting bool // something may be gone
	found         bool // there was something to delete
	costs         []deploy.Cost
}

// goOn is the command line that goes on with a deletion that has begun.
func (d *downRun) goOn() string {
	more := []string{"--yes"}
	if d.uninstallLWS {
		more = append(more, "--uninstall-lws")
	}
	return d.again("down", d.deployment, more...)
}

func (d *downRun) steps(ctx context.Context) error {
	c, err := d.cluster.clients()
	if err != nil {
		return err
	}
	doomed, err := d.look(ctx, c)
	if err != nil {
		return err
	}
	d.looked = true
	if len(doomed.names) > 0 || d.uninstallLWS {
		if err := d.consent(ctx, doomed); err != nil {
			return err
		}
	}
	if len(doomed.names) > 0 {
		// The pods tell which node pools they used, so this comes first.
		// The costs are kept at once: a down that is cut short has deleted what
		// tells of them, so that the next one could not name them any more.
		d.costs = deploy.StillCosts(deploy.GatherCostFacts(ctx, c.kube, doomed.lws, d.contextInUse()))
		d.begunDeleting = true
		err := deploy.Delete(ctx, c.kube, c.dynamic, d.deployment.namespace, d.deployment.name, d.report)
		if errors.As(err, new(*deploy.OwnershipError)) {
			d.costs = nil // what somebody else made is theirs to pay and to end
		}
		if err != nil && !errors.Is(err, deploy.ErrNotDeployed) {
			return err
		}
		d.found = true
	}
	if d.uninstallLWS {
		return d.uninstall(ctx, c)
	}
	return nil
}

// doomedObjects is what would be deleted.
type doomedObjects struct {
	lws   *unstructured.Unstructured // nil if it is gone already
	names []string                   // in words
}

// look finds what there is to delete, and deletes nothing.
func (d *downRun) look(ctx context.Context, c *clients) (doomedObjects, error) {
	var out doomedObjects
	var err error
	if out.lws, err = liveDeployment(ctx, c, d.deployment); err != nil {
		return out, err
	}
	pods, err := c.kube.CoreV1().Pods(d.deployment.namespace).List(ctx, metav1.ListOptions{
		LabelSelector: lwsv1.SetNameLabelKey + "=" + d.deployment.name,
	})
	if err != nil && !apierrors.IsForbidden(err) {
		return out, fmt.Errorf("listing the pods of %s: %w", d.deployment.name, err)
	}
	if out.lws != nil {
		out.names = append(out.names, objectName(d.deployment.name))
	}
	service := deploy.ServiceName(d.deployment.name)
	live, err := c.kube.CoreV1().Services(d.deployment.namespace).Get(ctx, service, metav1.GetOptions{})
	switch {
	case err == nil && live.Labels[deploy.LabelManagedBy] == deploy.FieldManager:
		out.names = append(out.names, "service/"+service)
	case err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err):
		return out, fmt.Errorf("reading service/%s: %w", service, err)
	}
	if pods != nil && len(pods.Items) > 0 {
		out.names = append(out.names, count(len(pods.Items), "pod"))
	}
	return out, nil
}

// consent shows what will be deleted and asks, unless --yes answers.
func (d *downRun) consent(ctx context.Context, doomed doomedObjects) error {
	list := doomed.names
	if d.uninstallLWS {
		list = append(list, "LeaderWorkerSet with its controller and definitions, if up installed it and nothing uses it")
	}
	if d.output == "" {
		fmt.Fprintf(d.ErrOut, "To be deleted from namespace %s:\n", d.deployment.namespace)
		for _, name := range list {
			fmt.Fprintf(d.ErrOut, "  %s\n", name)
		}
	}
	if d.yes {
		return nil
	}
	if !d.canAsk() {
		return usagef("nothing was deleted; repeat with --yes to go ahead")
	}
	ok, err := d.confirm(ctx, "Delete it?")
	if err != nil {
		return err
	}
	if !ok {
		return errDeclined
	}
	return nil
}

// uninstall removes LeaderWorkerSet, where there is one.
func (d *downRun) uninstall(ctx context.Context, c *clients) error {
	state, err := deploy.DetectLWS(ctx, c.kube, c.dynamic)
	if err != nil {
		return err
	}
	if !state.Installed && state.Controller == "" {
		d.sink.emit(event{Time: d.now(), Type: eventNotice, Message: "LeaderWorkerSet is not installed"})
		return nil
	}
	d.begunDeleting = true
	if err := deploy.UninstallLWS(ctx, c.kube, c.dynamic, d.report); err != nil {
		return err
	}
	d.found = true
	return nil
}

func (d *downRun) report(r deploy.Result) { d.sink.emit(appliedEvent(d.now(), r)) }

// contextInUse is the name of the kubeconfig context, which GKE makes from
// project, location and cluster, as it does the name of the cluster's entry.
// A server given by its address has no name: the context's would lead to the
// deletion of another cluster.
func (d *downRun) contextInUse() string {
	switch f := d.cluster.flags; {
	case *f.APIServer != "":
		return ""
	case *f.ClusterName != "":
		return *f.ClusterName
	}
	raw, err := d.cluster.raw()
	if err != nil {
		return ""
	}
	return d.cluster.contextName(raw)
}

// result emits the last event and, for people, the costs behind it.
func (d *downRun) result(ctx context.Context, err error) {
	code := exitCodeFor(ctx, err)
	if code == exitBrokenPipe {
		return
	}
	data := resultData{ExitCode: code, Seconds: seconds(d.now().Sub(d.begun)), Costs: d.costs}
	var message string
	switch {
	case code == exitOK && d.found:
		data.Result, message = "deleted", "deleted; nothing is left of it in the cluster"
	case code == exitOK:
		data.Result, message = "absent", "there is nothing left to delete"
	case code == exitTimeout:
		data.Result, message = "timeout", "not everything is gone yet"
		if !d.begunDeleting {
			message = "nothing was deleted"
		}
	case code == exitInterrupted, code == exitTerminated:
		data.Result, message = "interrupted", "stopped waiting"
		if !d.begunDeleting {
			message = "nothing was deleted"
		}
	default:
		data.Result, message = "failed", "not everything was deleted"
	}
	// For people the error says it, below on the terminal or all by itself.
	if d.output != "" || code == exitOK || (!d.outTTY && d.looked) {
		d.sink.emit(event{Time: d.now(), Type: eventResult, Object: objectName(d.deployment.name), Message: message, Data: data})
	}
	if d.output == "" && len(d.costs) > 0 {
		fmt.Fprint(d.Out, costsText(d.costs))
	}
}

// costsText lists what still costs money, each with the command that ends it.
func costsText(costs []deploy.Cost) string {
	text := "\nWhat still costs money, and how to end it:\n"
	for _, c := range costs {
		text += fmt.Sprintf("\n  %s: %s\n    %s\n", c.What, c.Why, c.Command)
	}
	return text
}
