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

func TestOnlyTheSchedulersExitIsKeptFromTheProcess(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		packages string
		code     int // that the process ends with
		told     int
		returns  bool
	}{
		"another one's ends the process": {schedulerPackages, 255, 0, true},
		"its own ends the goroutine":     {"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/", 0, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exits := make(chan struct{}, 1)
			code, returned, unwound := 0, false, false
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { unwound = true }()
				exitOf(tt.packages, exits, func(c int) { code = c })(255)
				returned = true
			}()
			<-done
			if code != tt.code || len(exits) != tt.told || returned != tt.returns || !unwound {
				t.Errorf("exit code %d, %d told, returned: %t, deferred calls made: %t", code, len(exits), returned, unwound)
			}
		})
	}
}
