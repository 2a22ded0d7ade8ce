package tunnel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	pfconstants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	// pingPeriod keeps idle shared connections alive through load balancers.
	pingPeriod = 10 * time.Second
	// maxStatus bounds how much of a refusal is read.
	maxStatus = 64 << 10
)

// portForward is the subresource that a forward is asked of.
var portForward = schema.GroupResource{Resource: "pods/portforward"}

// upgrader opens shared connections through the API server's portforward
// subresource.
type upgrader struct {
	config *rest.Config
	client rest.Interface
}

func newUpgrader(config *rest.Config) (*upgrader, error) {
	config = rest.CopyConfig(config)
	config.GroupVersion = &metav1.Unversioned
	config.APIPath = "/api"
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("preparing the tunnel: %w", err)
	}
	return &upgrader{config: config, client: client}, nil
}

func (u *upgrader) url(pod Pod) *url.URL {
	return u.client.Get().AbsPath("/api/v1/namespaces", pod.Namespace, "pods", pod.Name, "portforward").URL()
}

// open upgrades a request to a streaming connection: over a WebSocket first,
// and over SPDY where a server or a proxy on the way knows no WebSockets, or
// permits the one and not the other.
func (u *upgrader) open(ctx context.Context, pod Pod) (httpstream.Connection, error) {
	conn, err := u.overWebSocket(ctx, pod)
	if err == nil {
		return conn, nil
	}
	if status := upgradeStatus(err); status != nil && !apierrors.IsForbidden(status) {
		return nil, openError(pod, status)
	}
	if !httpstream.IsUpgradeFailure(err) && !httpstream.IsHTTPSProxyError(err) {
		return nil, openError(pod, err)
	}
	conn, err = u.overSPDY(ctx, pod)
	if err != nil {
		return nil, openError(pod, err)
	}
	return conn, nil
}

func (u *upgrader) overWebSocket(ctx context.Context, pod Pod) (httpstream.Connection, error) {
	transport, holder, err := websocket.RoundTripperFor(u.config)
	if err != nil {
		return nil, err
	}
	// The WebSocket protocol allows GET only.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url(pod).String(), nil)
	if err != nil {
		return nil, err
	}
	ws, err := websocket.Negotiate(transport, holder, req, pfconstants.WebsocketsSPDYTunnelingPortForwardV1)
	if err != nil {
		return nil, err
	}
	return share(portforward.NewTunnelingConnection("client", ws))
}

func (u *upgrader) overSPDY(ctx context.Context, pod Pod) (httpstream.Connection, error) {
	tls, err := rest.TLSConfigFor(u.config)
	if err != nil {
		return nil, err
	}
	proxy := http.ProxyFromEnvironment
	if u.config.Proxy != nil {
		proxy = u.config.Proxy
	}
	dialer, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{TLS: tls, Proxier: proxy})
	if err != nil {
		return nil, err
	}
	upgrade := &spdyUpgrade{SpdyRoundTripper: dialer}
	transport, err := rest.HTTPWrappersForConfig(u.config, upgrade)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.url(pod).String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(httpstream.HeaderProtocolVersion, pfconstants.PortForwardV1Name)
	resp, err := roundTrip(transport, req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, refusal(resp)
	}
	return share(upgrade.conn)
}

// roundTrip gives up with the request's context, which the SPDY transport
// itself looks at only until it is connected.
func roundTrip(transport http.RoundTripper, req *http.Request) (*http.Response, error) {
	type result struct {
		resp *http.Response
		err  error
	}
	done := make(chan result, 1)
	go guarded(func() {
		resp, err := transport.RoundTrip(req) //nolint:bodyclose // Whoever receives the result closes it.
		done <- result{resp, err}
	})
	select {
	case r := <-done:
		return r.resp, r.err
	case <-req.Context().Done():
		go guarded(func() {
			if r := <-done; r.err == nil {
				r.resp.Body.Close()
			}
		})
		return nil, req.Context().Err()
	}
}

// upgradeStatus returns the API server's answer inside a failed upgrade, or
// nil when there is none.
func upgradeStatus(err error) *apierrors.StatusError {
	var failure *httpstream.UpgradeFailureError
	var status *apierrors.StatusError
	if errors.As(err, &failure) && errors.As(failure.Cause, &status) {
		return status
	}
	return nil
}

// refusal reads the API server's answer to a request that it did not upgrade.
func refusal(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err != nil {
		return fmt.Errorf("reading the API server's answer %s: %w", resp.Status, err)
	}
	var status metav1.Status
	if err := json.Unmarshal(body, &status); err != nil || status.Kind != "Status" {
		return apierrors.NewGenericServerResponse(resp.StatusCode, "create", portForward, "", string(body), 0, true)
	}
	return &apierrors.StatusError{ErrStatus: status}
}
