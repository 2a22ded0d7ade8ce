package kubelet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podlogs"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// Images is the registry of simulated images. The error is the registry's refusal, as
// the container runtime reports it.
type Images interface {
	Lookup(image string) (container.Program, error)
}

// Config is what a Kubelet is made of.
type Config struct {
	// Client talks to the API server; it should not limit its own rate.
	Client kubernetes.Interface
	// Network is the pod network, on which the nodes' APIs are served too.
	Network *simnet.Network
	World   *world.World
	Images  Images
	// Dir holds logs and volumes.
	Dir string
	// ServingCert is the certificate of the nodes' APIs.
	ServingCert tls.Certificate
	// PodCIDR is the range that pods get their addresses from.
	PodCIDR netip.Prefix
	// Version is the kubelet version that nodes report, such as v1.36.3.
	Version string
	// LogLimits bounds the logs of containers; the zero value means the defaults.
	LogLimits podlogs.Limits
	Logger    *slog.Logger
}

// DefaultVersion is reported by nodes when Config.Version is empty.
const DefaultVersion = "v1.36.3"

// Kubelet runs all simulated nodes.
type Kubelet struct {
	cfg       Config
	addresses *addressPool
	objects   *objectCache
	status    *statusWriter
	events    *eventSink
	api       *apiServer

	mu       sync.Mutex
	running  *crew // nil unless Run is under way
	nodes    map[string]*node
	pods     map[types.UID]*worker
	podStore cache.Store // nil until pods are watched
}

// New returns a Kubelet without nodes. It starts nothing.
func New(cfg Config) (*Kubelet, error) {
	if cfg.Client == nil || cfg.Network == nil || cfg.World == nil || cfg.Images == nil {
		return nil, errors.New("kubelet: client, network, world and images are needed")
	}
	addresses, err := newAddressPool(cfg.PodCIDR)
	if err != nil {
		return nil, fmt.Errorf("kubelet: %w", err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("kubelet: creating its folder: %w", err)
	}
	if cfg.Version == "" {
		cfg.Version = DefaultVersion
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.LogLimits.EOFDelay == 0 {
		cfg.LogLimits.EOFDelay = cfg.World.Scale(logPollPeriod)
	}
	k := &Kubelet{
		cfg:       cfg,
		addresses: addresses,
		objects:   newObjectCache(cfg.Client),
		events:    newEventSink(cfg.Client),
		nodes:     make(map[string]*node),
		pods:      make(map[types.UID]*worker),
	}
	k.status = newStatusWriter(cfg.Client, cfg.Logger)
	k.api = newAPIServer(k)
	return k, nil
}

// stopLimit is how long Run waits for programs that ignore the end of their context.
const stopLimit = 5 * time.Second

// Run runs the nodes and their pods until ctx ends. Containers are then killed, and
// it returns when all of its goroutines have ended, or with an error should one not
// end in time. It can be called once.
func (k *Kubelet) Run(ctx context.Context) (err error) {
	all := newCrew(ctx)
	k.mu.Lock()
	if k.running != nil {
		k.mu.Unlock()
		all.stop()
		return errors.New("kubelet: Run was called twice")
	}
	k.running = all
	k.mu.Unlock()
	defer func() {
		if stuck := all.wait(stopLimit); stuck != nil {
			err = errors.Join(err, fmt.Errorf("stopping the kubelet: %w", stuck))
		}
	}()

	if err := k.events.start(all); err != nil {
		return err
	}
	k.status.start(all)
	if err := k.api.start(all); err != nil {
		return err
	}
	all.run(k.beat)
	if err := errors.Join(k.objects.start(all), k.watchPods(all)); err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	k.shutDown()
	return nil
}

// shutDown kills every container. The API is told nothing, as when a machine stops.
func (k *Kubelet) shutDown() {
	for _, w := range k.workers() {
		w.abandon()
	}
}

func (k *Kubelet) workers() []*worker {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := make([]*worker, 0, len(k.pods))
	for _, w := range k.pods {
		list = append(list, w)
	}
	return list
}

// workerOf returns the worker of a pod by its names. A pod whose object was deleted by
// force may still be ending beside its successor of the same name, which goes first.
func (k *Kubelet) workerOf(namespace, pod string) (found *worker, ok bool) {
	for _, w := range k.workers() {
		if w.namespace != namespace || w.name != pod {
			continue
		}
		if found = w; !w.isOrphaned() {
			break
		}
	}
	return found, found != nil
}

// KillContainers ends the running containers for which match holds, with the exit
// code, as if their processes had died of themselves. It returns how many there were.
func (k *Kubelet) KillContainers(match func(namespace, pod, container string, labels map[string]string) bool, exitCode int) int {
	killed := 0
	for _, w := range k.workers() {
		killed += w.killProcesses(match, exitCode)
	}
	return killed
}

// OOMKill ends containers as the kernel does when memory runs out: exit code 137 and
// the reason OOMKilled.
func (k *Kubelet) OOMKill(match func(namespace, pod, container string, labels map[string]string) bool) int {
	return k.KillContainers(match, container.ExitOOMKilled)
}

// Evict makes the pod's node evict it for want of a resource, such as
// ephemeral-storage or memory. What becomes of the pod depends on its containers: it
// is Failed with the reason Evicted, or Succeeded if all of them end well.
func (k *Kubelet) Evict(_ context.Context, namespace, pod, resource string) error {
	w, ok := k.workerOf(namespace, pod)
	if !ok {
		return fmt.Errorf("evicting pod %s/%s: it runs on no simulated node", namespace, pod)
	}
	w.evict(corev1.ResourceName(resource))
	return nil
}
