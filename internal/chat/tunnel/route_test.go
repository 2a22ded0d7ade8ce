package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/streaming/pkg/httpstream"
)

// stage is a deployment as a Route sees it: its leaders, and what becomes of a dial
// to each.
type stage struct {
	candidates []Candidate
	open       func(Pod) (httpstream.Connection, error)

	asked  int
	again  []bool   // with which word each time
	opened []string // pods, in the order of the dials
	at     []time.Duration
}

func (s *stage) route(t *testing.T) *Route {
	t.Helper()
	begin := time.Now()
	tunnel := newTunnel(func(_ context.Context, pod Pod) (httpstream.Connection, error) {
		s.opened = append(s.opened, pod.Name+"/"+pod.UID)
		s.at = append(s.at, time.Since(begin))
		if s.open != nil {
			return s.open(pod)
		}
		return &fakeShared{closed: make(chan bool)}, nil
	})
	t.Cleanup(func() { _ = tunnel.Close() })
	return &Route{Tunnel: tunnel, Port: 8000, Candidates: func(_ context.Context, again bool) ([]Candidate, error) {
		s.asked++
		s.again = append(s.again, again)
		return s.candidates, nil
	}}
}

func serving(group int, uid string) Candidate {
	return Candidate{Pod: Pod{Namespace: "ns", Name: fmt.Sprintf("llama-%d", group), UID: uid}, Group: group, Running: true, Serving: true}
}

func loading(group int) Candidate {
	c := serving(group, "1")
	c.Serving = false
	return c
}

// dialled dials once and closes again.
func dialled(ctx context.Context, t *testing.T, r *Route) error {
	t.Helper()
	c, err := r.DialContext(ctx, "tcp", "model:80")
	if err == nil {
		_ = c.Close()
	}
	return err
}

func lost(pod Pod) (httpstream.Connection, error) {
	return nil, openError(pod, errors.New("connection reset"))
}

func TestARouteTriesAgainEverMoreSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{candidates: []Candidate{serving(0, "1")}, open: lost}
		r := s.route(t)
		r.Patience = time.Minute
		err := dialled(t.Context(), t, r)
		if lost := new(*LostError); !errors.As(err, lost) || !strings.Contains(err.Error(), "given up after 1m0s") {
			t.Errorf("error %v", err)
		}
		ms := func(n ...int) (out []time.Duration) {
			for _, n := range n {
				out = append(out, time.Duration(n)*time.Millisecond)
			}
			return out
		}
		want := ms(0, 250, 750, 1750, 3750, 7750, 15750, 25750, 35750, 45750, 55750)
		if diff := cmp.Diff(want, s.at); diff != "" {
			t.Errorf("dials (-want +got):\n%s", diff)
		}
		if s.asked != len(want) {
			t.Errorf("asked %d times for candidates, dialled %d times", s.asked, len(want))
		}
	})
}

func TestARouteFollowsALeaderThatIsCreatedAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{candidates: []Candidate{serving(0, "1")}}
		r := s.route(t)
		s.open = func(pod Pod) (httpstream.Connection, error) {
			if pod.UID == "1" {
				s.candidates = []Candidate{serving(0, "2")}
				return nil, &PodNotRunningError{Pod: pod, Err: errors.New("not found")}
			}
			return &fakeShared{closed: make(chan bool), delay: 20 * time.Millisecond}, nil
		}
		if err := dialled(t.Context(), t, r); err != nil {
			t.Fatal(err)
		}
		if want := []string{"llama-0/1", "llama-0/2"}; !slices.Equal(s.opened, want) {
			t.Errorf("dialled %v, want %v", s.opened, want)
		}
		if want := []bool{false, true}; !slices.Equal(s.again, want) {
			t.Errorf("candidates are asked for again: %v, want %v", s.again, want)
		}
		if pod, roundTrip := r.Last(); pod.UID != "2" || roundTrip != 20*time.Millisecond {
			t.Errorf("last: %v in %s", pod, roundTrip)
		}
	})
}

func TestARouteTriesAnotherReplicaAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{candidates: []Candidate{serving(0, "1"), serving(1, "1"), loading(2)}}
		s.open = func(pod Pod) (httpstream.Connection, error) {
			if pod.Name == "llama-0" {
				return lost(pod)
			}
			return &fakeShared{closed: make(chan bool)}, nil
		}
		r := s.route(t)
		if err := dialled(t.Context(), t, r); err != nil {
			t.Fatal(err)
		}
		if pod, _ := r.Last(); pod.Name != "llama-1" || s.at[len(s.at)-1] != 0 {
			t.Errorf("dialled %v at %v", s.opened, s.at)
		}
	})
}

