package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// lingering is how long a client may go on sending after the model has closed its
// connection. What it sends is thrown away: closing at once would take back what it
// has not read yet.
const lingering = time.Second

// splice copies between a client and the model until both are done, the model is, or
// ctx ends, and closes both. The end of one direction is passed on alone. The error
// is what broke the model's side; the client's own end is none. sent counts what goes
// to the model, received what comes from it.
func splice(ctx context.Context, client *net.TCPConn, model net.Conn, sent, received *atomic.Int64) error {
	defer context.AfterFunc(ctx, func() {
		_ = model.Close()
		abort(client)
	})()
	uploaded := make(chan struct{})
	go guarded(func() {
		defer close(uploaded)
		// Whatever ends it, the other direction finds out on its own.
		_, err := io.Copy(&counting{w: model, n: sent}, client)
		switch half, ok := model.(interface{ CloseWrite() error }); {
		case err == nil && ok:
			_ = half.CloseWrite()
		case err != nil:
			_ = model.Close()
		}
	})
	out := &counting{w: client, n: received}
	_, err := io.Copy(out, model)
	_ = model.Close()
	if err != nil {
		abort(client)
		<-uploaded
		if out.failed || errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	}
	_ = client.CloseWrite()
	_ = client.SetReadDeadline(time.Now().Add(lingering))
	<-uploaded
	_, _ = io.Copy(io.Discard, client)
	_ = client.Close()
	return nil
}

// abort resets a connection, so that its client does not take what it got for all.
func abort(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// counting counts what is written.
type counting struct {
	w      io.Writer
	n      *atomic.Int64
	failed bool
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n.Add(int64(n))
	c.failed = c.failed || err != nil
	return n, err
}
