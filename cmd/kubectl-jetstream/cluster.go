package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// defaultRequestTimeout is the default of --request-timeout, which bounds a
// single request: longer than an admission webhook may take, and short
// enough for a person to wait for the explanation.
const defaultRequestTimeout = "30s"

// cluster turns kubectl's flags into a client configuration. Nothing is
// read or dialled before a command asks for it.
type cluster struct {
	flags    *genericclioptions.ConfigFlags
	warnings rest.WarningHandler
	// unattended says that credential plugins get no standard input.
	unattended atomic.Bool
}

func newCluster(warnings io.Writer) *cluster {
	flags := genericclioptions.NewConfigFlags(true)
	*flags.Timeout = defaultRequestTimeout
	return &cluster{
		flags:    flags,
		warnings: rest.NewWarningWriter(warnings, rest.WarningWriterOptions{Deduplicate: true}),
	}
}

// config reads the kubeconfig and checks what can be known without asking
// the server: that the context exists and that its credential helper is
// installed. The result bounds each request that is not a stream, and does
// not slow down requests on this side: the server protects itself.
func (c *cluster) config() (*rest.Config, error) {
	limit, err := clientcmd.ParseTimeout(*c.flags.Timeout)
	if err != nil {
		return nil, usagef("--request-timeout %q is not a duration such as 10s or 2m", *c.flags.Timeout)
	}
	raw, err := c.contexts()
	if err != nil {
		return nil, err
	}
	cfg, err := c.flags.ToRawKubeConfigLoader().ClientConfig()
	if err != nil {
		return nil, &kubeconfigError{err: err}
	}
	if len(raw.Clusters) == 0 && cfg.Host == clientcmd.ClusterDefaults.Server {
		// Without any kubeconfig client-go falls back to a port of this
		// machine that no API server has listened on for years.
		return nil, &kubeconfigError{err: genericclioptions.ErrEmptyConfig}
	}
	if p := cfg.ExecProvider; p != nil {
		if _, err := exec.LookPath(p.Command); err != nil {
			return nil, &credentialPluginError{command: p.Command, hint: p.InstallHint, err: err}
		}
		// It belongs to the loader, which hands it to concurrent callers.
		cfg.ExecProvider = p.DeepCopy()
		cfg.ExecProvider.StdinUnavailable = c.unattended.Load()
		cfg.ExecProvider.StdinUnavailableMessage = "the dashboard has the keyboard; log in before, or use the commands without it"
	}

	cfg.UserAgent = userAgent()
	cfg.QPS = -1
	cfg.WarningHandler = c.warnings
	cfg.Timeout = 0
	cfg.Wrap(boundRequests(limit))
	return cfg, nil
}

// logIn runs the credential plugin, if there is one, and keeps what it returns for
// the clients. Nothing is asked of the server.
func (c *cluster) logIn() error {
	cfg, err := c.config()
	if err != nil || cfg.ExecProvider == nil {
		return err
	}
	transport, err := cfg.TransportConfig()
	if err != nil {
		return &kubeconfigError{err: err}
	}
	// Without a holder, something better than the plugin is configured.
	if holder := transport.TLS.GetCertHolder; holder != nil {
		if _, err := holder.GetCert(); err != nil {
			return fmt.Errorf("getting credentials: %w", err)
		}
	}
	return nil
}

// clients talk to one cluster, under one configuration.
type clients struct {
	config  *rest.Config
	kube    kubernetes.Interface
	dynamic dynamic.Interface
}

// clients reads the configuration and prepares the clients; no request is
// made yet.
func (c *cluster) clients() (*clients, error) {
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	out := &clients{config: cfg}
	// Lists of pods are the largest thing that is read, and protobuf is the
	// smaller form of them. A server may answer in JSON all the same.
	typed := rest.CopyConfig(cfg)
	typed.ContentType = runtime.ContentTypeProtobuf
	typed.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	if out.kube, err = kubernetes.NewForConfig(typed); err != nil {
		return nil, &kubeconfigError{err: err}
	}
	if out.dynamic, err = dynamic.NewForConfig(cfg); err != nil {
		return nil, &kubeconfigError{err: err}
	}
	return out, nil
}

// namespace is the one given by -n, else the context's, else "default".
func (c *cluster) namespace() (string, error) {
	if _, err := c.contexts(); err != nil {
		return "", err
	}
	ns, _, err := c.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", &kubeconfigError{err: err}
	}
	return ns, nil
}

// raw is the kubeconfig as it is written, whatever the flags choose of it.
func (c *cluster) raw() (*clientcmdapi.Config, error) {
	return c.flags.ToRawKubeConfigLoader().ConfigAccess().GetStartingConfig()
}

// contexts returns the kubeconfig after checking that the context in use is
// in it. A kubeconfig without any context is left to client-go, which may
// find another way, such as running inside the cluster.
func (c *cluster) contexts() (*clientcmdapi.Config, error) {
	raw, err := c.raw()
	if err != nil {
		return nil, &kubeconfigError{err: err}
	}
	if len(raw.Contexts) == 0 && len(raw.Clusters) == 0 {
		if err := c.missingFile(); err != nil {
			return nil, &kubeconfigError{err: err}
		}
	}
	if want := c.contextName(raw); want != "" && raw.Contexts[want] == nil && len(raw.Contexts) > 0 {
		return nil, &contextError{name: want, have: sortedKeys(raw.Contexts)}
	}
	return raw, nil
}

// missingFile is the error of a file that the KUBECONFIG variable names and
// that is not there. client-go passes over such files, so that of a misspelt
// one nobody hears.
func (c *cluster) missingFile() error {
	if *c.flags.KubeConfig != "" {
		return nil
	}
	for _, path := range filepath.SplitList(os.Getenv(clientcmd.RecommendedConfigPathEnvVar)) {
		if _, err := os.Stat(path); path != "" && err != nil {
			return fmt.Errorf("%s: %w", clientcmd.RecommendedConfigPathEnvVar, err)
		}
	}
	return nil
}

// contextName is the context in use.
func (c *cluster) contextName(raw *clientcmdapi.Config) string {
	if *c.flags.Context != "" {
		return *c.flags.Context
	}
	return raw.CurrentContext
}

// userAgent names this program in the API server's audit log.
func userAgent() string {
	return fmt.Sprintf("kubectl-jetstream/%s (%s/%s)", buildVersion().Version, goruntime.GOOS, goruntime.GOARCH)
}

// kubeconfigError says that no usable client configuration was found.
type kubeconfigError struct{ err error }

func (e *kubeconfigError) Error() string { return "reading the kubeconfig: " + e.err.Error() }
func (e *kubeconfigError) Unwrap() error { return e.err }

// contextError says that the context asked for is not in the kubeconfig.
type contextError struct {
	name string
	have []string
}

func (e *contextError) Error() string {
	return fmt.Sprintf("context %q does not exist in the kubeconfig", e.name)
}

// credentialPluginError says that the program which the kubeconfig names as
// the source of credentials is not installed.
type credentialPluginError struct {
	command, hint string
	err           error
}

func (e *credentialPluginError) Error() string {
	return fmt.Sprintf("credential plugin %q is not installed", e.command)
}
func (e *credentialPluginError) Unwrap() error { return e.err }

// isGKE says whether the missing program is the one of GKE clusters.
func (e *credentialPluginError) isGKE() bool {
	return strings.HasSuffix(e.command, "gke-gcloud-auth-plugin")
}
