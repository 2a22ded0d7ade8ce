// Package pathwaysproxy simulates the image pathways/proxy_server: the IFRT proxy,
// through which one JAX process at a time uses the slices of a resource manager.
//
// How the real proxy behaves without its arguments is documented nowhere. Here it
// keeps running and never opens its port, which gives the JAX process the documented
// failure to connect.
package pathwaysproxy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/flags"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/ifrt"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathways"
)

// Program is the image's entry point.
type Program struct {
	// Versions are the protocol versions of this release.
	Versions ifrt.Versions
}

var _ container.Program = Program{}

// retryInterval is how long the proxy waits before it tries again to reach its
// resource manager.
const retryInterval = time.Second

// Run serves until the process is told to stop.
func (program Program) Run(ctx context.Context, p *container.Process) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	proc, err := pathways.Start(ctx, p, "/usr/pathways/run/cloud_proxy_server")
	if err != nil {
		return pathways.ExitTerminated
	}
	set := flags.Parse(p.Args)
	manager, scratch := set.Get("resource_manager_address"), set.Get("gcs_scratch_location")
	if manager == "" || scratch == "" || set.Get("server_port") == "" {
		proc.Wait(ctx)
		return pathways.ExitTerminated
	}
	port, err := pathways.Port(set.Get("server_port"))
	if err != nil {
		proc.Log.Errorf("proxy_server.cc", 96, "%v", err)
		return 1
	}
	if err := proc.CheckScratch(scratch); err != nil {
		return 1
	}
	return (&server{proc: proc, versions: program.Versions}).run(ctx, manager, port)
}

// server is a proxy with its arguments understood.
type server struct {
	proc     *pathways.Process
	versions ifrt.Versions

	mu       sync.Mutex
	topology ifrt.Topology // the last that the manager told
	known    bool          // whether it has told any since the last loss
	client   *ifrt.Peer    // the one session, if any
}

func (s *server) run(ctx context.Context, manager string, port uint16) int {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	attached := make(chan struct{})
	running.Go(func() { s.follow(ctx, manager, attached) })
	select {
	case <-attached:
	case <-s.proc.Term:
		return pathways.ExitTerminated
	case <-ctx.Done():
		return pathways.ExitTerminated
	}
	l, err := s.proc.Net.Listen(port)
	if err != nil {
		s.proc.Log.Errorf("proxy_server.cc", 118, "%v", err)
		return 1
	}
	running.Go(func() { pathways.Accept(ctx, l, s.serve) })
	s.proc.Log.Infof("proxy_server.cc", 125, "IFRT proxy server started with status OK")
	if code := s.proc.Reach("serving"); code > 0 {
		return code
	}
	s.proc.Wait(ctx)
	return pathways.ExitTerminated
}

// follow keeps a connection to the resource manager and passes on what it tells.
// attached is closed after the manager's first word.
func (s *server) follow(ctx context.Context, manager string, attached chan struct{}) {
	var once sync.Once
	for ctx.Err() == nil {
		s.attach(ctx, manager, func() { once.Do(func() { close(attached) }) })
		if s.proc.Sleep(ctx, retryInterval) != nil {
			return
		}
	}
}

func (s *server) attach(ctx context.Context, manager string, told func()) {
	conn, err := s.proc.Net.DialContext(ctx, "tcp", manager)
	if err != nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	peer := ifrt.NewPeer(conn)
	if err := peer.Send(ifrt.Message{Kind: ifrt.Attach, Host: s.proc.Pod, Version: s.versions}); err != nil {
		return
	}
	for {
		m, err := peer.Receive()
		if err != nil {
			if ctx.Err() == nil {
				s.lost("the resource manager")
			}
			return
		}
		s.update(m.Topology)
		told()
	}
}

// update takes over a state and passes it to the client. A worker lost under a
// running client ends its session, since what was on its chips is gone.
func (s *server) update(t ifrt.Topology) {
	s.mu.Lock()
	wasReady := s.known && s.topology.Ready()
	s.topology, s.known = t, true
	client := s.client
	s.mu.Unlock()
	switch {
	case t.Lost != "" && wasReady:
		s.lost("worker " + t.Lost)
	case t.Ready() && !wasReady && client != nil:
		s.placed(t)
		_ = client.Send(ifrt.Message{Kind: ifrt.State, Topology: t}) // its reader notices a loss
	}
}

// placed logs that the client's virtual slices have become real ones.
func (s *server) placed(t ifrt.Topology) {
	for range t.Slices {
		s.proc.Log.Infof("slice_placement.cc", 302, "Transition slice placement: unplaced -> placed")
	}
}

// statusTerminated is how a session ends whose backend is gone.
const statusTerminated = "FAILED_PRECONDITION: GrpcClientSession: writes no longer allowed."

func (s *server) lost(what string) {
	s.mu.Lock()
	client := s.client
	s.client = nil
	s.known = what != "the resource manager" && s.known
	s.mu.Unlock()
	s.proc.Log.Errorf("proxy_server.cc", 211, "Lost %s", what)
	if client != nil {
		_ = client.Send(ifrt.Message{Kind: ifrt.Terminated, Status: statusTerminated})
		_ = client.Close()
	}
}

// serve speaks with one client until its connection ends.
func (s *server) serve(_ context.Context, peer *ifrt.Peer) {
	hello, err := peer.Receive()
	if err != nil || hello.Kind != ifrt.Init {
		return // a port probe
	}
	if status := s.admit(peer, hello); status != "" {
		_ = peer.Send(ifrt.Message{Kind: ifrt.Refused, Status: status})
		return
	}
	defer s.release(peer)
	for {
		if _, err := peer.Receive(); err != nil {
			return
		}
	}
}

// admit makes the peer the one client and welcomes it, or returns the status with
// which it is refused.
func (s *server) admit(peer *ifrt.Peer, hello ifrt.Message) (refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !hello.Version.Agree(s.versions):
		return fmt.Sprintf("INVALID_ARGUMENT: IFRT Proxy client and server failed to agree on the protocol version; supported versions: client = %v, server = %v", hello.Version, s.versions)
	case s.client != nil:
		return ifrt.StatusCancelled
	case !s.known:
		return ifrt.StatusSocketClosed
	}
	if err := peer.Send(ifrt.Message{Kind: ifrt.Welcome, Topology: s.topology}); err != nil {
		return ifrt.StatusSocketClosed
	}
	s.client = peer
	if s.topology.Ready() {
		s.placed(s.topology)
	}
	return ""
}

func (s *server) release(peer *ifrt.Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == peer {
		s.client = nil
	}
}
