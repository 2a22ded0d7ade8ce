package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// leaderPatience is how long a connection waits for a leader: long enough for
	// another replica, a new tunnel or an API server that restarts, shorter than
	// most programs wait for an answer.
	leaderPatience = 30 * time.Second
	// refusalTimeout is how long the API server is asked for its refusal.
	refusalTimeout = 5 * time.Second
	// goodbye is how long connections may go on after the end was asked for.
	goodbye = 2 * time.Second
	// maxForwarded bounds the connections at a time, and with them memory and file
	// descriptors. Further ones wait to be accepted.
	maxForwarded = 256
)

// forwarder hands the connections of a listener on to the model.
type forwarder struct {
	leaders *leaders
	dial    func(ctx context.Context, network, address string) (net.Conn, error) // a tunnel.Route's
	group   *int                                                                 // the one to forward to; nil: any
	news    *forwardNews
	now     func() time.Time
}

// run serves until ctx ends, the snapshots end, or it turns out that nothing may be
// forwarded at all.
func (f *forwarder) run(ctx context.Context, listener net.Listener, snapshots <-chan status.Snapshot) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	running.Go(func() { guarded(func() { f.news.run(ctx) }) })
	running.Go(func() { guarded(func() { cancel(f.serve(ctx, listener, cancel)) }) })
	err := f.follow(ctx, snapshots)
	cancel(err)
	running.Wait()
	f.news.total()
	return err
}

// follow tells what becomes of the leaders.
func (f *forwarder) follow(ctx context.Context, snapshots <-chan status.Snapshot) error {
	s, _ := f.leaders.now()
	for {
		if err := f.mayForward(ctx, s); err != nil {
			return err
		}
		f.news.state(f.stateOf(s))
		var ok bool
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s, ok = <-snapshots:
			if !ok {
				return lostSight(ctx)
			}
			f.leaders.see(s)
		}
	}
}

// mayForward asks the API server, where the leaders' health could not be asked for,
// for the words in which it refuses. What it refuses is of no use for anybody.
func (f *forwarder) mayForward(ctx context.Context, s status.Snapshot) error {
	forbidden := false
	for _, g := range s.Groups {
		forbidden = forbidden || g.Leader != nil && g.Health.State == health.Forbidden
	}
	if !forbidden || f.news.forwarded() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, refusalTimeout)
	defer cancel()
	c, err := f.dial(ctx, "", "")
	if err == nil {
		_ = c.Close()
	}
	if errors.As(err, new(*tunnel.NotPermittedError)) {
		return err
	}
	return nil
}

// stateOf says where connections go, or why they go nowhere; key tells one state from
// another.
func (f *forwarder) stateOf(s status.Snapshot) (key, text string) {
	pod, group, err := f.pick(s)
	if err == nil {
		return pod.Name + "/" + pod.UID, fmt.Sprintf("Forwarding to pod %s of group %d.", pod.Name, group)
	}
	switch {
	case f.group == nil || len(s.Groups) == 0:
		view := statusText{now: f.now(), expected: expectedOf(s.Profile)}
		key, text = string(s.Phase), "The model does not answer: "+view.headline(s)
	default:
		key, text = groupState(s, *f.group)
	}
	return key, strings.TrimSuffix(text, ".") + fmt.Sprintf(". Connections wait for it for up to %s.", leaderPatience)
}

// groupState is what one group of several does instead of answering.
func groupState(s status.Snapshot, index int) (key, text string) {
	for _, g := range s.Groups {
		if g.Index != index {
			continue
		}
		text = fmt.Sprintf("Group %d does not answer: %s", index, g.Phase)
		if g.Cause != "" {
			text += ": " + g.Cause
		}
		return "group " + string(g.Phase), text
	}
	return "no group", fmt.Sprintf("There is no group %d", index)
}

func (f *forwarder) pick(s status.Snapshot) (pod tunnel.Pod, group int, err error) {
	var from []tunnel.Candidate
	for _, c := range leadersOf(s) {
		if f.group == nil || c.Group == *f.group {
			from = append(from, c)
		}
	}
	pod, err = tunnel.Pick(from)
	for _, c := range from {
		if c.Pod == pod {
			group = c.Group
		}
	}
	return pod, group, err
}

// serve accepts connections until ctx ends, and returns when the last has ended:
// those that wait for a leader at once, the others a moment later at most.
func (f *forwarder) serve(ctx context.Context, listener net.Listener, giveUp func(error)) error {
	accepting, stop := context.WithCancel(ctx)
	open, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(accepting, func() { _ = listener.Close() })()

	var handling sync.WaitGroup
	err := f.accept(accepting, listener, func(client *net.TCPConn) { f.handle(accepting, open, client, giveUp) }, &handling)
	stop()
	ended := make(chan struct{})
	go func() {
		handling.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(goodbye):
		cut()
		<-ended
	}
	return err
}

func (f *forwarder) accept(ctx context.Context, listener net.Listener, handle func(*net.TCPConn), handling *sync.WaitGroup) error {
	free := make(chan struct{}, maxForwarded)
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		client, err := listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = client.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting connections on %s: %w", listener.Addr(), err)
		}
		handling.Go(func() {
			guarded(func() {
				defer func() { <-free }()
				handle(client.(*net.TCPConn))
			})
		})
	}
}

// handle forwards one connection. open ends those that are forwarded.
func (f *forwarder) handle(ctx, open context.Context, client *net.TCPConn, giveUp func(error)) {
	f.news.opened()
	defer f.news.closed()
	model, err := f.connect(ctx)
	if err == nil {
		f.news.connected()
		err = splice(open, client, model, &f.news.sent, &f.news.received)
	} else {
		abort(client)
	}
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.As(err, new(*tunnel.NotPermittedError)) && !f.news.forwarded():
		giveUp(err)
	default:
		f.news.failed(err)
	}
}

// connect dials a leader, and waits for one while there is none.
func (f *forwarder) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, leaderPatience)
	defer cancel()
	for {
		_, news := f.leaders.now()
		c, err := f.dial(ctx, "", "")
		if err == nil || !errors.Is(err, tunnel.ErrNoLeader) && !errors.As(err, new(*tunnel.NotServingError)) {
			return c, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, fmt.Errorf("nothing answered within %s: %w", leaderPatience, err)
		}
	}
}
