// Package cluster assembles a sandbox: the control plane, the simulated nodes, the
// images, and the scenario in force.
//
// A Cluster owns everything that it starts and waits for it in Stop. Its methods may
// be called concurrently. A process can hold one cluster in its life, as it can one
// control plane.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/version"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/controlplane"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/nodepool"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/scenario"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// Config is what a sandbox is made of.
type Config struct {
	// Dir holds all files of the sandbox. What an earlier sandbox left in it is
	// resumed.
	Dir   string
	Pools []nodepool.Pool
	World world.Options
	// Scenario is the name of the one that is in force from the start.
	Scenario string
	// Executable is a binary that runs the LeaderWorkerSet controller when its first
	// argument is lwsmanager.ChildCommand.
	Executable string
	// Progress is told what has been reached, in order; it may be nil.
	Progress func(Stage)
}

// Stage is a point of the start.
type Stage string

// The stages of the start, in order.
const (
	StageServing    Stage = "the API server answers"
	StageRegistered Stage = "the nodes are registered"
	StageReady      Stage = "the cluster is ready"
)

// evictAfter is Kubernetes' own patience with a node that does not answer, once the
// node controller has noticed. That takes its 50 seconds at every speed: kubelets, which
// report every ten, may not be given up by a machine that is busy.
const evictAfter = 5 * time.Minute

// podCIDR is the range of the pods' addresses.
var podCIDR = netip.MustParsePrefix("10.244.0.0/16")

// Cluster is a running sandbox.
type Cluster struct {
	cfg     Config
	started time.Time
	dir     *statedir.Dir
	sockets string

	world   *world.World
	control *controlplane.ControlPlane
	client  kubernetes.Interface
	kubelet *kubelet.Kubelet
	nodes   *nodes
	logs    io.Closer

	cancel     context.CancelFunc
	background sync.WaitGroup
	stop       chan struct{} // closed when somebody asks for the end
	stopOnce   sync.Once
	failed     chan struct{} // closed when the cluster ends by itself
	failOnce   sync.Once
	failure    error

	mu       sync.Mutex // guards what follows, and is held while a scenario changes
	scenario scenario.Scenario
}

// Start starts a sandbox and returns when it can be used: the API server is ready,
// all nodes are Ready and pods can be created. An error that wraps statedir.ErrInUse
// tells that the directory has a sandbox already. The cluster lives until Stop; ctx
// bounds the start alone.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	first, err := scenario.Lookup(cfg.Scenario)
	if err != nil {
		return nil, err
	}
	dir, err := statedir.At(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if err := dir.Lock(); err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &Cluster{
		cfg: cfg, started: time.Now(), dir: dir,
		world:  world.New(cfg.World),
		cancel: cancel,
		stop:   make(chan struct{}), failed: make(chan struct{}),
	}
	err = c.start(ctx, running, first)
	if err != nil {
		stopping, giveUp := context.WithTimeout(context.WithoutCancel(ctx), StopTimeout)
		defer giveUp()
		return nil, errors.Join(err, c.Stop(stopping))
	}
	return c, nil
}

// StopTimeout is how long a sandbox may take to end. What has not ended then ends
// with the process, which loses nothing: etcd has written what it confirmed.
const StopTimeout = 1400 * time.Millisecond

func (c *Cluster) start(ctx, running context.Context, first scenario.Scenario) error {
	last, err := c.dir.ReadRecord()
	if err != nil {
		return err
	}
	if c.sockets, err = c.dir.MakeSockets(); err != nil {
		return err
	}
	for _, dir := range []string{c.dir.Cluster(), c.dir.Nodes(), c.dir.Logs()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making a directory of the sandbox: %w", err)
		}
	}
	logger, err := c.openLogs()
	if err != nil {
		return err
	}
	network := simnet.New()
	c.control, err = controlplane.Start(ctx, controlplane.Config{
		Dir: c.dir.Cluster(), SocketDir: c.sockets, LogDir: c.dir.Logs(), Port: last.Port, Network: network,
		EvictAfter: c.world.Scale(evictAfter),
	})
	if err != nil {
		return fmt.Errorf("starting the control plane (its logs are in %s): %w", c.dir.Logs(), err)
	}
	c.watchControlPlane(running)
	record := statedir.Record{PID: os.Getpid(), Started: c.started, Port: c.control.Port(), Sockets: c.sockets}
	if err := errors.Join(c.dir.WriteRecord(record), c.control.WriteKubeconfig(c.dir.Kubeconfig())); err != nil {
		return err
	}
	c.progress(StageServing)

	if err := c.startNodes(ctx, running, network, logger); err != nil {
		return err
	}
	c.progress(StageRegistered)
	if err := c.enter(ctx, first); err != nil {
		return err
	}
	if err := c.serveControl(running); err != nil {
		return err
	}
	if err := c.waitUsable(ctx); err != nil {
		return err
	}
	c.progress(StageReady)
	c.background.Go(func() { releaseMemory(running) })
	return nil
}

