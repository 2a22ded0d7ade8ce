// Package process is the LeaderWorkerSet controller as a process: the wiring of its
// parts, which upstream keeps in a main package, and what ties it to its parent; see
// package lwsmanager.
package process

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	configapi "sigs.k8s.io/lws/api/config/v1alpha1"
	disaggregatedsetv1 "sigs.k8s.io/lws/api/disaggregatedset/v1"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
	"sigs.k8s.io/lws/pkg/config"
	"sigs.k8s.io/lws/pkg/utils/useragent"
	"sigs.k8s.io/lws/pkg/version"
	volcanov1beta1 "volcano.sh/apis/pkg/apis/scheduling/v1beta1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
)

// Main is the process's main function: args are those after lwsmanager.ChildCommand.
// The returned code is the process's exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	setup, args, err := lwsmanager.ReadSetup(args, stdin)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		os.Exit(1) // the parent is gone, and nobody is left to clean up for
	}()
	flags, err := parseFlags(args, stderr)
	if err != nil {
		return 2 // as the flag package exits
	}
	if flags.version {
		fmt.Fprintf(stdout, "Version: %s\nBuild Date: %s\nGit Commit: %s\n", version.GitVersion, version.BuildDate, version.GitCommit)
		return 0
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&flags.zap)))
	log := ctrl.Log.WithName("setup")
	if err := run(ctrl.SetupSignalHandler(), setup, flags, log); err != nil {
		log.Error(err, "problem running manager")
		return 1
	}
	return 0
}

// run works until ctx ends.
func run(ctx context.Context, setup lwsmanager.Setup, flags *flags, log logr.Logger) error {
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	options, cfg, err := flags.load(scheme, setup)
	if err != nil {
		return fmt.Errorf("unable to load the configuration: %w", err)
	}
	api := &rest.Config{
		Host:            setup.Server,
		TLSClientConfig: rest.TLSClientConfig{CAFile: setup.CAFile},
		BearerTokenFile: setup.TokenFile,
		UserAgent:       useragent.Default(),
		QPS:             *cfg.ClientConnection.QPS,
		Burst:           int(*cfg.ClientConnection.Burst),
	}
	if flags.set["kube-api-qps"] {
		api.QPS = float32(flags.qps)
	}
	if flags.set["kube-api-burst"] {
		api.Burst = flags.burst
	}
	log.Info("Initializing", "gitVersion", version.GitVersion, "buildDate", version.BuildDate, "gitCommit", version.GitCommit, "userAgent", api.UserAgent)
	announce := os.NewFile(lwsmanager.AnnounceFD, "ports")
	defer func() { _ = announce.Close() }()
	return manage(ctx, api, options, cfg, &gateway{dir: setup.SocketDir, announce: announce}, setup, log)
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, lwsv1.AddToScheme, disaggregatedsetv1.AddToScheme, configapi.AddToScheme, volcanov1beta1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering API types: %w", err)
		}
	}
	return scheme, nil
}

// flags are the command line of the image's /manager, release v0.9.0.
type flags struct {
	set map[string]bool

	config               string
	version              bool
	metrics, health      string
	qps                  float64
	burst                int
	elect                bool
	electLock, electName string
	electLease           time.Duration
	electRenew           time.Duration
	electRetry           time.Duration
	zap                  zap.Options
}

func parseFlags(args []string, output io.Writer) (*flags, error) {
	f := &flags{set: make(map[string]bool), zap: zap.Options{Development: true}}
	s := flag.NewFlagSet("/manager", flag.ContinueOnError)
	s.SetOutput(output)
	s.BoolVar(&f.version, "version", false, "Print version information and exit")
	s.StringVar(&f.metrics, "metrics-bind-address", ":8443", "The address the metric endpoint binds to.")
	s.StringVar(&f.health, "health-probe-bind-address", ":8081", "The address the probe endpoint binds to.")
	s.Float64Var(&f.qps, "kube-api-qps", 500, "Maximum QPS to use while talking with Kubernetes API")
	s.IntVar(&f.burst, "kube-api-burst", 500, "Maximum burst for throttle while talking with Kubernetes API")
	s.BoolVar(&f.elect, "leader-elect", true, "Enable leader election for controller manager.")
	s.DurationVar(&f.electLease, "leader-elect-lease-duration", 15*time.Second, "How long a lease holds without renewal.")
	s.DurationVar(&f.electRenew, "leader-elect-renew-deadline", 10*time.Second, "How long the leader tries to renew its lease.")
	s.DurationVar(&f.electRetry, "leader-elect-retry-period", 2*time.Second, "The wait between two attempts at the lease.")
	s.StringVar(&f.electLock, "leader-elect-resource-lock", "leases", "The type of resource used for locking.")
	s.StringVar(&f.electName, "leader-elect-resource-name", "b8b2488c.x-k8s.io", "The name of the resource used for locking.")
	s.StringVar(&f.config, "config", "", "The file that the configuration is loaded from. Flags override it.")
	f.zap.BindFlags(s)
	if err := s.Parse(args); err != nil {
		return nil, err
	}
	s.Visit(func(set *flag.Flag) { f.set[set.Name] = true })
	return f, nil
}

// load reads the configuration file and overrides it with the flags that were given.
func (f *flags) load(scheme *runtime.Scheme, setup lwsmanager.Setup) (ctrl.Options, configapi.Configuration, error) {
	file := f.config
	if file != "" {
		file = setup.Path(file)
	}
	options, cfg, err := config.Load(scheme, file)
	if err != nil {
		return options, cfg, err
	}
	if f.set["metrics-bind-address"] {
		cfg.Metrics.BindAddress = f.metrics
	}
	if f.set["health-probe-bind-address"] {
		options.HealthProbeBindAddress = f.health
	}
	if f.set["leader-elect"] {
		options.LeaderElection = f.elect
	}
	if f.set["leader-elect-lease-duration"] {
		options.LeaseDuration = &f.electLease
	}
	if f.set["leader-elect-renew-deadline"] {
		options.RenewDeadline = &f.electRenew
	}
	if f.set["leader-elect-retry-period"] {
		options.RetryPeriod = &f.electRetry
	}
	if f.set["leader-elect-resource-lock"] {
		options.LeaderElectionResourceLock = f.electLock
	}
	if f.set["leader-elect-resource-name"] {
		options.LeaderElectionID = f.electName
	}
	options.LeaderElectionNamespace = setup.Namespace
	cfg.Webhook.CertDir = setup.Path(cfg.Webhook.CertDir)
	return options, cfg, nil
}
