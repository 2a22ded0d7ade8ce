package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/probe"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

var (
	podIP  = netip.MustParseAddr("10.244.0.5")
	nodeIP = netip.MustParseAddr("10.128.0.1")
)

type dialer struct{ network *simnet.Network }

func (d dialer) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return d.network.Dial(ctx, nodeIP, address)
}

// commands runs "ok", "bad", "slow" and nothing else.
type commands struct{}

func (commands) Execute(ctx context.Context, command []string) ([]byte, int, error) {
	switch command[0] {
	case "ok":
		return nil, 0, nil
	case "bad":
		return []byte("it is bad"), 3, nil
	case "slow":
		<-ctx.Done()
		return nil, 137, nil
	default:
		return nil, 0, errors.New("no such command")
	}
}

func listen(t *testing.T, n *simnet.Network, port uint16) net.Listener {
	t.Helper()
	l, err := n.Listen(netip.AddrPortFrom(podIP, port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// newTarget serves HTTP on port 80, accepts without answering on 81, and speaks gRPC
// health on 82.
func newTarget(t *testing.T) *probe.Target {
	t.Helper()
	n := simnet.New()
	n.Attach(podIP)
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "kube-probe/1.36" || r.Header.Get("X-Own") != "1" || r.Host != "example.com" {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.Handle("/moved", http.RedirectHandler("/bad", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler("http://elsewhere/", http.StatusFound))
	server := &http.Server{Handler: mux}
	l := listen(t, n, 80)
	go func() { _ = server.Serve(l) }() // ends with the server
	t.Cleanup(func() { _ = server.Close() })
	listen(t, n, 81)

	status := health.NewServer()
	status.SetServingStatus("up", healthv1.HealthCheckResponse_SERVING)
	status.SetServingStatus("down", healthv1.HealthCheckResponse_NOT_SERVING)
	rpc := grpc.NewServer()
	healthv1.RegisterHealthServer(rpc, status)
	g := listen(t, n, 82)
	go func() { _ = rpc.Serve(g) }() // ends with the server
	t.Cleanup(rpc.Stop)
	return &probe.Target{
		Container: &corev1.Container{Name: "c", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 80}}},
		PodIP:     podIP.String(), Dialer: dialer{n}, Executor: commands{},
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	get := func(port intstr.IntOrString, path string) corev1.ProbeHandler {
		return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Port: port, Path: path, HTTPHeaders: []corev1.HTTPHeader{{Name: "X-Own", Value: "1"}, {Name: "Host", Value: "example.com"}},
		}}
	}
	tcp := func(port int32) corev1.ProbeHandler {
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}}
	}
	exec := func(command string) corev1.ProbeHandler {
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{command}}}
	}
	rpc := func(port int32, service string) corev1.ProbeHandler {
		return corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: port, Service: &service}}
	}
	for _, c := range []struct {
		name    string
		handler corev1.ProbeHandler
		ok      bool
		output  string // part of it
		err     string
	}{
		{"HTTP that answers well, with the kubelet's headers", get(intstr.FromInt32(80), "/ok"), true, "", ""},
		{"a port by name", get(intstr.FromString("web"), "/ok"), true, "", ""},
		{"HTTP that answers badly", get(intstr.FromInt32(80), "/bad"), false, "HTTP probe failed with statuscode: 503", ""},
		{"a redirection on the same host is followed", get(intstr.FromInt32(80), "/moved"), false, "HTTP probe failed with statuscode: 503", ""},
		{"a redirection elsewhere is a success", get(intstr.FromInt32(80), "/away"), true, "", ""},
		{"HTTP that nobody serves", get(intstr.FromInt32(79), "/ok"), false, `Get "http://10.244.0.5:79/ok": dial tcp 10.244.0.5:79: connect: connection refused`, ""},
		{
			"HTTP that never answers", get(intstr.FromInt32(81), "/ok"), false,
			`Get "http://10.244.0.5:81/ok": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, "",
		},
		{"a port name that does not exist", get(intstr.FromString("nope"), "/ok"), false, "", `couldn't find port: "nope"`},
		{"a port that is none", tcp(0), false, "", "invalid port number: 0"},
		{"TCP that accepts", tcp(81), true, "", ""},
		{"TCP that refuses", tcp(79), false, "dial tcp 10.244.0.5:79: connect: connection refused", ""},
		{"a command that succeeds", exec("ok"), true, "", ""},
		{"a command that fails", exec("bad"), false, "it is bad", ""},
		{"a command that takes too long", exec("slow"), false, `command timed out: ["slow"] timed out`, ""},
		{"a command that cannot be run", exec("nope"), false, "", "no such command"},
		{"gRPC that serves", rpc(82, "up"), true, "", ""},
		{"gRPC that does not", rpc(82, "down"), false, `service unhealthy (responded with "NOT_SERVING")`, ""},
		{"gRPC of an unknown service", rpc(82, "other"), false, "error: health rpc probe failed: ", ""},
		{"gRPC that nobody serves", rpc(79, "up"), false, "connection refused", ""},
		{"nothing to ask", corev1.ProbeHandler{}, false, "", "missing probe handler for container c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			answer := newTarget(t).Ask(ctx, &c.handler)
			if c.err != "" {
				if answer.Err == nil || answer.Err.Error() != c.err {
					t.Fatalf("got %+v, want the error %q", answer, c.err)
				}
				return
			}
			if answer.Err != nil || answer.OK != c.ok || !strings.Contains(answer.Output, c.output) {
				t.Errorf("got %+v, want OK %v with %q", answer, c.ok, c.output)
			}
		})
	}
}

func TestHooksTakeAnyAnswerBelow400(t *testing.T) {
	t.Parallel()
	target := newTarget(t)
	if err := target.Get(t.Context(), &corev1.HTTPGetAction{Port: intstr.FromInt32(80), Path: "/away"}); err != nil {
		t.Errorf("a redirection fails the hook: %v", err)
	}
	if err := target.Get(t.Context(), &corev1.HTTPGetAction{Port: intstr.FromInt32(80), Path: "/bad"}); err == nil {
		t.Error("an error does not fail the hook")
	}
	if err := target.Get(t.Context(), &corev1.HTTPGetAction{Port: intstr.FromInt32(79)}); err == nil {
		t.Error("a refused connection does not fail the hook")
	}
}

func TestThresholdsCountEqualAnswersInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answers := "+++-+--+---x--++"
		began := time.Now()
		var verdicts []string
		i := 0
		run := probe.Probe{
			Schedule: probe.NewSchedule(&corev1.Probe{InitialDelaySeconds: 5, PeriodSeconds: 10, FailureThreshold: 2, SuccessThreshold: 2}, func(d time.Duration) time.Duration { return d }),
			Ask: func(context.Context) probe.Answer {
				a := answers[i]
				i++
				if a == 'x' { // cannot be asked, three times over
					i--
					answers = answers[:i] + "yz" + answers[i+1:]
				}
				if a >= 'x' {
					return probe.Answer{Err: io.ErrUnexpectedEOF}
				}
				return probe.Answer{OK: a == '+'}
			},
			Verdict: func(ok bool) bool {
				verdict := "down"
				if ok {
					verdict = "up"
				}
				verdicts = append(verdicts, verdict+" "+time.Since(began).String())
				return i < len(answers)
			},
		}
		run.Run(t.Context())
		want := "up 15s, up 25s, down 1m5s, down 1m35s, down 1m45s, down 2m5s, down 2m15s, up 2m35s"
		if got := strings.Join(verdicts, ", "); got != want {
			t.Errorf("the verdicts are %s, want %s", got, want)
		}
	})
}
