package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
)

// tcpPair is a TCP connection of this machine, both ends.
func tcpPair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	near, far = c.(*net.TCPConn), accepted.(*net.TCPConn)
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// spliced is a client and a model with a splice between them.
type spliced struct {
	client, model  *net.TCPConn
	sent, received atomic.Int64
	ended          chan error
}

func newSpliced(ctx context.Context, t *testing.T, wrap func(net.Conn) net.Conn) *spliced {
	t.Helper()
	s := &spliced{ended: make(chan error, 1)}
	var ours, theirs *net.TCPConn
	s.client, ours = tcpPair(t)
	theirs, s.model = tcpPair(t)
	var model net.Conn = theirs
	if wrap != nil {
		model = wrap(theirs)
	}
	go func() { s.ended <- splice(ctx, ours, model, &s.sent, &s.received) }()
	return s
}

func TestASplicePassesAHalfCloseOn(t *testing.T) {
	t.Parallel()
	s := newSpliced(t.Context(), t, nil)
	_, _ = io.WriteString(s.client, "question")
	_ = s.client.CloseWrite()
	question, err := io.ReadAll(s.model)
	if string(question) != "question" || err != nil {
		t.Errorf("the model reads %q, %v", question, err)
	}
	_, _ = io.WriteString(s.model, "long answer")
	_ = s.model.Close()
	answer, err := io.ReadAll(s.client)
	if string(answer) != "long answer" || err != nil {
		t.Errorf("the client reads %q, %v", answer, err)
	}
	if err := <-s.ended; err != nil || s.sent.Load() != 8 || s.received.Load() != 11 {
		t.Errorf("%d bytes sent, %d received, %v", s.sent.Load(), s.received.Load(), err)
	}
}

func TestASpliceDeliversTheWholeAnswerToAClientThatStillSends(t *testing.T) {
	t.Parallel()
	s := newSpliced(t.Context(), t, nil)
	answer := bytes.Repeat([]byte("x"), 4<<20)
	go func() {
		// The model answers and closes without reading all of the question.
		_, _ = s.model.Read(make([]byte, 1))
		_, _ = s.model.Write(answer)
		_ = s.model.CloseWrite()
	}()
	go func() {
		for {
			if _, err := s.client.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}()
	got, err := io.ReadAll(s.client)
	if !bytes.Equal(got, answer) || err != nil {
		t.Errorf("%d of %d bytes, %v", len(got), len(answer), err)
	}
	_ = s.client.Close()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// failing is the tunnel's side of a connection, which breaks after its data.
type failing struct {
	net.Conn
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

func TestABrokenTunnelResetsTheClient(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	s := newSpliced(t.Context(), t, func(c net.Conn) net.Conn { return failing{c, lost} })
	_, _ = io.WriteString(s.model, "half an ans")
	_ = s.model.CloseWrite()
	if _, err := io.ReadAll(s.client); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client sees %v", err)
	}
	if err := <-s.ended; !errors.Is(err, lost) {
		t.Errorf("it ends with %v", err)
	}
}

func TestAClientThatLeavesEndsItsConnectionToTheModel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		leave func(*net.TCPConn)
	}{
		{"in good order", func(c *net.TCPConn) { _ = c.Close() }},
		{"by a reset", abort},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSpliced(t.Context(), t, nil)
			_, _ = io.WriteString(s.client, "question")
			_, _ = io.ReadFull(s.model, make([]byte, 8))
			tt.leave(s.client)
			// An answer that goes on is written until it fails.
			var err error
			for err == nil {
				_, err = s.model.Write(make([]byte, 4096))
			}
			if err := <-s.ended; err != nil {
				t.Errorf("the client's end is told as %v", err)
			}
		})
	}
}

func TestTheEndOfAForwardCutsASplice(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newSpliced(ctx, t, nil)
	cancel()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	if _, err := s.client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client sees %v", err)
	}
}
