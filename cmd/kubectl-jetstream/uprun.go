package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// upRun is one execution of up. It can end at any point and be repeated:
// each step looks at the cluster first.
type upRun struct {
	*upOptions

	begun   time.Time
	sink    eventSink
	doing   string  // the last notice
	waiting string  // what an object was last said to wait for
	last    outcome // of the wait
	applied bool    // the cluster remembers what was given

	expected forecast.Expectations

	// at, if not nil, hears which step begins.
	at func(milestone.ID)
	// consent, if not nil, asks for consent in the place of the terminal.
	consent func(ctx context.Context, lines []string) (bool, error)
}

// begin tells which step begins.
func (u *upRun) begin(step milestone.ID) {
	if u.at != nil {
		u.at(step)
	}
}

func (u *upRun) run(ctx context.Context) error {
	limit := u.timeout
	if u.onBoard() {
		limit = 0 // the dashboard keeps the time, and stays open once it has been ready
	}
	limited, cancel := bounded(ctx, limit)
	defer cancel()
	err := u.steps(limited)
	if u.dryRun != dryRunNone {
		return err
	}
	switch {
	case err == nil:
	case errors.As(context.Cause(ctx), new(interruption)), errors.As(err, new(interruption)):
		what := "Stopped waiting; the cluster was left as it is. Go on with:"
		if !u.applied {
			what = "Stopped before the deployment was applied; what was installed stays. Repeat:"
		}
		err = &stoppedError{cause: cmp.Or(context.Cause(ctx), err), goOn: []string{what, "  " + u.goOn()}}
	case isTimeUp(limited), errors.Is(err, errTimeUp):
		what := "Nothing was undone; the deployment goes on. Wait on with:"
		if !u.applied {
			what = "The deployment was not applied yet; what was installed stays. Repeat:"
		}
		err = &timeoutError{waited: u.timeout, state: u.state(), goOn: []string{what, "  " + u.goOn()}}
	}
	u.result(ctx, err)
	return err
}

// goOn is the command line that leads on from here. Until everything is
// applied no deployment remembers the values, so they have to be given again.
func (u *upRun) goOn() string {
	if !u.applied {
		return u.repeated()
	}
	return u.again("up", u.deployment)
}

// state is what was last known when the time was up.
func (u *upRun) state() string {
	if u.last.seen {
		return lastState(u.last)
	}
	return "nothing was seen of the deployment yet; the last step was: " + cmp.Or(u.doing, "asking the cluster")
}

// steps brings the deployment into the cluster and waits for it.
func (u *upRun) steps(ctx context.Context) error {
	if u.dryRun == dryRunClient {
		return u.printObjects(ctx, u.given, u.createNamespace)
	}
	if u.onBoard() {
		return u.board(ctx)
	}
	applied, err := u.bringUp(ctx)
	if err != nil || !u.wait || u.dryRun == dryRunServer {
		return err
	}
	return u.waitUntilReady(ctx, applied)
}

// rolledOut is what was known of a deployment before it was applied, to
// tell its old pods from the new ones.
type rolledOut struct {
	plan      plan
	revision  string // of the pod templates; empty where nothing changes
	appliedAt time.Time
}

// bringUp applies everything and returns what the wait has to know.
func (u *upRun) bringUp(ctx context.Context) (rolledOut, error) {
	c, err := u.cluster.clients()
	if err != nil {
		return rolledOut{}, err
	}
	live, err := liveDeployment(ctx, c, u.deployment)
	if err != nil {
		return rolledOut{}, err
	}
	p, err := u.plan(live)
	if err != nil {
		return rolledOut{}, err
	}
	_, replicasGiven := u.given.Params["replicas"]
	applier, err := deploy.NewApplier(c.config, deploy.ApplyOptions{
		Force: u.forceConflicts, DryRun: u.dryRun == dryRunServer, SetReplicas: replicasGiven,
	})
	if err != nil {
		return rolledOut{}, err
	}
	if err := u.ensureNamespace(ctx, c, applier); err != nil {
		return rolledOut{}, err
	}
	u.begin(tui.StepLWS)
	if err := u.ensureLWS(ctx, c); err != nil {
		return rolledOut{}, err
	}
	u.begin(tui.StepApply)
	changes, err := applier.TemplateChanges(ctx, p.objects)
	if err != nil {
		return rolledOut{}, err
	}
	r := rolledOut{plan: p}
	if len(changes) > 0 {
		if err := u.confirmReload(ctx, changes); err != nil {
			return rolledOut{}, err
		}
		if r.revision, err = currentRevision(ctx, c, u.deployment); err != nil {
			return rolledOut{}, err
		}
	}
	if err := applier.Apply(ctx, p.objects, u.report); err != nil {
		return rolledOut{}, err
	}
	u.applied = true
	r.appliedAt = u.now()
	u.doing = "looking at the deployment"
	return r, nil
}

// plan lays what was given over what the deployment remembers, or, where there is
// none yet, over what is configured.
func (u *upRun) plan(live *unstructured.Unstructured) (plan, error) {
	if live != nil || !u.configurable {
		remembered, err := rememberedBy(live)
		if err != nil {
			return plan{}, err
		}
		return u.planFrom(remembered, u.given)
	}
	configured, from, err := u.forNew(u.given)
	if err != nil {
		return plan{}, err
	}
	p, err := u.planFrom(configured, u.given)
	if err != nil {
		return plan{}, from.blame(err)
	}
	if len(from) > 0 {
		u.noticef("from the configuration: %s", from.text(p.values, u.configuration().settings))
	}
	return p, nil
}

