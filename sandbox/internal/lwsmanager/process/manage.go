package process

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	configapi "sigs.k8s.io/lws/api/config/v1alpha1"
	"sigs.k8s.io/lws/pkg/cert"
	"sigs.k8s.io/lws/pkg/controllers"
	"sigs.k8s.io/lws/pkg/controllers/disaggregatedset"
	"sigs.k8s.io/lws/pkg/schedulerprovider"
	"sigs.k8s.io/lws/pkg/webhooks"
	disaggregatedsetwebhook "sigs.k8s.io/lws/pkg/webhooks/disaggregatedset"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
)

// manage runs the controllers and webhooks until ctx ends. What they serve goes
// through the gateway instead of ports of this machine.
func manage(ctx context.Context, api *rest.Config, options ctrl.Options, cfg configapi.Configuration, gate *gateway, setup lwsmanager.Setup, log logr.Logger) error {
	healthAddress := options.HealthProbeBindAddress
	options.HealthProbeBindAddress = "0"
	options.Metrics = metricsserver.Options{BindAddress: "0"}
	tls, err := serverTLS(cfg)
	if err != nil {
		return fmt.Errorf("unable to parse TLS options from configuration: %w", err)
	}
	options.WebhookServer = newWebhookServer(cfg.Webhook, tls, gate)
	if options.LeaderElection {
		if options.LeaderElectionResourceLockInterface, err = leaseLock(api, options, setup); err != nil {
			return err
		}
	}
	mgr, err := ctrl.NewManager(api, options)
	if err != nil {
		return fmt.Errorf("unable to start manager: %w", err)
	}
	certsReady := make(chan struct{})
	if internal := cfg.InternalCertManagement; internal != nil && *internal.Enable {
		err := cert.CertsManager(mgr, setup.Namespace, *internal.WebhookServiceName, *internal.WebhookSecretName, cfg.Webhook.CertDir, certsReady)
		if err != nil {
			return fmt.Errorf("unable to set up cert rotation: %w", err)
		}
	} else {
		close(certsReady)
	}
	if err := controllers.SetupIndexes(mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("unable to set up indexes: %w", err)
	}
	if err := errors.Join(addHealth(mgr, gate, healthAddress, options), addMetrics(mgr, gate, cfg.Metrics.BindAddress, tls)); err != nil {
		return err
	}

	// The certificates are made once the manager runs; controllers and webhooks that
	// are added after that start at once.
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	set := make(chan struct{})
	go func() {
		defer close(set)
		log.Info("waiting for the cert generation to complete")
		select {
		case <-certsReady:
		case <-ctx.Done():
			return
		}
		log.Info("certs ready")
		if err := setUp(mgr, cfg); err != nil {
			stop(err)
		}
	}()
	log.Info("starting manager")
	err = mgr.Start(ctx)
	stop(nil)
	<-set
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

// setUp adds the controllers and the webhooks.
func setUp(mgr ctrl.Manager, cfg configapi.Configuration) error {
	if err := controllers.NewLeaderWorkerSetReconciler(mgr.GetClient(), mgr.GetScheme(), mgr.GetEventRecorder("leaderworkerset")).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("unable to create controller LeaderWorkerSet: %w", err)
	}
	sets := &disaggregatedset.DisaggregatedSetReconciler{Client: mgr.GetClient(), Scheme: mgr.GetScheme(), Record: mgr.GetEventRecorder("disaggregatedset")}
	if err := sets.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("unable to create controller DisaggregatedSet: %w", err)
	}
	var scheduler schedulerprovider.SchedulerProvider
	if gang := cfg.GangSchedulingManagement; gang != nil {
		var err error
		if scheduler, err = schedulerprovider.NewSchedulerProvider(schedulerprovider.ProviderType(*gang.SchedulerProvider), mgr.GetClient()); err != nil {
			return fmt.Errorf("unable to create scheduler provider %s: %w", *gang.SchedulerProvider, err)
		}
	}
	if err := controllers.NewPodReconciler(mgr.GetClient(), mgr.GetScheme(), mgr.GetEventRecorder("leaderworkerset"), scheduler).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("unable to create controller Pod: %w", err)
	}
	if err := webhooks.SetupLeaderWorkerSetWebhook(mgr); err != nil {
		return fmt.Errorf("unable to create leaderworkerset webhook: %w", err)
	}
	if err := webhooks.NewPodWebhook(scheduler).Setup(mgr); err != nil {
		return fmt.Errorf("unable to create pod webhook: %w", err)
	}
	if err := disaggregatedsetwebhook.SetupDisaggregatedSetWebhook(mgr); err != nil {
		return fmt.Errorf("unable to create disaggregatedset webhook: %w", err)
	}
	return nil
}

// leaseLock is the default lock, except that the holder is the pod and not this
// machine.
func leaseLock(api *rest.Config, options ctrl.Options, setup lwsmanager.Setup) (resourcelock.Interface, error) {
	renew := defaultRenewDeadline
	if options.RenewDeadline != nil {
		renew = *options.RenewDeadline
	}
	kind := options.LeaderElectionResourceLock
	if kind == "" {
		kind = resourcelock.LeasesResourceLock
	}
	lock, err := resourcelock.NewFromKubeconfig(kind, options.LeaderElectionNamespace, options.LeaderElectionID,
		resourcelock.ResourceLockConfig{Identity: setup.Identity + "_" + string(uuid.NewUUID())}, api, renew)
	if err != nil {
		return nil, fmt.Errorf("unable to create the leader election's lock: %w", err)
	}
	return lock, nil
}
