package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// forwarding is a forwarder at work, with an echo for a model.
type forwarding struct {
	address   string
	snapshots latest[status.Snapshot]
	stop      func(error)
	ended     chan error

	mu  sync.Mutex
	out bytes.Buffer
}

func (f *forwarding) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out.Write(p)
}

func (f *forwarding) printed() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out.String()
}

// awaits returns when a line was told so often.
func (f *forwarding) awaits(t *testing.T, line string, times int) {
	t.Helper()
	for strings.Count(f.printed(), line+"\n") < times {
		select {
		case err := <-f.ended:
			t.Fatalf("it ended with %v:\n%s", err, f.printed())
		case <-time.After(time.Millisecond):
		}
	}
}

func startForwarding(t *testing.T, first status.Snapshot, refuse func() error) *forwarding {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	f := &forwarding{address: listener.Addr().String(), snapshots: newLatest[status.Snapshot](), stop: stop, ended: make(chan error, 1)}
	seen := newLeaders(first)
	dial := func(context.Context, string, string) (net.Conn, error) {
		if refuse != nil {
			if err := refuse(); err != nil {
				return nil, err
			}
		}
		s, _ := seen.now()
		if _, err := tunnel.Pick(leadersOf(s)); err != nil {
			return nil, err
		}
		ours, theirs := tcpPair(t)
		go func() {
			_, _ = io.Copy(theirs, theirs)
			_ = theirs.Close()
		}()
		return ours, nil
	}
	serving := &forwarder{leaders: seen, dial: dial, news: newForwardNews(f, false), now: time.Now}
	go func() { f.ended <- serving.run(ctx, listener, f.snapshots) }()
	t.Cleanup(func() { stop(nil) })
	return f
}

func (f *forwarding) connect(t *testing.T) *net.TCPConn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

func echoed(t *testing.T, c net.Conn) {
	t.Helper()
	_, _ = io.WriteString(c, "hello")
	got := make([]byte, 5)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
		t.Errorf("the echo of hello is %q, %v", got, err)
	}
}

func TestAForwardLastsUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	f := startForwarding(t, groupsOf(status.Loading, groupWith(0, "1", health.NotServing)), nil)
	// One that comes early waits for the model.
	c := f.connect(t)
	f.snapshots.put(groupsOf(status.Ready, groupWith(0, "1", health.Serving)))
	echoed(t, c)
	other := f.connect(t)
	echoed(t, other)
	_ = other.CloseWrite()
	if rest, err := io.ReadAll(other); len(rest) > 0 || err != nil {
		t.Errorf("after a half-close comes %q, %v", rest, err)
	}

	f.stop(interruption{signal: os.Interrupt})
	if err := <-f.ended; !errors.As(err, new(interruption)) {
		t.Errorf("it ends with %v", err)
	}
	// The open one was cut, after it had its time.
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("an open connection sees %v", err)
	}
	var d net.Dialer
	if _, err := d.DialContext(t.Context(), "tcp", f.address); err == nil {
		t.Error("the port is still open")
	}
	want := "The model does not answer: Loading. Connections wait for it for up to 30s.\n" +
		"Forwarding to pod llama-0 of group 0.\n" +
		"2 connections, 10 bytes sent, 10 bytes received\n"
	if got := f.printed(); got != want {
		t.Errorf("told:\n%s\nwant:\n%s", got, want)
	}
}

func TestAForwardEndsWhereNothingMayBeForwarded(t *testing.T) {
	t.Parallel()
	denied := func() error { return &tunnel.NotPermittedError{Err: errors.New("no")} }
	for _, state := range []health.State{health.Forbidden, health.Serving} {
		f := startForwarding(t, groupsOf(status.Loading, groupWith(0, "1", state)), denied)
		if state == health.Serving {
			// Only a connection finds out; it may have ended before it is here.
			var d net.Dialer
			if c, err := d.DialContext(t.Context(), "tcp", f.address); err == nil {
				_ = c.Close()
			}
		}
		if err := <-f.ended; !errors.As(err, new(*tunnel.NotPermittedError)) {
			t.Errorf("%s: it ends with %v", state, err)
		}
	}
}

