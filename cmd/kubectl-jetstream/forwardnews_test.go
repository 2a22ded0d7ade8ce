package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheNewsOfAForward(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		live bool
		want string
	}{
		{
			"without a terminal: a line a minute while something changes", false,
			"Forwarding.\n1 connection, 1 open, 10 bytes sent, 2.0 kB received\n" +
				"A connection was closed: port refused\n2 connections, 1 broken, 10 bytes sent, 3.0 MB received\n" +
				"Gone.\nA connection was closed: port refused\n3 connections, 2 broken, 10 bytes sent, 3.0 MB received\n",
		},
		{
			"on a terminal: in place, below the other lines", true,
			"Forwarding.\n\r\x1b[K1 connection, 1 open, 10 bytes sent, 2.0 kB received" +
				"\r\x1b[KA connection was closed: port refused\n1 connection, 1 open, 10 bytes sent, 2.0 kB received" +
				"\r\x1b[K2 connections, 1 broken, 10 bytes sent, 3.0 MB received" +
				"\r\x1b[KGone.\n2 connections, 1 broken, 10 bytes sent, 3.0 MB received" +
				"\r\x1b[KA connection was closed: port refused\n2 connections, 1 broken, 10 bytes sent, 3.0 MB received" +
				"\r\x1b[K3 connections, 2 broken, 10 bytes sent, 3.0 MB received\n",
		},
	}
	refused := errors.New("port\nrefused")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				n := newForwardNews(&out, tt.live)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					n.run(ctx)
				}()
				// Nothing is counted before there is anything to count.
				n.state("a", "Forwarding.")
				n.state("a", "Forwarding.")
				<-time.After(90500 * time.Millisecond)
				n.opened()
				n.sent.Add(10)
				n.received.Add(2 << 10)
				<-time.After(3 * time.Minute)
				n.closed()
				n.opened()
				n.failed(refused)
				<-time.After(300 * time.Millisecond)
				n.closed()
				n.received.Store(3 << 20)
				<-time.After(3 * time.Minute)
				n.state("b", "Gone.")
				n.opened()
				n.failed(refused)
				n.closed()
				cancel()
				<-done
				n.total()
				if got := out.String(); got != tt.want {
					t.Errorf("told:\n%q\nwant:\n%q", got, tt.want)
				}
			})
		})
	}
}

func TestAFailureIsToldOnceAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		n := newForwardNews(&out, false)
		for range 120 {
			<-time.After(time.Second)
			n.failed(errors.New("lost"))
		}
		if told := strings.Count(out.String(), "lost\n"); told != 2 {
			t.Errorf("told %d times in two minutes", told)
		}
		n.state("another", "Another leader.")
		n.failed(errors.New("lost"))
		if told := strings.Count(out.String(), "lost\n"); told != 3 {
			t.Errorf("told %d times, of another leader too", told)
		}
	})
}

func TestBytesText(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1536: "1.5 kB", 5 << 20: "5.0 MB", 3 << 30: "3.0 GB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
