package controlplane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// ServiceCIDR is the range of the Services' cluster addresses; ServiceIP is that of
// the Service "kubernetes".
const (
	ServiceCIDR = "10.96.0.0/16"
	ServiceIP   = "10.96.0.1"
)

// advertiseAddress is what the API server believes to be its address. It belongs to
// a range reserved for documentation: a loopback address is refused as an endpoint,
// and a real one would tell about the machine.
const advertiseAddress = "192.0.2.1"

// prepareAPIServer reads the API server's options and returns what runs it.
func prepareAPIServer(ctx context.Context, cfg Config, keys *pki, listener net.Listener) (func(context.Context) error, error) {
	egress := filepath.Join(cfg.Dir, "pki", "egress.yaml")
	if err := os.WriteFile(egress, egressConfiguration(filepath.Join(cfg.SocketDir, egressSocket)), 0o600); err != nil {
		return nil, fmt.Errorf("writing the egress configuration: %w", err)
	}
	s := options.NewServerRunOptions()
	s.SecureServing.Listener = listener
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, f := range s.Flags().FlagSets {
		flags.AddFlagSet(f)
	}
	evictAfter := strconv.Itoa(int(max(cmp.Or(cfg.EvictAfter, 5*time.Minute), time.Second) / time.Second))
	err := flags.Parse([]string{
		"--etcd-servers=unix://" + filepath.Join(cfg.SocketDir, clientSocket),
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port),
		"--advertise-address=" + advertiseAddress,
		"--endpoint-reconciler-type=none",
		"--cert-dir=" + keys.dir,
		"--tls-cert-file=" + keys.path("apiserver.crt"),
		"--tls-private-key-file=" + keys.path("apiserver.key"),
		"--client-ca-file=" + keys.path("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + keys.path("sa.key"),
		"--service-account-signing-key-file=" + keys.path("sa.key"),
		"--service-cluster-ip-range=" + ServiceCIDR,
		"--authorization-mode=RBAC",
		// GKE runs this plugin too; it lets pods that request google.com/tpu onto
		// the tainted TPU nodes without a toleration of their own.
		"--enable-admission-plugins=ExtendedResourceToleration",
		// Webhooks are reached at the pods behind their Service, since nothing
		// here forwards the Service's own address.
		"--enable-aggregator-routing=true",
		"--egress-selector-config-file=" + egress,
		"--kubelet-preferred-address-types=InternalIP",
		"--allow-privileged=true",
		"--default-not-ready-toleration-seconds=" + evictAfter,
		"--default-unreachable-toleration-seconds=" + evictAfter,
		"--profiling=false",
		"--enable-priority-and-fairness=false",
	})
	if err != nil {
		return nil, fmt.Errorf("parsing the flags of kube-apiserver: %w", err)
	}
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, fmt.Errorf("setting the feature gates: %w", err)
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		return nil, fmt.Errorf("completing the options of kube-apiserver: %w", err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("validating the options of kube-apiserver: %w", utilerrors.NewAggregate(errs))
	}
	return func(ctx context.Context) error { return app.Run(ctx, completed) }, nil
}

// answerInterval is how often the API server is asked whether it answers. It is asked
// on loopback for about a second, so a short interval costs nothing.
const answerInterval = 10 * time.Millisecond

// waitFor waits until the API server answers a path with 200.
func (c *ControlPlane) waitFor(ctx context.Context, path string) error {
	client, err := rest.HTTPClientFor(c.AdminConfig())
	if err != nil {
		return fmt.Errorf("making a client of the API server: %w", err)
	}
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(answerInterval)
	defer ticker.Stop()
	for {
		last := get(ctx, client, c.URL()+path)
		if last == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-c.done:
			return errors.New("waiting for the API server: a component of the control plane has failed")
		case <-ctx.Done():
			return fmt.Errorf("waiting for the API server (last: %w): %w", last, ctx.Err())
		}
	}
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	err = errors.Join(err, resp.Body.Close())
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return err
}
