package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
)

// askGRPC asks the gRPC health service.
func (t *Target) askGRPC(ctx context.Context, h *corev1.GRPCAction) Answer {
	address := net.JoinHostPort(t.PodIP, strconv.Itoa(int(h.Port)))
	service := ""
	if h.Service != nil {
		service = *h.Service
	}
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return t.Dialer.DialContext(ctx, "tcp", address)
		}))
	if err != nil {
		return Answer{Err: fmt.Errorf("making the client of a probe: %w", err)}
	}
	defer func() { _ = conn.Close() }() // one question a connection
	response, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: service})
	if err != nil {
		switch status.Code(err) {
		case codes.Unimplemented:
			return Answer{Output: fmt.Sprintf("error: this server does not implement the grpc health protocol (grpc.health.v1.Health): %s", err)}
		case codes.DeadlineExceeded:
			return Answer{Output: "timeout: health rpc did not complete within " + "the probe's timeout"}
		default:
			return Answer{Output: fmt.Sprintf("error: health rpc probe failed: %s", err)}
		}
	}
	if response.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return Answer{Output: fmt.Sprintf("service unhealthy (responded with %q)", response.GetStatus())}
	}
	return Answer{OK: true}
}

// insecureTLS trusts any certificate, as probes do.
func insecureTLS() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true} // probes verify nothing, by definition
}