// watchControlPlane makes the end of a component of the control plane the cluster's.
func (c *Cluster) watchControlPlane(running context.Context) {
	c.background.Go(func() {
		select {
		case <-running.Done():
		case <-c.control.Done():
			c.fail(errors.New("the control plane has failed"))
		}
	})
}

func (c *Cluster) startNodes(ctx, running context.Context, network *simnet.Network, logger *slog.Logger) error {
	config := c.control.AdminConfig()
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.UserAgent = "jetstream-sandbox"
	config.QPS = -1 // one client is all nodes' kubelets
	var err error
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if err := c.waitNamespaces(ctx); err != nil {
		return err
	}
	cert, err := c.control.KubeletCertificate()
	if err != nil {
		return err
	}
	registry := images.New(c.world)
	registry.Add(lwsmanager.Repository, []string{lwsmanager.Tag}, lwsmanager.Program{
		Executable: c.cfg.Executable, Server: c.control.URL(), SocketDir: c.sockets,
	})
	c.kubelet, err = kubelet.New(kubelet.Config{
		Client: c.client, Network: network, World: c.world, Images: registry,
		Dir: c.dir.Nodes(), ServingCert: cert, PodCIDR: podCIDR,
		Version: version.Get().GitVersion, Logger: logger,
	})
	if err != nil {
		return fmt.Errorf("making the nodes: %w", err)
	}
	// The nodes are registered before they run: their first heartbeat would otherwise
	// make the leases that their registration makes.
	c.nodes = newNodes(c.kubelet, c.client, c.cfg.Pools)
	if err := c.nodes.register(ctx); err != nil {
		return err
	}
	c.background.Go(func() {
		if err := c.kubelet.Run(running); err != nil && running.Err() == nil {
			c.fail(fmt.Errorf("the simulated nodes have failed: %w", err))
		}
	})
	return nil
}

// openLogs sends the logs of all parts to files of bounded size.
func (c *Cluster) openLogs() (*slog.Logger, error) {
	kubernetes := &lumberjack.Logger{Filename: filepath.Join(c.dir.Logs(), "kubernetes.log"), MaxSize: logSize, MaxBackups: 1}
	own := &lumberjack.Logger{Filename: filepath.Join(c.dir.Logs(), "sandbox.log"), MaxSize: logSize, MaxBackups: 1}
	c.logs = closers{kubernetes, own}
	if err := controlplane.RedirectLogs(kubernetes); err != nil {
		return nil, err
	}
	return slog.New(slog.NewTextHandler(own, nil)), nil
}

// logSize bounds one log file, in megabytes.
const logSize = 16

type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for _, each := range c {
		errs = append(errs, each.Close())
	}
	return errors.Join(errs...)
}

func (c *Cluster) progress(s Stage) {
	if c.cfg.Progress != nil {
		c.cfg.Progress(s)
	}
}

// fail ends the cluster with a reason. The first reason counts.
func (c *Cluster) fail(err error) {
	c.failOnce.Do(func() {
		c.failure = err
		close(c.failed)
	})
}

// RestartAPIServer ends the API server, starts it again on the same data and port after
// a time, and returns when it is ready.
func (c *Cluster) RestartAPIServer(ctx context.Context, away time.Duration) error {
	return c.control.RestartAPIServer(ctx, away)
}

// RequestStop makes Wait return.
func (c *Cluster) RequestStop() { c.stopOnce.Do(func() { close(c.stop) }) }

// Wait returns nil when somebody has asked for the end, the reason when the cluster
// has ended by itself, and ctx's error when that ends. The cluster must be stopped
// afterwards in each case.
func (c *Cluster) Wait(ctx context.Context) error {
	select {
	case <-c.stop:
		return nil
	case <-c.failed:
		return c.failure
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (c *Cluster) Kubeconfig() string { return c.dir.Kubeconfig() }

// Stop ends the sandbox and waits for it, at most until ctx ends. The directory can
// then be used again.
func (c *Cluster) Stop(ctx context.Context) error {
	c.cancel()
	var errs []error
	// The kubelet gives up its connections while the API server still answers, which
	// then has fewer to wait for.
	ended := make(chan struct{})
	go func() {
		c.background.Wait()
		close(ended)
	}()
	if c.control != nil {
		errs = append(errs, c.control.Stop(ctx))
	}
	select {
	case <-ended:
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("stopping the simulated nodes: %w", ctx.Err()))
	}
	if c.logs != nil {
		controlplane.FlushLogs()
		errs = append(errs, c.logs.Close())
	}
	if c.sockets != "" {
		errs = append(errs, c.dir.RemoveSockets(c.sockets))
	}
	return errors.Join(append(errs, c.dir.Unlock())...)
}
