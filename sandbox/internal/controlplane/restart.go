package controlplane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// restart is an order to the API server to end and to begin anew.
type restart struct {
	away  time.Duration // how long nobody listens in between
	again chan struct{} // closed when the next API server has been started
}

// RestartAPIServer ends the API server, keeps its port closed for a time, and starts
// another one on the same data and port; everything that the first one had in memory,
// such as the caches that its watches are served from, is gone. The others go on
// meanwhile. One that still begins is let begin first. RestartAPIServer returns when the
// new one calls itself ready, or with ctx's error, which leaves the restart to go on.
func (c *ControlPlane) RestartAPIServer(ctx context.Context, away time.Duration) error {
	r := restart{away: away, again: make(chan struct{})}
	select {
	case c.restarts <- r: // one at a time: the next is taken when this one is over
	case <-c.done:
		return errEnded
	case <-ctx.Done():
		return fmt.Errorf("restarting the API server: %w", ctx.Err())
	}
	select {
	case <-r.again:
	case <-c.done:
		return errEnded
	case <-ctx.Done():
		return fmt.Errorf("restarting the API server: %w", ctx.Err())
	}
	return c.waitFor(ctx, "/readyz")
}

var errEnded = errors.New("restarting the API server: the control plane has ended")

// serveAPI runs an API server, and another one after each restart, until ctx ends or
// one of them fails.
func (c *ControlPlane) serveAPI(ctx context.Context, cfg Config, serve func(context.Context) error) error {
	for {
		life, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- serve(life) }()
		select {
		case err := <-ended:
			end()
			return err
		case r := <-c.restarts:
			if err := c.begun(life, ended); err != nil {
				end()
				return err
			}
			end()
			farewell := time.AfterFunc(farewellTimeout, c.closeConns)
			<-ended //nolint:errcheck // it was told to end, whatever it says
			farewell.Stop()
			c.closeConns() // those that it had given up before their turn came
			var err error
			if serve, err = c.reopen(ctx, cfg, r.away); err != nil {
				return err
			}
			close(r.again)
		}
	}
}

// begun waits until an API server is ready, or has been told to end. One that is ended
// while it begins fails a hook of its start, and Kubernetes answers that by ending the
// process. The error is that of an API server that has ended by itself.
func (c *ControlPlane) begun(life context.Context, ended <-chan error) error {
	waiting, stop := context.WithCancel(life)
	defer stop()
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		_ = c.waitFor(waiting, "/readyz") // an error is that life or the control plane ends
	}()
	select {
	case err := <-ended:
		return cmp.Or(err, errors.New("it gave no reason"))
	case <-ready:
		return nil
	}
}

// reopen waits, listens on the port again, and returns what runs the API server there.
func (c *ControlPlane) reopen(ctx context.Context, cfg Config, away time.Duration) (func(context.Context) error, error) {
	timer := time.NewTimer(away)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	loopback, err := listen(ctx, c.port)
	if err != nil {
		return nil, err
	}
	if got := loopback.Addr().(*net.TCPAddr).Port; got != c.port {
		return nil, errors.Join(fmt.Errorf("port %d was taken by another program while the API server was away", c.port), loopback.Close())
	}
	listener := newClosingListener(loopback)
	c.mu.Lock()
	c.listener = listener
	c.mu.Unlock()
	return prepareAPIServer(ctx, cfg, c.pki, listener)
}

// closeConns ends the connections of the API server that there is.
func (c *ControlPlane) closeConns() {
	c.mu.Lock()
	listener := c.listener
	c.mu.Unlock()
	listener.closeConns()
}