func TestARouteReturnsAtOnceWhatWaitingDoesNotHeal(t *testing.T) {
	t.Parallel()
	one := 1
	forbidden := func(pod Pod) (httpstream.Connection, error) {
		return nil, &NotPermittedError{Pod: pod, Err: errors.New("no")}
	}
	tests := []struct {
		name       string
		candidates []Candidate
		group      *int
		open       func(Pod) (httpstream.Connection, error)
		dials      int
		want       func(error) bool
	}{
		{"no permission", []Candidate{serving(0, "1"), serving(1, "1")}, nil, forbidden, 1, func(err error) bool { return errors.As(err, new(*NotPermittedError)) }},
		{"a model that loads", []Candidate{loading(0)}, nil, nil, 0, func(err error) bool { return errors.As(err, new(*NotServingError)) }},
		{"no leader", nil, nil, nil, 0, func(err error) bool { return errors.Is(err, ErrNoLeader) }},
		{
			"the one group that is asked for loads",
			[]Candidate{serving(0, "1"), loading(1)},
			&one, nil, 0,
			func(err error) bool {
				return errors.As(err, new(*NotServingError)) && strings.HasPrefix(err.Error(), "group 1: ")
			},
		},
		{"the one group is not there", []Candidate{serving(0, "1")}, &one, nil, 0, func(err error) bool { return errors.Is(err, ErrNoLeader) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &stage{candidates: tt.candidates, open: tt.open}
				r := s.route(t)
				r.Group = tt.group
				begin := time.Now()
				err := dialled(t.Context(), t, r)
				if err == nil || !tt.want(err) || len(s.opened) != tt.dials || time.Since(begin) != 0 {
					t.Errorf("after %s and %d dials: %v", time.Since(begin), len(s.opened), err)
				}
			})
		})
	}
}

func TestARoutePinsAGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{candidates: []Candidate{serving(0, "1"), serving(1, "1")}}
		r := s.route(t)
		one := 1
		r.Group = &one
		if err := dialled(t.Context(), t, r); err != nil || !slices.Equal(s.opened, []string{"llama-1/1"}) {
			t.Errorf("dialled %v: %v", s.opened, err)
		}
	})
}

func TestARouteEndsWithItsCallersContextAndSaysWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{candidates: []Candidate{serving(0, "1")}, open: lost}
		r := s.route(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := dialled(ctx, t, r)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection reset") {
			t.Errorf("error %v", err)
		}
		if _, err := r.DialContext(t.Context(), "", ""); err == nil {
			t.Error("a lost tunnel was dialled")
		}
	})
}

func TestARouteLeavesASharedConnectionThatWentSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := &fakeShared{closed: make(chan bool)}
		s := &stage{candidates: []Candidate{serving(0, "1")}}
		s.open = func(Pod) (httpstream.Connection, error) {
			if len(s.opened) == 1 {
				return first, nil
			}
			return &fakeShared{closed: make(chan bool)}, nil
		}
		r := s.route(t)
		if err := dialled(t.Context(), t, r); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		first.silent = true
		begin := time.Now()
		if err := dialled(t.Context(), t, r); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > attemptTimeout+time.Second || len(s.opened) != 2 {
			t.Errorf("%d shared connections, after %s", len(s.opened), took)
		}
		<-time.After(time.Minute)
		if !first.isClosed() {
			t.Error("the silent connection was kept")
		}
	})
}

func TestACancelledDialLeavesTheSharedConnectionInUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared := &fakeShared{closed: make(chan bool), delay: 100 * time.Millisecond}
		s := &stage{candidates: []Candidate{serving(0, "1")}, open: func(Pod) (httpstream.Connection, error) { return shared, nil }}
		r := s.route(t)
		for i := range 200 {
			// Each moment of a dial has its turn.
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
			if err := dialled(ctx, t, r); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatalf("dial %d: %v", i, err)
			}
		}
		if err := dialled(t.Context(), t, r); err != nil || len(s.opened) != 1 {
			t.Errorf("%d shared connections, then %v", len(s.opened), err)
		}
		<-time.After(idleTimeout + time.Second)
		if !shared.isClosed() {
			t.Error("connections of cancelled dials are still counted")
		}
	})
}

func TestRequestsThroughARouteSurviveCancelledOnes(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.listen(8000, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stall" {
			stall(w, r)
			return
		}
		hello(w, r)
	}))
	route := &Route{Tunnel: s.start(), Port: 8000, Candidates: func(context.Context, bool) ([]Candidate, error) {
		return []Candidate{{Pod: leader, Running: true, Serving: true}}, nil
	}}
	client := &http.Client{Transport: &http.Transport{DialContext: route.DialContext, DisableKeepAlives: true}}
	ask := func(ctx context.Context, path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://model"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return client.Do(req)
	}
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := ask(ctx, "/stall")
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		cancel()
		_ = resp.Body.Close()
		if i%20 > 0 {
			continue
		}
		resp, err = ask(t.Context(), "/")
		if err != nil {
			t.Fatalf("after %d cancelled requests: %v", i+1, err)
		}
		if body, err := io.ReadAll(resp.Body); string(body) != "hello" || err != nil {
			t.Fatalf("after %d cancelled requests: %q, %v", i+1, body, err)
		}
		_ = resp.Body.Close()
	}
	if n := s.upgradeCount(); n != 1 {
		t.Errorf("%d shared connections were needed", n)
	}
	if pod, roundTrip := route.Last(); pod != leader || roundTrip <= 0 {
		t.Errorf("last: %v in %s", pod, roundTrip)
	}
}

func TestAClosedTunnelEndsARoutesDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{candidates: []Candidate{serving(0, "1")}}
		r := s.route(t)
		_ = r.Tunnel.Close()
		if err := dialled(t.Context(), t, r); !errors.Is(err, net.ErrClosed) || s.asked != 1 {
			t.Errorf("asked %d times: %v", s.asked, err)
		}
	})
}
