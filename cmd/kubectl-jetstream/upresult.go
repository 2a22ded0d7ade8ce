package main

import (
	"context"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// result emits the last event: how up ended and what comes next.
func (u *upRun) result(ctx context.Context, err error) {
	code := exitCodeFor(ctx, err)
	if code == exitBrokenPipe {
		return
	}
	d := resultData{ExitCode: code, Seconds: seconds(u.now().Sub(u.begun))}
	if u.last.seen {
		d.Phase = string(u.last.last.Phase)
	}
	var message string
	switch code {
	case exitOK:
		d.Result, message = "ready", "ask it something with: "+u.askCommand()
		d.Next = []string{u.askCommand()}
		if u.wait && u.stops() {
			d.Result, message = "applied", "scaled to zero groups; start it again with: "+u.again("up", u.deployment, "--replicas", "N")
			d.Next = []string{u.again("up", u.deployment, "--replicas", "N")}
		}
		if !u.wait {
			d.Result, message = "applied", "follow it with: "+u.again("status --wait", u.deployment)
			d.Next = []string{u.again("status --wait", u.deployment)}
		}
	case exitTimeout:
		d.Result, message = "timeout", "the time given with --timeout is over"
		d.Next = []string{u.goOn()}
	case exitInterrupted, exitTerminated:
		d.Result, message = "interrupted", "stopped waiting"
		d.Next = []string{u.goOn()}
	default:
		d.Result, message = "failed", "not ready"
	}
	if u.output == "" && code != exitOK && (u.outTTY || !u.last.seen) {
		return // the error says it, below on the terminal or all by itself
	}
	u.sink.emit(event{Time: u.now(), Type: eventResult, Object: objectName(u.deployment.name), Message: message, Data: d})
}

func (u *upRun) askCommand() string {
	verb := "generate"
	d := u.deployment
	more := []string{}
	if d.name != deploy.DefaultName {
		more = append(more, "--name "+d.name)
		d.name = deploy.DefaultName
	}
	return u.again(verb, d, append(more, shellQuote("What is a TPU?"))...)
}
