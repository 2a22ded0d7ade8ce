// Package kubeflags has the flags by which kubectl is told which cluster to talk
// to and as whom, with kubectl's names and meanings. They are those of
// k8s.io/cli-runtime's ConfigFlags, which would also link printers, discovery and
// kustomize: one megabyte for twenty flags.
package kubeflags

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"
)

// Flags are the values of the flags; those that commands ask for have names.
// They are valid once the command line is parsed.
type Flags struct {
	KubeConfig       *string
	Context          *string
	ClusterName      *string
	AuthInfoName     *string // the user
	Namespace        *string
	APIServer        *string
	Timeout          *string
	Impersonate      *string
	ImpersonateUID   *string
	ImpersonateGroup *[]string

	rules     *clientcmd.ClientConfigLoadingRules
	overrides *clientcmd.ConfigOverrides
	userExtra []string
	cacheDir  string
	loader    func() clientcmd.ClientConfig
}

// New returns flags with kubectl's defaults.
func New() *Flags {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.DefaultClientConfig = &clientcmd.DefaultClientConfig
	overrides := &clientcmd.ConfigOverrides{ClusterDefaults: clientcmd.ClusterDefaults, Timeout: "0"}
	f := &Flags{
		KubeConfig:       &rules.ExplicitPath,
		Context:          &overrides.CurrentContext,
		ClusterName:      &overrides.Context.Cluster,
		AuthInfoName:     &overrides.Context.AuthInfo,
		Namespace:        &overrides.Context.Namespace,
		APIServer:        &overrides.ClusterInfo.Server,
		Timeout:          &overrides.Timeout,
		Impersonate:      &overrides.AuthInfo.Impersonate,
		ImpersonateUID:   &overrides.AuthInfo.ImpersonateUID,
		ImpersonateGroup: &overrides.AuthInfo.ImpersonateGroups,
		rules:            rules,
		overrides:        overrides,
		cacheDir:         cacheDir(),
	}
	f.loader = sync.OnceValue(func() clientcmd.ClientConfig {
		overrides.AuthInfo.ImpersonateUserExtra = userExtra(f.userExtra)
		return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	})
	return f
}

// cacheDir is where kubectl caches what a server offers.
func cacheDir() string {
	if dir := os.Getenv("KUBECACHEDIR"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(".kube", "cache")
	}
	return filepath.Join(home, ".kube", "cache")
}

// userExtra reads KEY=VALUE pairs; a key may come several times.
func userExtra(pairs []string) map[string][]string {
	var extra map[string][]string
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		if extra == nil {
			extra = map[string][]string{}
		}
		extra[key] = append(extra[key], value)
	}
	return extra
}

// AddFlags makes a command line set the values.
func (f *Flags) AddFlags(flags *pflag.FlagSet) {
	user, cluster := &f.overrides.AuthInfo, &f.overrides.ClusterInfo
	for _, flag := range []struct {
		value              *string
		name, short, usage string
	}{
		{f.KubeConfig, "kubeconfig", "", "Path to the kubeconfig file to use for CLI requests."},
		// Nothing is cached; it is taken, so that an alias made for kubectl works.
		{&f.cacheDir, "cache-dir", "", "Default cache directory"},
		{&user.ClientCertificate, "client-certificate", "", "Path to a client certificate file for TLS"},
		{&user.ClientKey, "client-key", "", "Path to a client key file for TLS"},
		{&user.Token, "token", "", "Bearer token for authentication to the API server"},
		{f.Impersonate, "as", "", "Username to impersonate for the operation. User could be a regular user or a service account in a namespace."},
		{f.ImpersonateUID, "as-uid", "", "UID to impersonate for the operation."},
		{f.ClusterName, "cluster", "", "The name of the kubeconfig cluster to use"},
		{f.AuthInfoName, "user", "", "The name of the kubeconfig user to use"},
		{f.Namespace, "namespace", "n", "If present, the namespace scope for this CLI request"},
		{f.Context, "context", "", "The name of the kubeconfig context to use"},
		{f.APIServer, "server", "s", "The address and port of the Kubernetes API server"},
		{&cluster.TLSServerName, "tls-server-name", "", "Server name to use for server certificate validation. If it is not provided, the hostname used to contact the server is used"},
		{&cluster.CertificateAuthority, "certificate-authority", "", "Path to a cert file for the certificate authority"},
		{f.Timeout, "request-timeout", "", "The length of time to wait before giving up on a single server request. Non-zero values should contain a corresponding time unit (e.g. 1s, 2m, 3h). A value of zero means don't timeout requests."},
	} {
		flags.StringVarP(flag.value, flag.name, flag.short, *flag.value, flag.usage)
	}
	flags.StringArrayVar(f.ImpersonateGroup, "as-group", nil, "Group to impersonate for the operation, this flag can be repeated to specify multiple groups.")
	flags.StringArrayVar(&f.userExtra, "as-user-extra", nil, "User extras to impersonate for the operation, this flag can be repeated to specify multiple values for the same key.")
	flags.BoolVar(&cluster.InsecureSkipTLSVerify, "insecure-skip-tls-verify", false, "If true, the server's certificate will not be checked for validity. This will make your HTTPS connections insecure")
	flags.BoolVar(&cluster.DisableCompression, "disable-compression", false, "If true, opt-out of response compression for all requests to the server")
}

// ToRawKubeConfigLoader returns what reads the kubeconfig and lays the flags over
// it. The first call fixes the flags' values, and files are read once.
func (f *Flags) ToRawKubeConfigLoader() clientcmd.ClientConfig { return f.loader() }
