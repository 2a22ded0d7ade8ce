package kubeflags

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: first
contexts:
- {name: first, context: {cluster: one, user: ann, namespace: serving}}
- {name: second, context: {cluster: two, user: bob}}
clusters:
- {name: one, cluster: {server: "https://one.example"}}
- {name: two, cluster: {server: "https://two.example:6443", tls-server-name: two}}
users:
- {name: ann, user: {token: of-ann}}
- {name: bob, user: {username: bob, password: of-bob}}
`

func TestTheFlagsAreKubectls(t *testing.T) {
	t.Parallel()
	type flag struct{ Name, Short, Usage, Default, Type string }
	list := func(add func(*pflag.FlagSet)) []flag {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		add(flags)
		var all []flag
		flags.VisitAll(func(f *pflag.Flag) {
			all = append(all, flag{f.Name, f.Shorthand, f.Usage, f.DefValue, f.Value.Type()})
		})
		return all
	}
	want, got := list(genericclioptions.NewConfigFlags(true).AddFlags), list(New().AddFlags)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("flags (-kubectl +ours):\n%s", diff)
	}
}

func TestTheFlagsMeanWhatTheyMeanToKubectl(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"none", nil},
		{"another context", []string{"--context", "second"}},
		{"a context that there is not", []string{"--context", "third"}},
		{"another cluster and user", []string{"--cluster", "two", "--user", "bob"}},
		{"a server", []string{"-s", "http://localhost:1234"}},
		{"a token", []string{"--token", "other"}},
		{"a token for a user with a password", []string{"--context", "second", "--token", "other"}},
		{"a client certificate that is not there", []string{"--client-certificate", "/none", "--client-key", "/none"}},
		{"an unchecked certificate", []string{"--insecure-skip-tls-verify", "--disable-compression"}},
		{"a name of the server", []string{"--tls-server-name", "other"}},
		{"a namespace", []string{"-n", "other"}},
		{"a namespace of kubectl's older spelling", []string{"-n", "ns/other"}},
		{"a time limit", []string{"--request-timeout", "7s"}},
		{"a time limit without unit", []string{"--request-timeout", "7"}},
		{"a time limit that is none", []string{"--request-timeout", "long"}},
		{"somebody else", []string{"--as", "eve", "--as-uid", "7", "--as-group", "a", "--as-group", "b", "--as-user-extra", "k=1", "--as-user-extra", "k=2=3", "--as-user-extra", "odd"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--kubeconfig", file}, tt.args...)
			kubectls, ours := genericclioptions.NewConfigFlags(true), New()
			want := outcome(t, args, kubectls.AddFlags, kubectls.ToRawKubeConfigLoader)
			got := outcome(t, args, ours.AddFlags, ours.ToRawKubeConfigLoader)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(rest.Config{}, rest.TLSClientConfig{})); diff != "" {
				t.Errorf("(-kubectl +ours):\n%s", diff)
			}
		})
	}
}

type result struct {
	Config     *rest.Config
	Namespace  string
	Overridden bool
	Current    string
	Err        string
}

func outcome(t *testing.T, args []string, add func(*pflag.FlagSet), load func() clientcmd.ClientConfig) result {
	t.Helper()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	add(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	loader := load()
	config, err := loader.ClientConfig()
	r := result{Config: config}
	if err != nil {
		r.Err = err.Error()
	}
	if r.Namespace, r.Overridden, err = loader.Namespace(); err != nil {
		r.Err += err.Error()
	}
	raw, err := loader.RawConfig()
	if err != nil {
		r.Err += err.Error()
	}
	r.Current = raw.CurrentContext
	return r
}
