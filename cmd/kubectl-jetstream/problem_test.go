package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// kubeconfig has two contexts; the current one names a server that is
// never dialled by these tests.
const kubeconfig = `apiVersion: v1
kind: Config
current-context: tpu
clusters:
- {name: a, cluster: {server: "https://203.0.113.1"}}
users:
- {name: a, user: {token: t}}
contexts:
- {name: tpu, context: {cluster: a, user: a, namespace: models}}
- {name: other, context: {cluster: a, user: a}}
`

func testApp(t *testing.T) (*app, *bytes.Buffer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	a := newApp("kubectl jetstream", streams{
		IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &bytes.Buffer{}, ErrOut: &stderr},
	})
	*a.cluster.flags.KubeConfig = path
	return a, &stderr
}

func TestErrorsNameSubjectCauseAndRemedy(t *testing.T) {
	t.Parallel()
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: "https://203.0.113.1/api", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	const server = `https://203.0.113.1 (context "tpu")`
	tests := []struct {
		name string
		err  error
		want []string
	}{
		{
			"connection refused", fmt.Errorf("listing pods: %w", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))),
			[]string{"error: reaching " + server + ": connection refused\n", "kubectl cluster-info"},
		},
		{
			"unknown host", dial(&net.DNSError{Err: "no such host", Name: "tpu.example", IsNotFound: true}),
			[]string{`host "tpu.example" cannot be resolved`},
		},
		{
			"no route", dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)),
			[]string{"reaching " + server + ": no route to host"},
		},
		{
			"unknown certificate authority", &url.Error{Op: "Get", URL: "x", Err: x509.UnknownAuthorityError{}},
			[]string{"signed by an authority that the kubeconfig does not know", "get-credentials"},
		},
		{
			"expired certificate", &url.Error{Op: "Get", URL: "x", Err: x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{}, Detail: "today"}},
			[]string{"expired", "clock"},
		},
		{
			"credentials not accepted", apierrors.NewUnauthorized("Unauthorized"),
			[]string{"does not accept the credentials", "gcloud auth login"},
		},
		{
			"request took too long", fmt.Errorf("listing: %w", &requestTimeoutError{limit: 30 * time.Second, what: "GET /api"}),
			[]string{"no answer within 30s", "--request-timeout"},
		},
		{
			"namespace missing", apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "models"),
			[]string{`namespaces "models" not found`, "--create-namespace"},
		},
		{
			"usage", &usageError{err: fmt.Errorf("bad flag"), command: "kubectl jetstream up"},
			[]string{"error: bad flag\n", "See 'kubectl jetstream up --help'."},
		},
		{
			"anything else", fmt.Errorf("doing a thing: it broke"),
			[]string{"error: doing a thing: it broke\n"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, stderr := testApp(t)
			a.printError(t.Context(), tt.err)
			for _, want := range tt.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("missing %q in:\n%s", want, stderr)
				}
			}
		})
	}
}

func TestWhatPodsAndModelsSayCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "bad\x1b]0;title\x07\x1b[2J\nerror: fake\u202e\u009b1m"
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"a finding", &fatalError{summary: evil, remedy: []string{"try\x1b[1m this\nthen that"}}, "error: bad error: fake\n  try this\n  then that\n"},
		{"a state", &timeoutError{waited: time.Second, state: evil}, "error: timed out after 1s: bad error: fake\n"},
		{"a meaning", &notReadyError{meaning: evil}, "error: bad error: fake\n"},
		{"any other error", fmt.Errorf("asking: %s", evil), "error: asking: bad error: fake\n"},
		{"lines of our own", &usageError{err: fmt.Errorf("choose:\n  a\x1b[1m\n  b")}, "error: choose:\n  a\n  b\n"},
		{"joined errors", errors.Join(errors.New("one\x07"), errors.New("two")), "error: one\ntwo\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, stderr := testApp(t)
			a.printError(t.Context(), tt.err)
			if got := stderr.String(); got != tt.want {
				t.Errorf("printed %q, want %q", got, tt.want)
			}
		})
	}
}

func TestATemplateCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	for _, clean := range []bool{true, false} {
		o := snapshotOutput{clean: clean}
		if err := o.Set("jsonpath={.cause}"); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := o.print(&out, status.Snapshot{Cause: "a\x1b[2Jb"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		want := "a\x1b[2Jb\n"
		if clean {
			want = "ab\n"
		}
		if out.String() != want {
			t.Errorf("terminal %v: printed %q, want %q", clean, &out, want)
		}
	}
}

func TestAnInterruptionIsNoError(t *testing.T) {
	t.Parallel()
	a, stderr := testApp(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interruption{signal: os.Interrupt})
	a.printError(ctx, fmt.Errorf("watching pods: %w", context.Canceled))
	if stderr.Len() > 0 {
		t.Errorf("printed %q, want nothing", stderr)
	}
	a.printError(ctx, &stoppedError{cause: context.Cause(ctx), goOn: []string{"Go on with: up"}})
	if got := stderr.String(); got != "Go on with: up\n" {
		t.Errorf("printed %q, want how to go on", got)
	}
}

func TestClientConfiguration(t *testing.T) {
	t.Parallel()
	a, _ := testApp(t)
	cfg, err := a.cluster.config()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(cfg.UserAgent, "kubectl-jetstream/") || cfg.QPS >= 0 || cfg.Timeout != 0 || cfg.WarningHandler == nil {
		t.Errorf("user agent %q, QPS %v, timeout %v, warnings %v: want our name, no throttling, no timeout for streams, our handler",
			cfg.UserAgent, cfg.QPS, cfg.Timeout, cfg.WarningHandler)
	}
	if ns, err := a.cluster.namespace(); err != nil || ns != "models" {
		t.Errorf("namespace %q, %v; want that of the context", ns, err)
	}
}
