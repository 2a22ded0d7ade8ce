package controlplane

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestASchedulerThatExitsBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		exits := make(chan struct{}, 1)
		begun := make(chan context.Context)
		ended := make(chan error)
		go func() {
			ended <- lives(ctx, exits, func(life context.Context) error {
				begun <- life
				<-life.Done()
				return life.Err()
			})
		}()
		first := <-begun
		exits <- struct{}{}
		second := <-begun
		if !errors.Is(context.Cause(first), errExited) || second.Err() != nil {
			t.Errorf("the first life ended by %v, the second by %v", context.Cause(first), second.Err())
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("in the end: %v", err)
		}
	})
}

func TestOnlyTheSchedulersExitIsKept(t *testing.T) {
	t.Parallel()
	exits := make(chan struct{}, 1)
	code := 0
	exitOf(exits, func(c int) { code = c })(255)
	if code != 255 || len(exits) != 0 {
		t.Errorf("another one's exit with 255 ended with %d, %d lives end", code, len(exits))
	}
	if !calledBy("testing.") || calledBy("k8s.io/kubernetes/pkg/scheduler/") {
		t.Error("the callers are not told apart")
	}
}
