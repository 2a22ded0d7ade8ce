package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	_ "github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/controlplane/etcdlog" // before any package of Kubernetes
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

// Config says where a control plane keeps its files and what it can reach.
type Config struct {
	// Dir holds the certificates and the data of etcd. It must be absolute.
	Dir string
	// SocketDir holds the unix sockets. It must be absolute and so short that
	// socket paths in it fit, see SocketPathLimit.
	SocketDir string
	// LogDir receives etcd.log. What the Kubernetes components log goes to klog; see
	// RedirectLogs.
	LogDir string
	// Port is the preferred port on 127.0.0.1; another one is taken when it is zero
	// or in use.
	Port int
	// EvictAfter is how long pods without a toleration of their own stay on a node that
	// is not ready or does not answer; zero means Kubernetes' five minutes. The API
	// server takes whole seconds, and at least one.
	EvictAfter time.Duration
	// Network is where nodes, pods and webhooks are found.
	Network *simnet.Network
}

// SocketPathLimit is the longest path of a unix socket in bytes that every supported
// system takes: 104 on macOS, less the final zero.
const SocketPathLimit = 103

// longestSocketName is the longest name this package gives to a socket.
const longestSocketName = len("etcd-client.sock")

// ControlPlane is a running control plane.
type ControlPlane struct {
	port int
	pki  *pki
	etcd *etcd

	cancel   context.CancelFunc
	group    *errgroup.Group
	done     chan struct{} // closed when a component has ended
	restarts chan restart  // taken by the API server that runs

	mu       sync.Mutex
	listener *closingListener // of the API server that runs, or was the last to
}

// Start starts a control plane and returns as soon as its API server answers. The
// controller manager and the scheduler have been started then, but may not be at
// work; WaitReady waits until the API server calls itself ready.
//
// The control plane lives until Stop is called. ctx bounds the start alone.
func Start(ctx context.Context, cfg Config) (*ControlPlane, error) {
	if n := len(cfg.SocketDir) + 1 + longestSocketName; n > SocketPathLimit {
		return nil, fmt.Errorf("socket directory %s: paths in it would have %d bytes, and a unix socket takes at most %d; choose a shorter directory", cfg.SocketDir, n, SocketPathLimit)
	}
	loopback, err := listen(ctx, cfg.Port)
	if err != nil {
		return nil, err
	}
	listener := newClosingListener(loopback)
	port := listener.Addr().(*net.TCPAddr).Port
	keys, err := loadPKI(filepath.Join(cfg.Dir, "pki"), port)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}

	// The API server and the others are cut off from ctx, so that they end in the
	// order in which Stop ends them and not when the caller's signal arrives.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	group, running := errgroup.WithContext(running)
	c := &ControlPlane{
		port: port, pki: keys, listener: listener, cancel: cancel, group: group,
		done: make(chan struct{}), restarts: make(chan restart),
	}
	if err := c.start(ctx, running, cfg); err != nil {
		stopping, giveUp := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer giveUp()
		return nil, errors.Join(err, c.Stop(stopping))
	}
	return c, nil
}

// farewellTimeout is how long requests under way may take once the API server is told
// to stop.
const farewellTimeout = 100 * time.Millisecond

// stopTimeout bounds the clean-up after a start that failed.
const stopTimeout = time.Second

func (c *ControlPlane) start(ctx, running context.Context, cfg Config) error {
	context.AfterFunc(running, func() { close(c.done) })
	egress, err := listenUnix(ctx, filepath.Join(cfg.SocketDir, egressSocket))
	if err != nil {
		return err
	}
	c.group.Go(func() error { return serveEgress(running, egress, cfg.Network) })

	c.etcd, err = startEtcd(ctx, cfg)
	if err != nil {
		return err
	}
	c.group.Go(func() error { return c.etcd.wait(running) })

	manager, err := prepareControllerManager(c.pki, func(ctx context.Context) error { return c.waitFor(ctx, "/healthz") })
	if err != nil {
		return err
	}
	scheduler, err := prepareScheduler(c.pki)
	if err != nil {
		return err
	}
	// The API server's flags must be made after the controller manager's: both add
	// feature gates to the process's only registry, and it refuses those of the
	// controller manager once the API server's flags refer to it.
	server, err := prepareAPIServer(running, cfg, c.pki, c.listener)
	if err != nil {
		return err
	}
	c.group.Go(component(running, "kube-apiserver", func(ctx context.Context) error { return c.serveAPI(ctx, cfg, server) }))
	if err := c.waitFor(ctx, "/livez/ping"); err != nil {
		return err
	}
	c.group.Go(component(running, "kube-controller-manager", manager))
	c.group.Go(component(running, "kube-scheduler", scheduler))
	return nil
}

// component gives a component's end its name. An end that was asked for is none.
func component(ctx context.Context, name string, run func(context.Context) error) func() error {
	return func() error {
		err := run(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // components report that they were told to end
		}
		if err == nil {
			err = errors.New("it gave no reason")
		}
		return fmt.Errorf("%s ended: %w", name, err)
	}
}

// WaitReady waits until the API server's own readiness checks pass, or ctx ends, or a
// component fails.
func (c *ControlPlane) WaitReady(ctx context.Context) error {
	return c.waitFor(ctx, "/readyz")
}

// Done is closed when the control plane ends, by Stop or because a component failed;
// Stop then returns the reason.
func (c *ControlPlane) Done() <-chan struct{} { return c.done }

// Stop ends all components and waits for them, at most until ctx ends. It returns
// why the control plane ended if it did so by itself, and an error if a component did
// not end in time. Nothing is lost by the latter: etcd has written what it confirmed.
func (c *ControlPlane) Stop(ctx context.Context) error {
	c.cancel()
	farewell := time.AfterFunc(farewellTimeout, c.closeConns)
	defer farewell.Stop()
	ended := make(chan error, 1)
	go func() { ended <- c.group.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("stopping the control plane: %w", ctx.Err())
	}
	if c.etcd != nil {
		c.etcd.close(ctx)
	}
	return err
}

// Port is the API server's port on 127.0.0.1.
func (c *ControlPlane) Port() int { return c.port }

// URL is the API server's address.
func (c *ControlPlane) URL() string { return serverURL(c.port) }

func serverURL(port int) string {
	return "https://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// AdminConfig returns a client configuration that may do everything. The caller may
// change it.
func (c *ControlPlane) AdminConfig() *rest.Config {
	return &rest.Config{
		Host: c.URL(),
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   c.pki.ca.certPEM,
			CertData: c.pki.admin.certPEM,
			KeyData:  c.pki.admin.keyPEM,
		},
	}
}

// listen takes the preferred port if it is free, so that a resumed sandbox keeps the
// address that kubeconfigs of its first life name.
func listen(ctx context.Context, preferred int) (net.Listener, error) {
	var lc net.ListenConfig
	if preferred != 0 {
		if l, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(preferred))); err == nil {
			return l, nil
		}
	}
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for the API server: %w", err)
	}
	return l, nil
}

// listenUnix replaces a socket that a killed process left behind. That no living
// process uses it is for the caller to know.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing a stale socket: %w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening socket %s: %w", path, err)
	}
	return l, nil
}