func TestAForwardGoesOnWhenAPermissionIsTakenLater(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var denial error
	f := startForwarding(t, groupsOf(status.Ready, groupWith(0, "1", health.Serving)), func() error {
		mu.Lock()
		defer mu.Unlock()
		return denial
	})
	c := f.connect(t)
	echoed(t, c)
	mu.Lock()
	denial = &tunnel.NotPermittedError{Err: errors.New("no")}
	mu.Unlock()
	// It may be reset before it is here: then the dial says so.
	var d net.Dialer
	refused, err := d.DialContext(t.Context(), "tcp", f.address)
	if err == nil {
		_, err = refused.Read(make([]byte, 1))
		_ = refused.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection that is not permitted sees %v", err)
	}
	f.snapshots.put(groupsOf(status.Ready, groupWith(0, "2", health.Forbidden)))
	f.awaits(t, "Forwarding to pod llama-0 of group 0.", 2)
	echoed(t, c)
	mu.Lock()
	denial = nil
	mu.Unlock()
	echoed(t, f.connect(t))
	f.stop(interruption{signal: os.Interrupt})
	if err := <-f.ended; !errors.As(err, new(interruption)) {
		t.Errorf("it ends with %v", err)
	}
	if n := strings.Count(f.printed(), "A connection was closed: "); n != 1 {
		t.Errorf("told %d times:\n%s", n, f.printed())
	}
}

func TestAForwardWhoseSightEndsSaysSo(t *testing.T) {
	t.Parallel()
	f := startForwarding(t, groupsOf(status.Loading), nil)
	_ = f.connect(t)
	close(f.snapshots)
	if err := <-f.ended; err == nil || !strings.Contains(err.Error(), "ended unexpectedly") {
		t.Errorf("it ends with %v", err)
	}
}

func TestAConnectionWaitsForALeaderForABoundedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := newLeaders(groupsOf(status.Loading, groupWith(0, "1", health.NotServing)))
		dials := 0
		f := &forwarder{leaders: seen, dial: func(context.Context, string, string) (net.Conn, error) {
			dials++
			s, _ := seen.now()
			_, err := tunnel.Pick(leadersOf(s))
			if err != nil {
				return nil, fmt.Errorf("group 0: %w", err)
			}
			return nil, nil
		}}
		begin := time.Now()
		_, err := f.connect(t.Context())
		if !errors.As(err, new(*tunnel.NotServingError)) || !strings.Contains(err.Error(), "within 30s") {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took != leaderPatience || dials != 1 {
			t.Errorf("given up after %s and %d dials", took, dials)
		}
		time.AfterFunc(time.Second, func() { seen.see(groupsOf(status.Ready, groupWith(0, "1", health.Serving))) })
		begin = time.Now()
		if _, err := f.connect(t.Context()); err != nil || time.Since(begin) != time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

func TestTheStateOfAForward(t *testing.T) {
	t.Parallel()
	one, nine := 1, 9
	both := groupsOf(status.Serving, groupWith(0, "1", health.Serving), groupWith(1, "7", health.NotServing))
	both.Groups[1].Cause = "restoring the checkpoint"
	tests := []struct {
		name      string
		snapshot  status.Snapshot
		group     *int
		key, text string
	}{
		{"whichever answers", both, nil, "llama-0/1", "Forwarding to pod llama-0 of group 0."},
		{"a group that loads", both, &one, "group Loading", "Group 1 does not answer: Loading: restoring the checkpoint. Connections wait for it for up to 30s."},
		{"a group that is not there", both, &nine, "no group", "There is no group 9. Connections wait for it for up to 30s."},
		{"no deployment any more", groupsOf(status.NotFound), nil, "NotFound", "The model does not answer: NotFound. Connections wait for it for up to 30s."},
	}
	for _, tt := range tests {
		f := &forwarder{group: tt.group, now: time.Now}
		if key, text := f.stateOf(tt.snapshot); key != tt.key || text != tt.text {
			t.Errorf("%s: %q: %q", tt.name, key, text)
		}
	}
}
