package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// maxBody is how much of an answer's body is read.
const maxBody = 10 << 10

// Dialer connects to a container as the node does.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Executor runs a command in the container and returns what it printed. The error
// is for commands that could not be run.
type Executor interface {
	Execute(ctx context.Context, command []string) (output []byte, exitCode int, err error)
}

// Target is the container that is asked.
type Target struct {
	Container *corev1.Container
	PodIP     string
	Dialer    Dialer
	Executor  Executor
}

// Ask asks once by the handler's means.
func (t *Target) Ask(ctx context.Context, h *corev1.ProbeHandler) Answer {
	switch {
	case h.HTTPGet != nil:
		return t.askHTTP(ctx, h.HTTPGet)
	case h.TCPSocket != nil:
		return t.askTCP(ctx, h.TCPSocket)
	case h.Exec != nil:
		return t.askExec(ctx, h.Exec)
	case h.GRPC != nil:
		return t.askGRPC(ctx, h.GRPC)
	default:
		return Answer{Err: fmt.Errorf("missing probe handler for container %s", t.Container.Name)}
	}
}

func (t *Target) askTCP(ctx context.Context, h *corev1.TCPSocketAction) Answer {
	port, err := resolvePort(t.Container, h.Port)
	if err != nil {
		return Answer{Err: err}
	}
	c, err := t.Dialer.DialContext(ctx, "tcp", net.JoinHostPort(t.host(h.Host), strconv.Itoa(port)))
	if err != nil {
		return Answer{Output: err.Error()}
	}
	_ = c.Close()
	return Answer{OK: true}
}

func (t *Target) askExec(ctx context.Context, h *corev1.ExecAction) Answer {
	output, code, err := t.Executor.Execute(ctx, h.Command)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return Answer{Output: fmt.Sprintf("command timed out: %q timed out", h.Command)}
	case err != nil:
		return Answer{Err: err}
	}
	return Answer{OK: code == 0, Output: string(output[:min(len(output), maxBody)])}
}

func (t *Target) askHTTP(ctx context.Context, h *corev1.HTTPGetAction) Answer {
	request, err := t.request(ctx, h, "kube-probe/1.36")
	if err != nil {
		return Answer{Err: err}
	}
	code, err := t.get(request)
	switch {
	case err != nil:
		return Answer{Output: err.Error()}
	case code >= http.StatusOK && code < http.StatusBadRequest:
		return Answer{OK: true}
	default:
		return Answer{Output: fmt.Sprintf("HTTP probe failed with statuscode: %d", code)}
	}
}

// Get makes the request of a lifecycle hook; any answer below 400 is a success.
func (t *Target) Get(ctx context.Context, h *corev1.HTTPGetAction) error {
	request, err := t.request(ctx, h, "kube-lifecycle/1.36")
	if err != nil {
		return err
	}
	code, err := t.get(request)
	if err == nil && code >= http.StatusBadRequest {
		err = fmt.Errorf("HTTP request failed with statuscode: %d", code)
	}
	return err
}

func (t *Target) get(request *http.Request) (code int, err error) {
	response, err := t.client().Do(request)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			// The kubelet bounds its client instead of the request, which reads so.
			err = fmt.Errorf("%w (Client.Timeout exceeded while awaiting headers)", err)
		}
		return 0, err
	}
	defer func() { _ = response.Body.Close() }() // read as far as wanted
	if _, err := io.CopyN(io.Discard, response.Body, maxBody); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return response.StatusCode, nil
}

// client makes one connection a request, as the kubelet does, follows redirects on
// the same host only and trusts any certificate.
func (t *Target) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:        t.Dialer.DialContext,
			DisableKeepAlives:  true,
			DisableCompression: true,
			TLSClientConfig:    insecureTLS(),
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if next.URL.Hostname() != via[0].URL.Hostname() {
				return http.ErrUseLastResponse
			}
			if len(via) >= 10 {
				return errors.New("stopped after 10 redirects")
			}
			return nil
		},
	}
}

// request returns the request of an HTTP handler.
func (t *Target) request(ctx context.Context, h *corev1.HTTPGetAction, agent string) (*http.Request, error) {
	port, err := resolvePort(t.Container, h.Port)
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(h.Path)
	if err != nil { // a path that is no URL is taken literally
		target = &url.URL{Path: h.Path}
	}
	target.Scheme = "http"
	if h.Scheme == corev1.URISchemeHTTPS {
		target.Scheme = "https"
	}
	target.Host = net.JoinHostPort(t.host(h.Host), strconv.Itoa(port))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("making the request of a probe: %w", err)
	}
	request.Header.Set("User-Agent", agent)
	request.Header.Set("Accept", "*/*")
	for _, header := range h.HTTPHeaders {
		if http.CanonicalHeaderKey(header.Name) == "Host" {
			request.Host = header.Value
			continue
		}
		request.Header.Add(header.Name, header.Value)
	}
	return request, nil
}

func (t *Target) host(given string) string {
	if given != "" {
		return given
	}
	return t.PodIP
}

// resolvePort finds the number of a port given by number or by name.
func resolvePort(c *corev1.Container, port intstr.IntOrString) (int, error) {
	n := port.IntValue()
	if port.Type == intstr.String && n == 0 {
		for _, p := range c.Ports {
			if p.Name == port.StrVal {
				n = int(p.ContainerPort)
			}
		}
		if n == 0 {
			return 0, fmt.Errorf("couldn't find port: %q", port.StrVal)
		}
	}
	if n <= 0 || n > 65535 {
		return 0, fmt.Errorf("invalid port number: %d", n)
	}
	return n, nil
}
