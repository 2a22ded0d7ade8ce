// Package pathways has what the simulated Pathways binaries share: how they start,
// how they are told to stop, and the versions of the protocol that each release
// speaks.
package pathways

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/glog"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/ifrt"
)

// Versions returns the protocol versions that the release with this image tag
// speaks. The numbers are the sandbox's own; the real rule they stand for is that a
// client works with the proxy of its own JAX release only.
func Versions(tag string) ifrt.Versions {
	release, _ := strings.CutPrefix(tag, "jax-")
	switch release {
	case "0.5.3":
		return ifrt.Versions{Min: 3, Max: 14}
	case "0.8.0":
		return ifrt.Versions{Min: 15, Max: 24}
	default: // latest
		return ifrt.Versions{Min: 20, Max: 30}
	}
}

// How long a binary of the real system takes from its start to its first line of
// interest, by chance.
const (
	startupLeast = 1500 * time.Millisecond
	startupMost  = 3500 * time.Millisecond
)

// ErrTerminated is returned by waits that ended because the process was told to stop.
var ErrTerminated = fmt.Errorf("terminated")

// Process is a running Pathways binary: a container's process with its log.
type Process struct {
	*container.Process
	Log *glog.Logger
}

// Start begins a binary's life: it writes the command line to the log, as the real
// ones do, and waits until the binary would be up.
func Start(ctx context.Context, p *container.Process, binary string) (*Process, error) {
	proc := &Process{Process: p, Log: glog.New(p.Stderr, 1)}
	for i, arg := range append([]string{binary}, p.Args...) {
		proc.Log.Infof("init_google.cc", 813, "argv[%d]: '%s'", i, arg)
	}
	chance := p.World.Rand(p.Namespace + "/" + p.Pod + "/" + p.Container)
	return proc, proc.Sleep(ctx, startupLeast+time.Duration(chance.Int64N(int64(startupMost-startupLeast))))
}

// Sleep waits a duration of the real system. It returns early, with ErrTerminated or
// the context's error, when the process is to end.
func (p *Process) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(p.World.Scale(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.Term:
		return ErrTerminated
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait blocks until the process is to end.
func (p *Process) Wait(ctx context.Context) {
	select {
	case <-p.Term:
	case <-ctx.Done():
	}
}

// Reach reports a milestone; a positive exit code means that a fault ends the
// process there. The fault's lines are printed already.
func (p *Process) Reach(name string) (exitCode int) {
	code, lines := p.Milestone(name)
	for _, line := range lines {
		fmt.Fprintln(p.Stderr, line)
	}
	return code
}

// ExitTerminated is the exit code of a process that SIGTERM ended.
const ExitTerminated = 128 + 15

// Port parses the value of --server_port.
func Port(value string) (uint16, error) {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("--server_port=%q is not a port", value)
	}
	return uint16(n), nil
}

// CheckScratch reports a scratch location whose bucket does not exist, in the words
// that the resource manager and the workers are documented to print.
func (p *Process) CheckScratch(location string) error {
	if err := p.World.Bucket(location); err != nil {
		p.Log.Errorf("server_lib.cc", 1290, "Permanent error, with a last message of The specified bucket does not exist.; Error while initializing persistent cache storage gcs")
		return err
	}
	return nil
}

// Accept hands every connection of l to handle, in a goroutine each, until ctx ends;
// it then closes the listener and every connection and waits for the handlers.
func Accept(ctx context.Context, l net.Listener, handle func(context.Context, *ifrt.Peer)) {
	var handlers sync.WaitGroup
	defer handlers.Wait()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		handlers.Go(func() {
			defer conn.Close()
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			defer stop()
			handle(ctx, ifrt.NewPeer(conn))
		})
	}
}
