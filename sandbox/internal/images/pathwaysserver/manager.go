package pathwaysserver

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/flags"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/ifrt"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathways"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/tpu"
)

const (
	// maxInstances is more slices than any Pathways job has.
	maxInstances = 1 << 12
	// lossDetection is how long heartbeats of a worker are missing before the worker
	// counts as lost.
	lossDetection = 10 * time.Second
	// lossDetectionLeast bounds that at high speeds, in real time: the workload
	// controller, which no speed accelerates, then notices the worker's end before the
	// leader's containers do, as it does in a real cluster.
	lossDetectionLeast = 2 * time.Second
)

// manager is the resource manager's state: who has registered and who listens.
type manager struct {
	proc  *pathways.Process
	slice tpu.Slice
	count int

	mu        sync.Mutex
	workers   []*ifrt.Peer                // in order of registration
	hellos    map[*ifrt.Peer]ifrt.Message // what each worker said of itself
	listeners map[*ifrt.Peer]struct{}
	announced int
}

func runManager(ctx context.Context, proc *pathways.Process, set flags.Set, port uint16) int {
	slice, err := tpu.ParseInstanceType(set.Get("instance_type"))
	if err != nil {
		proc.Log.Errorf("server_lib.cc", 1301, "--instance_type: %v", err)
		return 1
	}
	count, err := strconv.Atoi(set.Get("instance_count"))
	if err != nil || count < 1 || count > maxInstances {
		proc.Log.Errorf("server_lib.cc", 1301, "--instance_count=%q is not a number of slices", set.Get("instance_count"))
		return 1
	}
	l, err := proc.Net.Listen(port)
	if err != nil {
		proc.Log.Errorf("server_lib.cc", 1460, "%v", err)
		return 1
	}
	defer l.Close()
	proc.Log.Infof("server_lib.cc", 1473, "Pathways Server serving on [::]:%d", port)

	m := &manager{
		proc: proc, slice: slice, count: count,
		hellos: make(map[*ifrt.Peer]ifrt.Message), listeners: make(map[*ifrt.Peer]struct{}),
	}
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	serving.Go(func() { pathways.Accept(ctx, l, m.serve) })
	defer serving.Wait()
	defer cancel()

	if code := proc.Reach("serving"); code > 0 {
		return code
	}
	proc.Wait(ctx)
	return pathways.ExitTerminated
}

// serve speaks with one peer until its connection ends.
func (m *manager) serve(ctx context.Context, peer *ifrt.Peer) {
	hello, err := peer.Receive()
	if err != nil {
		return // a port probe, or a peer that died at once
	}
	switch hello.Kind {
	case ifrt.Register:
		m.register(peer, hello)
		m.follow(peer)
		if m.proc.Sleep(ctx, m.lossDetection()) == nil {
			m.lose(peer, hello.Host)
		}
	case ifrt.Attach:
		m.follow(peer)
	default:
		m.proc.Log.Warningf("server_lib.cc", 1502, "ignoring a peer that began with %q", hello.Kind)
	}
}

// follow tells a peer every change of state until its connection ends.
func (m *manager) follow(peer *ifrt.Peer) {
	m.listen(peer)
	defer m.unlisten(peer)
	for {
		if _, err := peer.Receive(); err != nil {
			return
		}
	}
}

// lossDetection is how long it takes to miss a worker, in real-system time.
func (m *manager) lossDetection() time.Duration {
	return max(lossDetection, time.Duration(float64(lossDetectionLeast)*m.proc.World.Speed()))
}

func (m *manager) register(peer *ifrt.Peer, hello ifrt.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.workers {
		if m.hellos[w].Host == hello.Host {
			m.loseLocked(w, hello.Host) // restarted: what it had is gone
			break
		}
	}
	m.workers = append(m.workers, peer)
	m.hellos[peer] = hello
	m.announceLocked()
	m.tellLocked("")
}

func (m *manager) lose(peer *ifrt.Peer, host string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, registered := m.hellos[peer]; registered {
		m.loseLocked(peer, host)
	}
}

func (m *manager) loseLocked(peer *ifrt.Peer, host string) {
	m.workers = slices.DeleteFunc(m.workers, func(w *ifrt.Peer) bool { return w == peer })
	delete(m.hellos, peer)
	m.announced = min(m.announced, m.readyLocked())
	m.proc.Log.Errorf("multi_job_allocator.cc", 871, "Lost connection to worker %s", host)
	m.tellLocked(host)
}

func (m *manager) listen(peer *ifrt.Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listeners[peer] = struct{}{}
	_ = peer.Send(m.stateLocked("")) // a peer that is gone is noticed by its reader
}

func (m *manager) unlisten(peer *ifrt.Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.listeners, peer)
}

// announceLocked prints one line for each slice that has become ready.
func (m *manager) announceLocked() {
	for ready := m.readyLocked(); m.announced < ready; {
		m.announced++
		m.proc.Log.Infof("multi_job_allocator.cc", 1063, "*** %d/%d Pathways Slices Now Ready ***", m.announced, m.count)
	}
}

// readyLocked counts the slices that have all of their hosts. Workers that name
// their slice are counted by it; those that do not fill slices in order of arrival.
func (m *manager) readyLocked() int {
	hosts := make(map[string]int)
	for _, w := range m.workers {
		hosts[m.hellos[w].Slice]++
	}
	ready := hosts[""] / m.slice.Hosts
	for name, n := range hosts {
		if name != "" && n >= m.slice.Hosts {
			ready++
		}
	}
	return min(ready, m.count)
}

// tellLocked sends the present state to everybody who listens.
func (m *manager) tellLocked(lost string) {
	state := m.stateLocked(lost)
	for peer := range m.listeners {
		_ = peer.Send(state) // as in listen
	}
}

func (m *manager) stateLocked(lost string) ifrt.Message {
	return ifrt.Message{Kind: ifrt.State, Topology: ifrt.Topology{
		InstanceType: m.slice.InstanceType,
		Slices:       m.count,
		SlicesReady:  m.readyLocked(),
		Devices:      m.count * m.slice.Chips,
		HBM:          m.proc.World.HBM(m.slice.HBM),
		Lost:         lost,
	}}
}
