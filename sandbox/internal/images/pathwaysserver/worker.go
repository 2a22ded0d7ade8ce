package pathwaysserver

import (
	"context"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/flags"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/ifrt"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathways"
)

const (
	// retryInterval is how long a worker waits before it tries again to reach its
	// resource manager, which may not be up or not have a name yet.
	retryInterval = time.Second
	// executingEvery is the interval at which a worker with a placed slice passes the
	// milestone "executing", for faults that strike a running worker.
	executingEvery = 30 * time.Second
	// executingLeast bounds that interval at high speeds, in real time, so that idle
	// workers cost nothing.
	executingLeast = 200 * time.Millisecond
)

func runWorker(ctx context.Context, proc *pathways.Process, set flags.Set, port uint16) int {
	l, err := proc.Net.Listen(port)
	if err != nil {
		proc.Log.Errorf("server_lib.cc", 1460, "%v", err)
		return 1
	}
	defer l.Close()
	proc.Log.Infof("server_lib.cc", 1473, "Pathways Server serving on [::]:%d", port)
	if code := proc.Reach("serving"); code > 0 {
		return code
	}
	manager := set.Get("resource_manager_address")
	for {
		if code, ended := lease(ctx, proc, manager); ended {
			return code
		}
		if err := proc.Sleep(ctx, retryInterval); err != nil {
			return pathways.ExitTerminated
		}
	}
}

// lease registers with the resource manager and stays registered for as long as the
// connection lasts. ended is true when the worker's process is to end.
func lease(ctx context.Context, proc *pathways.Process, manager string) (exitCode int, ended bool) {
	conn, err := proc.Net.DialContext(ctx, "tcp", manager)
	if err != nil {
		return 0, false // the manager is not there yet; the real worker waits too
	}
	defer conn.Close()
	peer := ifrt.NewPeer(conn)
	// Workers of one slice share the list of their slice's host names; the workload
	// controller injects it.
	hello := ifrt.Message{Kind: ifrt.Register, Host: proc.Pod, Slice: proc.Env["TPU_WORKER_HOSTNAMES"]}
	if err := peer.Send(hello); err != nil {
		return 0, false
	}
	states := make(chan ifrt.Topology)
	readerCtx, stopReader := context.WithCancel(ctx)
	readerDone := make(chan struct{})
	go func() {
		defer close(readerDone)
		defer close(states)
		for {
			m, err := peer.Receive()
			if err != nil {
				return
			}
			select {
			case states <- m.Topology:
			case <-readerCtx.Done():
				return
			}
		}
	}()
	defer func() {
		stopReader()
		_ = conn.Close()
		<-readerDone
	}()
	return work(ctx, proc, states)
}

// work follows the states that the manager tells until the lease or the process ends.
func work(ctx context.Context, proc *pathways.Process, states <-chan ifrt.Topology) (exitCode int, ended bool) {
	executing := new(time.Ticker) // never ticks until the slice is placed
	placed := false
	for {
		select {
		case state, ok := <-states:
			if !ok {
				proc.Log.Warningf("server_lib.cc", 1611, "Lost connection to the resource manager")
				return 0, false
			}
			if state.Ready() && !placed {
				placed = true
				if state.Slices > 1 {
					proc.Log.Infof("megascale_transport.cc", 214, "MegaScale transport initialized.")
				}
				if code := proc.Reach("placed"); code > 0 {
					return code, true
				}
				executing = time.NewTicker(max(executingLeast, proc.World.Scale(executingEvery)))
				defer executing.Stop()
			}
		case <-executing.C:
			if code := proc.Reach("executing"); code > 0 {
				return code, true
			}
		case <-proc.Term:
			return pathways.ExitTerminated, true
		case <-ctx.Done():
			return pathways.ExitTerminated, true
		}
	}
}
