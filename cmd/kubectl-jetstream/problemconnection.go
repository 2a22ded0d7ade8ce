package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// explainConnection explains a server that cannot be reached or trusted.
func (a *app) explainConnection(err error) (problem, bool) {
	var (
		overdue   *requestTimeoutError
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		network   net.Error
		op        *net.OpError
	)
	server := a.serverName()
	switch {
	case errors.As(err, &overdue):
		return problem{
			what:   "asking " + server,
			cause:  overdue.Error(),
			remedy: []string{"The server or an admission webhook is slow or unreachable. Allow more with --request-timeout."},
		}, true
	case errors.As(err, &dns):
		return problem{
			what: "reaching " + server, cause: fmt.Sprintf("host %q cannot be resolved", dns.Name),
			remedy: a.checkServer(),
		}, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return problem{what: "reaching " + server, cause: "connection refused", remedy: a.checkServer()}, true
	case errors.As(err, &authority):
		return problem{
			what: "reaching " + server, cause: "its certificate is signed by an authority that the kubeconfig does not know",
			remedy: []string{
				"The cluster was perhaps made anew, or a proxy stands between. Write its kubeconfig entry again:",
				"  gcloud container clusters get-credentials CLUSTER --location LOCATION",
			},
		}, true
	case errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verify):
		return problem{
			what: "reaching " + server, cause: rootCause(err),
			remedy: []string{"Check the server address, this machine's clock, and --tls-server-name."},
		}, true
	case errors.As(err, &network) && network.Timeout() && !errors.Is(err, context.DeadlineExceeded):
		return problem{what: "reaching " + server, cause: "no answer", remedy: a.checkServer()}, true
	case errors.As(err, &op):
		return problem{what: "reaching " + server, cause: rootCause(op), remedy: a.checkServer()}, true
	}
	return problem{}, false
}

// serverName names the API server for a person: address and context.
func (a *app) serverName() string {
	name := "the API server"
	raw, err := a.cluster.raw()
	if err != nil {
		return name
	}
	if cfg, err := a.cluster.flags.ToRawKubeConfigLoader().ClientConfig(); err == nil && cfg.Host != "" {
		name = cfg.Host
	}
	if current := a.cluster.contextName(raw); current != "" {
		name += fmt.Sprintf(" (context %q)", current)
	}
	return name
}

func (a *app) checkServer() []string {
	return []string{
		"Check that the cluster runs, that this machine can reach it, and that the context is the right one:",
		"  kubectl config get-contexts",
		"  kubectl cluster-info",
	}
}

// rootCause is the text of the innermost error.
func rootCause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
