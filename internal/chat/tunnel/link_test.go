package tunnel

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

// fakeShared is a shared connection whose streams say nothing.
type fakeShared struct {
	once   sync.Once
	closed chan bool
	refuse error
	// silent lets streams wait for their acknowledgement until the end, or for the
	// 30 seconds that the library waits.
	silent bool
	delay  time.Duration // of each acknowledgement
}

func (c *fakeShared) CreateStream(headers http.Header) (httpstream.Stream, error) {
	if c.silent {
		select {
		case <-c.closed:
		case <-time.After(30 * time.Second):
		}
		return nil, errors.New("no acknowledgement")
	}
	<-time.After(c.delay)
	if c.refuse != nil {
		return nil, c.refuse
	}
	r, w := io.Pipe()
	return &fakeStream{PipeReader: r, w: w, headers: headers}, nil
}

func (c *fakeShared) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *fakeShared) CloseChan() <-chan bool             { return c.closed }
func (c *fakeShared) SetIdleTimeout(time.Duration)       {}
func (c *fakeShared) RemoveStreams(...httpstream.Stream) {}

func (c *fakeShared) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

type fakeStream struct {
	*io.PipeReader
	w       *io.PipeWriter
	headers http.Header
}

func (s *fakeStream) Write(p []byte) (int, error) { return len(p), nil }
func (s *fakeStream) Close() error                { return nil }
func (s *fakeStream) Reset() error                { return s.w.Close() }
func (s *fakeStream) Headers() http.Header        { return s.headers }
func (s *fakeStream) Identifier() uint32          { return 0 }

// fakeTunnel opens fake connections and records them by pod.
func fakeTunnel(opened map[Pod][]*fakeShared) *Tunnel {
	return newTunnel(func(_ context.Context, pod Pod) (httpstream.Connection, error) {
		c := &fakeShared{closed: make(chan bool)}
		opened[pod] = append(opened[pod], c)
		return c, nil
	})
}

func TestAnUnusedSharedConnectionIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opened := map[Pod][]*fakeShared{}
		tunnel := fakeTunnel(opened)
		first, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		second, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		_ = first.Close()
		<-time.After(2 * idleTimeout)
		shared := opened[leader][0]
		if shared.isClosed() {
			t.Fatal("a shared connection in use was closed")
		}
		_ = second.Close()
		<-time.After(idleTimeout / 2)
		third, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		_ = third.Close()
		<-time.After(idleTimeout - time.Second)
		if shared.isClosed() {
			t.Error("it was closed too early after its last use")
		}
		<-time.After(2 * time.Second)
		if !shared.isClosed() || len(opened[leader]) != 1 {
			t.Errorf("closed: %t; %d were opened", shared.isClosed(), len(opened[leader]))
		}
		_ = tunnel.Close()
	})
}

func TestAPodsSuccessorGetsItsOwnConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opened := map[Pod][]*fakeShared{}
		tunnel := fakeTunnel(opened)
		successor := leader
		successor.UID = "2"
		for _, pod := range []Pod{leader, successor} {
			conn, err := tunnel.DialContext(t.Context(), pod, 1)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
		}
		if len(opened[leader]) != 1 || len(opened[successor]) != 1 {
			t.Errorf("%d and %d shared connections", len(opened[leader]), len(opened[successor]))
		}
		_ = tunnel.Close()
	})
}

func TestASharedConnectionThatTakesNoStreamsIsReplacedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opened := map[Pod][]*fakeShared{}
		tunnel := fakeTunnel(opened)
		used, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		refusal := errors.New("refused")
		stale := opened[leader][0]
		stale.refuse = refusal
		conn, err := tunnel.DialContext(t.Context(), leader, 1)
		if err != nil {
			t.Fatal(err)
		}
		if stale.isClosed() {
			t.Error("the connection that is still used was ended")
		}
		_ = used.Close()
		synctest.Wait()
		if !stale.isClosed() {
			t.Error("it was not closed after its last use")
		}
		_ = conn.Close()

		// When the new one takes none either, that is the answer.
		opened[leader][1].refuse = refusal
		tunnel.open = func(context.Context, Pod) (httpstream.Connection, error) {
			return &fakeShared{closed: make(chan bool), refuse: refusal}, nil
		}
		var lost *LostError
		if _, err := tunnel.DialContext(t.Context(), leader, 1); !errors.As(err, &lost) || !errors.Is(err, refusal) {
			t.Errorf("error %v", err)
		}
		_ = tunnel.Close()
	})
}
