package main

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// upFor is an up of a deployment with the options that the command line gave,
// and no values.
func (b *backend) upFor(name string) *upOptions {
	o := *b.up
	o.deployment = b.ref(name)
	o.given = deploy.Values{Name: name, Namespace: b.namespace}
	return &o
}

// Deploy implements tui.Backend: it does what up does before it waits.
func (b *backend) Deploy(ctx context.Context, r tui.Request) <-chan tui.DeployEvent {
	events := make(chan tui.DeployEvent)
	o := b.upFor(r.Name)
	o.given = b.up.given
	if r.Profile != "" {
		o.given.Profile = r.Profile
	}
	o.given.Name, o.given.Namespace = r.Name, b.namespace
	o.given.Params = maps.Clone(o.given.Params)
	for name, value := range r.Values {
		if o.given.Params == nil {
			o.given.Params = map[string]string{}
		}
		o.given.Params[name] = value
	}
	d := &deployer{ctx: ctx, events: events, now: b.now}
	u := &upRun{upOptions: o, begun: b.now(), sink: d, at: d.reached, consent: d.ask}
	err := b.run(func() {
		defer close(events)
		applied, err := u.bringUp(ctx)
		last := tui.DeployEvent{Name: r.Name, Done: true}
		switch {
		case err == nil:
			b.rolled.Store(&applied)
		case errors.Is(err, errDeclined):
			// What runs stays, and is what there is to look at.
			last.Message = err.Error()
		default:
			last.Err = b.explained(ctx, err)
		}
		last.Time, last.Step = b.now(), d.step
		d.send(last)
	})
	if err != nil {
		close(events)
	}
	return events
}

// deployer hands on what an up tells while the dashboard runs.
type deployer struct {
	ctx    context.Context //nolint:containedctx // of this one deployment, whose events have no other way to be given up
	events chan<- tui.DeployEvent
	now    func() time.Time
	step   milestone.ID
}

var _ eventSink = (*deployer)(nil)

// emit implements eventSink.
func (d *deployer) emit(e event) {
	d.send(tui.DeployEvent{Time: e.Time, Object: e.subject(), Message: e.Message, Step: d.step})
}

func (d *deployer) send(e tui.DeployEvent) {
	select {
	case d.events <- e:
	case <-d.ctx.Done():
	}
}

// reached says which step comes now.
func (d *deployer) reached(step milestone.ID) {
	d.step = step
	d.send(tui.DeployEvent{Time: d.now(), Step: step})
}

// ask puts a change that reloads the model to the person.
func (d *deployer) ask(ctx context.Context, lines []string) (bool, error) {
	answer := make(chan bool, 1)
	d.send(tui.DeployEvent{Time: d.now(), Step: d.step, Question: &tui.Question{Lines: lines, Answer: answer}})
	select {
	case ok := <-answer:
		return ok, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
