package process

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	certutil "k8s.io/client-go/util/cert"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	configapi "sigs.k8s.io/lws/api/config/v1alpha1"
	"sigs.k8s.io/lws/pkg/config"
)

// defaultRenewDeadline is controller-runtime's.
const defaultRenewDeadline = 10 * time.Second

// The servers' time limits are controller-runtime's, except that they wait a second
// instead of a minute for clients when they shut down.
const (
	headerTimeout   = 32 * time.Second
	idleTimeout     = 90 * time.Second
	shutdownTimeout = time.Second
)

// gateway gives the process the ports of its pod.
type gateway struct {
	dir      string
	announce io.Writer
}

// listen opens a port, given as in "host:port"; the host is always the pod.
func (g *gateway) listen(ctx context.Context, address string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", filepath.Join(g.dir, port))
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintln(g.announce, port); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("announcing port %s: %w", port, err)
	}
	return l, nil
}

// serverTLS is what both TLS servers are configured with.
func serverTLS(cfg configapi.Configuration) ([]func(*tls.Config), error) {
	options := []func(*tls.Config){func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }}
	if cfg.TLS == nil {
		return options, nil
	}
	parsed, err := config.ParseTLSOptions(cfg.TLS)
	if err != nil {
		return nil, err
	}
	return append(options, config.BuildTLSOptions(parsed)...), nil
}

// webhookServer is controller-runtime's with another listener.
type webhookServer struct {
	webhook.Server

	address string
	certs   string
	tls     []func(*tls.Config)
	gate    *gateway
}

func newWebhookServer(cfg configapi.ControllerWebhook, options []func(*tls.Config), gate *gateway) *webhookServer {
	return &webhookServer{
		Server:  webhook.NewServer(webhook.Options{CertDir: cfg.CertDir}),
		address: net.JoinHostPort("", strconv.Itoa(*cfg.Port)),
		certs:   cfg.CertDir,
		tls:     options,
		gate:    gate,
	}
}

// Start serves until ctx ends. The certificates must be there.
func (s *webhookServer) Start(ctx context.Context) error {
	watcher, err := certwatcher.New(filepath.Join(s.certs, "tls.crt"), filepath.Join(s.certs, "tls.key"))
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		_ = watcher.Start(watching) // it ends with its context and has nothing else to tell
	}()
	defer func() {
		stop()
		<-watched
	}()
	cfg := &tls.Config{NextProtos: []string{"h2"}, GetCertificate: watcher.GetCertificate}
	for _, option := range s.tls {
		option(cfg)
	}
	l, err := s.gate.listen(ctx, s.address)
	if err != nil {
		return err
	}
	return newServer("webhook", s.WebhookMux(), tls.NewListener(l, cfg)).Start(ctx)
}

// addHealth serves the health probes. They say that the process lives, as those of
// the image do, and not that its webhooks answer.
func addHealth(mgr ctrl.Manager, gate *gateway, address string, options ctrl.Options) error {
	if address == "" || address == "0" {
		return nil
	}
	l, err := gate.listen(context.Background(), address)
	if err != nil {
		return fmt.Errorf("opening the health port: %w", err)
	}
	mux := http.NewServeMux()
	for name, endpoint := range map[string]string{"healthz": options.LivenessEndpointName, "readyz": options.ReadinessEndpointName} {
		if endpoint == "" {
			endpoint = "/" + name
		}
		handler := http.StripPrefix(endpoint, &healthz.Handler{Checks: map[string]healthz.Checker{name: healthz.Ping}})
		mux.Handle(endpoint, handler)
		mux.Handle(endpoint+"/", handler)
	}
	return mgr.Add(newServer("health probe", mux, l))
}

// addMetrics serves the metrics to whom the API server lets read them.
func addMetrics(mgr ctrl.Manager, gate *gateway, address string, options []func(*tls.Config)) error {
	if address == "" || address == "0" {
		return nil
	}
	filter, err := filters.WithAuthenticationAndAuthorization(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("protecting the metrics: %w", err)
	}
	handler, err := filter(ctrl.Log.WithName("metrics"), promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))
	if err != nil {
		return fmt.Errorf("protecting the metrics: %w", err)
	}
	cert, key, err := certutil.GenerateSelfSignedCertKeyWithFixtures("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil, "")
	if err != nil {
		return fmt.Errorf("making the certificate of the metrics: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("making the certificate of the metrics: %w", err)
	}
	cfg := &tls.Config{NextProtos: []string{"h2"}, Certificates: []tls.Certificate{pair}}
	for _, option := range options {
		option(cfg)
	}
	l, err := gate.listen(context.Background(), address)
	if err != nil {
		return fmt.Errorf("opening the metrics port: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", handler)
	return mgr.Add(newServer("metrics", mux, tls.NewListener(l, cfg)))
}

func newServer(name string, handler http.Handler, l net.Listener) *manager.Server {
	timeout := shutdownTimeout
	return &manager.Server{
		Name:            name,
		Server:          &http.Server{Handler: handler, MaxHeaderBytes: 1 << 20, IdleTimeout: idleTimeout, ReadHeaderTimeout: headerTimeout},
		Listener:        l,
		ShutdownTimeout: &timeout,
	}
}
