package jetstreampathways

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/ifrt"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pathways"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

const (
	// connectionWindow is how long the client tries to reach the proxy: "about a
	// minute" in Google's page on troubleshooting Pathways.
	connectionWindow = time.Minute
	// connectionInterval is the pause between two attempts, in xla's grpc_client.cc.
	connectionInterval = time.Second
	// The least of both at high speeds, in real time: the containers of a pod are not
	// started faster at a higher speed, and the proxy must have its chance to come up.
	connectionWindowLeast   = 5 * time.Second
	connectionIntervalLeast = 10 * time.Millisecond
	// jaxTag is the release of JAX in this image; the proxy must be of the same.
	jaxTag = "jax-0.5.3"
	// defaultTarget is the image's own JAX_BACKEND_TARGET.
	defaultTarget = "grpc://localhost:38681"
)

// connect initialises JAX's backend: it tries to reach the proxy for as long as the
// real client does. The error is the exception of the first use of JAX.
func (p *process) connect(ctx context.Context) (*ifrt.Session, error) {
	target := p.Env["JAX_BACKEND_TARGET"]
	if target == "" {
		target = defaultTarget
	}
	address := strings.TrimPrefix(target, "grpc://")
	window := max(p.World.Scale(connectionWindow), connectionWindowLeast)
	interval := max(p.World.Scale(connectionInterval), connectionIntervalLeast)
	var last error
	for start := time.Now(); time.Since(start) < window; {
		session, err := ifrt.Connect(ctx, p.Net.DialContext, address, pathways.Versions(jaxTag))
		if err == nil {
			return session, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		last = err
		var refused *ifrt.StatusError
		if errors.As(err, &refused) && strings.HasPrefix(refused.Status, "CANCELLED") {
			p.cpp.Errorf("rpc_helper.cc", 56, "Connection to IFRT proxy server was terminated: %s", refused.Status)
		}
		if err := wait(ctx, interval); err != nil {
			return nil, err
		}
	}
	return nil, noBackend(address, last)
}

// noBackend is the exception of a proxy that could not be reached.
func noBackend(address string, cause error) *python.Exception {
	code, detail := connectionStatus(address, cause)
	status := fmt.Sprintf("%s: Unable to establish connection to ifrt_proxy server, please check provided address '%s'; detailed error: %s", code, address, detail)
	const bridge = "/usr/local/lib/python3.10/dist-packages/jax/_src/xla_bridge.py"
	return &python.Exception{
		Type: "RuntimeError", Message: "Unable to initialize backend 'proxy': " + status + " (set JAX_PLATFORMS='' to automatically choose an available backend)",
		Frames: append(useJAX,
			python.At(bridge, 1085, "devices", "return get_backend(backend).devices()"),
			python.At(bridge, 1019, "get_backend", "return _get_backend_uncached(platform)"),
			python.At(bridge, 998, "_get_backend_uncached", "bs = backends()"),
			python.At(bridge, 903, "backends", "raise RuntimeError(err_msg)")),
		Cause: &python.Exception{
			Type: "jaxlib.xla_extension.XlaRuntimeError", Message: status,
			Frames: []python.Frame{
				python.At(bridge, 887, "backends", "backend = _init_backend(platform)"),
				python.At(bridge, 973, "_init_backend", "backend = registration.factory()"),
				python.At("/usr/local/lib/python3.10/dist-packages/pathwaysutils/proxy_backend.py", 24, "<lambda>", "lambda: ifrt_proxy.get_client("),
			},
		},
	}
}

// useJAX are the frames of MaxText's first use of JAX.
var useJAX = []python.Frame{
	python.At("/maxtext/MaxText/maxengine_server.py", 68, "<module>", "cfg = pyconfig.initialize(sys.argv)"),
	python.At("/maxtext/MaxText/pyconfig.py", 920, "initialize", "_config = _HyperParameters(argv, **kwargs)"),
	python.At("/maxtext/MaxText/pyconfig.py", 398, "__init__", "_HyperParameters.user_init(raw_keys)"),
	python.At("/maxtext/MaxText/pyconfig.py", 460, "user_init", "get_num_target_devices(raw_keys),"),
	python.At("/maxtext/MaxText/pyconfig.py", 866, "get_num_target_devices", "return len(jax.devices())"),
}

// connectionStatus is the absl status of a failed attempt: its code and message.
func connectionStatus(address string, err error) (code, detail string) {
	var refused *ifrt.StatusError
	var dns *net.DNSError
	switch {
	case errors.As(err, &refused):
		if code, _, ok := strings.Cut(refused.Status, ": "); ok && code != "CANCELLED" {
			return code, strings.TrimPrefix(refused.Status, code+": ")
		}
		return "UNAVAILABLE", "Connection to IFRT proxy server was terminated: " + refused.Status
	case errors.As(err, &dns):
		return "UNAVAILABLE", "DNS resolution failed for " + address + ": C-ares status is not ARES_SUCCESS qtype=A name=" + dns.Name + " is_balancer=0: Domain name not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "UNAVAILABLE", "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:" + port(address) + ": Failed to connect to remote host: Connection refused"
	default:
		return "UNAVAILABLE", "failed to connect to all addresses; last error: UNKNOWN: " + err.Error()
	}
}

func port(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return port
}

// lost is the error of whatever used the devices when the session with the proxy
// ended, and tells the log so.
func (p *process) lost(session *ifrt.Session) error {
	err := session.Err()
	status := ifrt.StatusSocketClosed
	var ended *ifrt.StatusError
	if errors.As(err, &ended) {
		status = ended.Status
	}
	p.cpp.Warningf("grpc_client.cc", 102, "IFRT proxy server disconnected: %s", status)
	p.cpp.Errorf("rpc_helper.cc", 56, "Connection to IFRT proxy server was terminated: %s", status)
	return &python.Exception{Type: "jaxlib.xla_extension.XlaRuntimeError", Message: "UNAVAILABLE: Connection to IFRT proxy server was terminated: " + status}
}