// ensureNamespace creates the namespace if that was asked for, and otherwise
// finds out that it is missing before anything is installed.
func (u *upRun) ensureNamespace(ctx context.Context, c *clients, applier *deploy.Applier) error {
	if u.createNamespace {
		return applier.Apply(ctx, []*unstructured.Unstructured{namespaceObject(u.deployment.namespace)}, u.report)
	}
	_, err := c.kube.CoreV1().Namespaces().Get(ctx, u.deployment.namespace, metav1.GetOptions{})
	if apierrors.IsForbidden(err) {
		return nil // whoever may not read it learns of its absence from the apply
	}
	return err
}

// noticef tells of the command's own progress.
func (u *upRun) noticef(format string, args ...any) {
	u.doing = fmt.Sprintf(format, args...)
	u.sink.emit(event{Time: u.now(), Type: eventNotice, Object: objectName(u.deployment.name), Message: u.doing})
}

// report tells of one object's outcome, and once of what it waits for.
func (u *upRun) report(r deploy.Result) {
	e := appliedEvent(u.now(), r)
	if r.Action == deploy.ActionWaiting {
		if u.waiting == e.Object+e.Message {
			return
		}
		u.waiting = e.Object + e.Message
	}
	u.sink.emit(e)
}

// waitingFor tells once why an object of an installation has to wait.
func (u *upRun) waitingFor(why error) {
	if text := waitText(why); u.waiting != text {
		u.waiting = text
		u.noticef("%s", text)
	}
}

// waitText says why an object is tried again. What the server says of a
// webhook names addresses, which change from try to try.
func waitText(why error) string {
	switch {
	case why == nil:
		return "waiting"
	case apierrors.IsInternalError(why):
		return "waiting for an admission webhook to answer"
	default:
		return "waiting: " + why.Error()
	}
}

// appliedEvent is the event of one object's outcome.
func appliedEvent(now time.Time, r deploy.Result) event {
	e := event{Time: now, Object: r.Ref.String(), Type: eventApplied, Message: string(r.Action), Data: appliedData{Action: string(r.Action)}}
	switch {
	case r.Action == deploy.ActionWaiting:
		e.Type, e.Message, e.Data = eventNotice, waitText(r.Err), nil
	case r.Err != nil:
		// The command ends with the same error, so people see it there.
		e.Data = appliedData{Action: string(r.Action), Error: r.Err.Error()}
	}
	return e
}

// waitUntilReady follows the deployment to one of the endings.
func (u *upRun) waitUntilReady(ctx context.Context, r rolledOut) error {
	sight, err := u.sight(u.deployment)
	if err != nil {
		return err
	}
	defer sight.close()
	return sight.observe(ctx, func(snapshots <-chan status.Snapshot) error {
		u.expected = forecast.Merge(expectedRanges(r.plan.profile), sight.runs(r.plan.values.Profile, r.plan.values.Params["checkpoint"]))
		f := &follower{
			progress: newProgress(objectName(u.deployment.name), u.begun, u.expected),
			sink:     u.sink,
			now:      u.now,
			until:    func(s status.Snapshot) bool { return u.reached(s, r) },
			existed:  true, // it has just been applied
			believe:  r.appliedAt.Add(cachePatience),
		}
		if u.failFast && !u.stops() {
			f.hopeless = func(s status.Snapshot) *status.Finding {
				if !r.begun(s) {
					return nil
				}
				return fatalNow(s)
			}
		}
		u.last = f.follow(ctx, snapshots)
		return u.ended(ctx, u.last)
	})
}

// reached says whether a snapshot shows what was asked for.
func (u *upRun) reached(s status.Snapshot, r rolledOut) bool {
	if u.stops() {
		return s.Phase == status.Stopped
	}
	return s.Phase == status.Ready && !s.Rollout.InProgress() && r.begun(s)
}

// stops says whether the command line asks for no groups at all, so that the
// wait is for the pods to go.
func (u *upRun) stops() bool {
	n, err := strconv.Atoi(u.given.Params["replicas"])
	return err == nil && n == 0
}

// cachePatience is how long the API server's caches may take to show what was
// applied.
const cachePatience = 5 * time.Second

// rolloutPatience is how long the controller may take to begin a rollout
// before the pods that run are taken for the wanted ones.
const rolloutPatience = time.Minute

// begun says whether a snapshot shows the deployment as applied, and not the
// pods from before, which may well be ready while the controller has not
// noticed the change.
func (r rolledOut) begun(s status.Snapshot) bool {
	return r.revision == "" || s.Rollout.Revision != r.revision || s.ObservedAt.Sub(r.appliedAt) > rolloutPatience
}

// ended turns the ending of the wait into an error, or none.
func (u *upRun) ended(ctx context.Context, out outcome) error {
	switch out.ending {
	case endedWell:
		return nil
	case endedHopeless:
		return hopelessError(*out.finding, u.output == "json")
	case endedStill:
		return &overError{summary: stillText(u.deployment), remedy: u.startAgain(u.deployment)}
	case endedDeleted:
		return u.deletedMeanwhile(u.deployment)
	case endedTimeout:
		if out.seen && u.output == "" {
			view := statusText{now: u.now(), expected: u.expected}
			if err := view.write(u.ErrOut, out.last); err != nil {
				return err
			}
		}
		return errTimeUp
	case endedStopped:
		return context.Cause(ctx)
	default:
		return lostSight(ctx)
	}
}
