package kubelet

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	utilexec "k8s.io/client-go/util/exec"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// liveBench is a bench in real time, whose node's API is dialled as the API server
// does.
type liveBench struct {
	*bench
	config *rest.Config
}

func startLive(t *testing.T, registry images) *liveBench {
	t.Helper()
	client := fake.NewClientset()
	network := simnet.New()
	k, err := New(Config{
		Client: client, Network: network, World: world.New(world.Options{Speed: 100}), Images: registry,
		Dir: t.TempDir(), PodCIDR: netip.MustParsePrefix("10.244.0.0/16"), ServingCert: selfSigned(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("running the kubelet: %v", err)
		}
	})
	await(t, "the watch of pods", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.podStore != nil
	})
	if err := k.AddNodes(t.Context(), []NodeSpec{{Name: testNode, IP: netip.MustParseAddr("10.128.0.1")}}); err != nil {
		t.Fatal(err)
	}
	return &liveBench{
		bench:  &bench{Kubelet: k, t: t, client: client},
		config: &rest.Config{Host: "https://" + bridge(t, network, "10.128.0.1:10250"), TLSClientConfig: rest.TLSClientConfig{Insecure: true}},
	}
}

// bridge makes an address of the simulated network reachable on the loopback
// interface, since client-go's streaming clients dial by themselves.
func bridge(t *testing.T, network *simnet.Network, address string) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends with the listener
		for {
			outer, err := l.Accept()
			if err != nil {
				return
			}
			inner, err := network.Dial(context.Background(), netip.MustParseAddr("192.0.2.1"), address)
			if err != nil {
				outer.Close()
				continue
			}
			go splice(outer.(*net.TCPConn), inner)
			go splice(inner, outer.(*net.TCPConn))
		}
	}()
	return l.Addr().String()
}

// splice copies one direction and passes its end on.
func splice(to, from interface {
	net.Conn
	CloseWrite() error
},
) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// await waits until something holds, as long as a slow machine may take.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waiting in vain for %s", what)
		}
	}
}

// start creates a pod and waits until it looks as wanted.
func (b *liveBench) start(pod *corev1.Pod, want string) {
	b.t.Helper()
	b.mu.Lock()
	b.next++
	pod.UID = "uid-" + "live"
	b.mu.Unlock()
	if _, err := b.client.CoreV1().Pods("default").Create(b.t.Context(), pod, metav1.CreateOptions{}); err != nil {
		b.t.Fatal(err)
	}
	b.until(pod.Name, want)
}

func (b *liveBench) until(pod, want string) {
	b.t.Helper()
	last := ""
	defer func() {
		if b.t.Failed() {
			b.t.Logf("pod %s is %q at last", pod, last)
		}
	}()
	await(b.t, fmt.Sprintf("pod %s to be %q", pod, want), func() bool {
		last = summary(b.get(pod))
		return last == want
	})
}

func (b *liveBench) url(path, query string) *url.URL {
	return &url.URL{Scheme: "https", Host: strings.TrimPrefix(b.config.Host, "https://"), Path: path, RawQuery: query}
}

func (b *liveBench) httpClient() *http.Client {
	b.t.Helper()
	client, err := rest.HTTPClientFor(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	return client
}

func (b *liveBench) fetch(path, query string) (int, string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url(path, query).String(), http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.httpClient().Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// chatty prints, serves echoes on port 7 and resets on port 9, and runs on.
func chatty(ctx context.Context, p *container.Process) int {
	fmt.Fprintln(p.Stdout, "hello from", p.Pod)
	fmt.Fprintln(p.Stderr, "attempt", p.Restarts)
	serve := func(port uint16, handle func(net.Conn)) {
		l, err := p.Net.Listen(port)
		if err != nil {
			return
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go handle(c)
			}
		}()
	}
	serve(7, func(c net.Conn) {
		_, _ = io.Copy(c, c)
		_ = c.Close()
	})
	serve(9, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		c.(interface{ Reset() }).Reset()
	})
	buf := make([]byte, 100)
	for p.Stdin != nil {
		n, err := p.Stdin.Read(buf)
		if err != nil {
			break
		}
		fmt.Fprintf(p.Stdout, "read %q\n", buf[:n])
	}
	select {
	case <-p.Term:
		return 0
	case <-ctx.Done():
		return 1
	}
}

func TestLogsAreServedByState(t *testing.T) {
	t.Parallel()
	b := startLive(t, images{"chatty:1": chatty, "fail:1": exits(0, 3)})
	b.start(podWith("p", one("a", "chatty:1"), one("gone", "nowhere:1")), "Pending a=running,ready gone=ErrImagePull")
	for _, c := range []struct {
		name, path, query string
		code              int
		body              string
	}{
		{"a running container's log", "/containerLogs/default/p/a", "", 200, "hello from p\nattempt 0\n"},
		{"a part of it", "/containerLogs/default/p/a", "tailLines=1", 200, "attempt 0\n"},
		{"the log of a start there was not", "/containerLogs/default/p/a", "previous=true", 400, `previous terminated container "a" in pod "p" not found` + "\n"},
		{"a container whose image cannot be had", "/containerLogs/default/p/gone", "", 400, ""},
		{"a container that the pod does not have", "/containerLogs/default/p/zzz", "", 404, `container "zzz" not found in pod "p"` + "\n"},
		{"a pod that the node does not have", "/containerLogs/default/q/a", "", 404, `pod "q" does not exist` + "\n"},
		{"a query that makes no sense", "/containerLogs/default/p/a", "tailLines=-3", 400, "query: tailLines -3 must not be less than 0\n"},
		{"health", "/healthz", "", 200, "ok"},
	} {
		code, body := b.fetch(c.path, c.query)
		if code != c.code || c.body != "" && body != c.body {
			t.Errorf("%s: got %d %q, want %d %q", c.name, code, body, c.code, c.body)
		}
	}
	if code, body := b.fetch("/containerLogs/default/p/gone", ""); code != 400 || !strings.HasPrefix(body, `container "gone" in pod "p" is waiting to start: `) {
		t.Errorf("a container that waits: got %d %q", code, body)
	}
	if code, body := b.fetch("/pods", ""); code != 200 || !strings.Contains(body, `"name":"p"`) {
		t.Errorf("the list of pods: got %d %q", code, body)
	}
}

func TestFollowedLogsEndCleanlyWithTheContainerAndWithTheKubelet(t *testing.T) {
	t.Parallel()
	b := startLive(t, images{"chatty:1": chatty})
	b.start(podWith("p", one("a", "chatty:1")), "Running a=running,ready")
	follow := func() (read func() (string, error), rest func() (string, error)) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url("/containerLogs/default/p/a", "follow=true").String(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := b.httpClient().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return func() (string, error) {
				buf := make([]byte, len("hello from p\nattempt 0\n"))
				_, err := io.ReadFull(response.Body, buf)
				return string(buf), err
			}, func() (string, error) {
				body, err := io.ReadAll(response.Body)
				return string(body), err
			}
	}
	read, rest := follow()
	if text, err := read(); err != nil || text != "hello from p\nattempt 0\n" {
		t.Fatalf("the follower reads %q and %v", text, err)
	}
	if err := b.Restart(testNode); err != nil {
		t.Fatal(err)
	}
	if text, err := rest(); err != nil || text != "" {
		t.Errorf("the restart of the kubelet ends the stream with %q and %v, want a clean end", text, err)
	}
	if got := summary(b.get("p")); got != "Running a=running,ready" {
		t.Errorf("the restart of the kubelet leaves the pod %s", got)
	}

	read, rest = follow()
	if _, err := read(); err != nil {
		t.Fatal(err)
	}
	killed := b.KillContainers(func(_, pod, container string, _ map[string]string) bool { return pod == "p" && container == "a" }, 9)
	if killed != 1 {
		t.Fatalf("%d containers were killed, want 1", killed)
	}
	if text, err := rest(); err != nil || text != "" {
		t.Errorf("the end of the container ends the stream with %q and %v, want a clean end", text, err)
	}
	b.until("p", "Running a=running,ready,1")
	if code, body := b.fetch("/containerLogs/default/p/a", "previous=true"); code != 200 || body != "hello from p\nattempt 0\n" {
		t.Errorf("the log of the start before: got %d %q", code, body)
	}
	if last := b.get("p").Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || last.ExitCode != 9 {
		t.Errorf("the last end is %+v, want exit code 9", last)
	}
}

func (b *liveBench) exec(stdin io.Reader, tty bool, command ...string) (stdout, stderr string, err error) {
	b.t.Helper()
	query := url.Values{"command": command, "output": {"1"}}
	if stdin != nil {
		query.Set("input", "1")
	}
	if tty {
		query.Set("tty", "1")
	} else {
		query.Set("error", "1")
	}
	executor, err := remotecommand.NewSPDYExecutor(b.config, http.MethodPost, b.url("/exec/default/p/a", query.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	options := remotecommand.StreamOptions{Stdin: stdin, Stdout: &out, Tty: tty}
	if !tty {
		options.Stderr = &errOut
	}
	err = executor.StreamWithContext(b.t.Context(), options)
	return out.String(), errOut.String(), err
}

func TestExec(t *testing.T) {
	t.Parallel()
	b := startLive(t, images{"chatty:1": chatty})
	a := one("a", "chatty:1")
	a.Env = []corev1.EnvVar{{Name: "COLOUR", Value: "blue"}}
	b.start(podWith("p", a), "Running a=running,ready")
	for _, c := range []struct {
		name           string
		command        []string
		stdin          io.Reader
		tty            bool
		stdout, stderr string
		exit           int
	}{
		{name: "a command", command: []string{"hostname"}, stdout: "p\n"},
		{name: "a script", command: []string{"sh", "-c", "echo $COLOUR; echo done"}, stdout: "blue\ndone\n"},
		{name: "input", command: []string{"cat"}, stdin: strings.NewReader("through"), stdout: "through"},
		{name: "an exit code", command: []string{"sh", "-c", "exit 7"}, exit: 7},
		{name: "complaints go to the other stream", command: []string{"cat", "/missing"}, stderr: "cat: /missing: No such file or directory\n", exit: 1},
		{
			name: "a terminal echoes, edits and prompts", command: []string{"sh"}, tty: true, stdin: strings.NewReader("echo hx\x7fi\rexit 4\r"),
			stdout: "echo hx\b \bi\r\nexit 4\r\n$ hi\r\n$ ", exit: 4,
		},
	} {
		stdout, stderr, err := b.exec(c.stdin, c.tty, c.command...)
		code := 0
		var exit utilexec.CodeExitError
		if errors.As(err, &exit) {
			code = exit.Code
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.tty { // echo and prompt may come in either order
			stdout = strings.NewReplacer("$ ", "").Replace(stdout)
			c.stdout = strings.NewReplacer("$ ", "").Replace(c.stdout)
		}
		if stdout != c.stdout || stderr != c.stderr || code != c.exit {
			t.Errorf("%s: got %q, %q and exit code %d, want %q, %q and %d", c.name, stdout, stderr, code, c.stdout, c.stderr, c.exit)
		}
	}
	if _, _, err := b.exec(nil, false, "no-such"); err == nil || !strings.Contains(err.Error(), `exec: "no-such": executable file not found in $PATH`) {
		t.Errorf("an unknown command gives %v", err)
	}
}

func TestAttachSeesOutputAndFeedsInput(t *testing.T) {
	t.Parallel()
	b := startLive(t, images{"chatty:1": chatty})
	a := one("a", "chatty:1")
	a.Stdin = true
	b.start(podWith("p", a), "Running a=running,ready")
	executor, err := remotecommand.NewSPDYExecutor(b.config, http.MethodPost, b.url("/attach/default/p/a", "input=1&output=1"))
	if err != nil {
		t.Fatal(err)
	}
	typed, typing := io.Pipe()
	out, shown := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: typed, Stdout: shown})
	}()
	go func() { _, _ = io.WriteString(typing, "knock") }() // ends when it is read
	want := "read \"knock\"\n"
	buf := make([]byte, len(want))
	if _, err := io.ReadFull(out, buf); err != nil || string(buf) != want {
		t.Errorf("the client sees %q and %v, want %q", buf, err, want)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("a session that was cut off ends well")
	}
	if got := summary(b.get("p")); got != "Running a=running,ready" {
		t.Errorf("detaching leaves the pod %s", got)
	}
}

// forward opens a port-forward session and returns a function that makes a
// connection of it: it sends a text and returns what comes back, and the error that
// the node reports.
func (b *liveBench) forward() (connect func(port int, text string) (reply, failure string)) {
	b.t.Helper()
	roundTripper, upgrader, err := spdy.RoundTripperFor(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: roundTripper}, http.MethodPost, b.url("/portForward/default/p", ""))
	session, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = session.Close() })
	id := 0
	return func(port int, text string) (string, string) {
		b.t.Helper()
		id++
		headers := http.Header{}
		headers.Set(corev1.PortHeader, fmt.Sprint(port))
		headers.Set(corev1.PortForwardRequestIDHeader, fmt.Sprint(id))
		headers.Set(corev1.StreamType, corev1.StreamTypeError)
		failures, err := session.CreateStream(headers)
		if err != nil {
			b.t.Fatal(err)
		}
		failures.Close()
		headers.Set(corev1.StreamType, corev1.StreamTypeData)
		data, err := session.CreateStream(headers)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := io.WriteString(data, text); err != nil {
			b.t.Fatal(err)
		}
		data.Close()
		reply, _ := io.ReadAll(data) // its end may be a reset
		failure, err := io.ReadAll(failures)
		if err != nil {
			failure = fmt.Append(failure, err)
		}
		return string(reply), string(failure)
	}
}

func TestPortForward(t *testing.T) {
	t.Parallel()
	b := startLive(t, images{"chatty:1": chatty})
	b.start(podWith("p", one("a", "chatty:1")), "Running a=running,ready")
	listening := func() {
		t.Helper()
		w, _ := b.workerOf("default", "p")
		w.mu.Lock()
		namespace := w.net
		w.mu.Unlock()
		await(t, "the ports to open", func() bool {
			c, err := namespace.Dial(t.Context(), "localhost:9")
			if err != nil {
				return false
			}
			return c.Close() == nil
		})
	}
	listening()
	connect := b.forward()
	if reply, failure := connect(7, "ping"); reply != "ping" || failure != "" {
		t.Errorf("a connection brings %q and the error %q, want the echo", reply, failure)
	}
	if reply, failure := connect(7, strings.Repeat("x", 1<<20)); len(reply) != 1<<20 || failure != "" {
		t.Errorf("a mebibyte brings %d bytes and the error %q", len(reply), failure)
	}
	_, failure := connect(8, "ping")
	for _, part := range []string{
		"error forwarding port 8 to pod ", ", uid : failed to execute portforward in network namespace \"/var/run/netns/cni-",
		"failed to connect to localhost:8 inside namespace ", "IPv4: dial tcp4 127.0.0.1:8: connect: connection refused IPv6 dial tcp6 [::1]:8: connect: connection refused",
	} {
		if !strings.Contains(failure, part) {
			t.Errorf("a port without listener is reported as %q, want %q in it", failure, part)
		}
	}
	if _, failure := connect(9, "ping"); !strings.Contains(failure, "->127.0.0.1:9: read: connection reset by peer") {
		t.Errorf("a reset in the pod is reported as %q", failure)
	}

	b.KillContainers(func(string, string, string, map[string]string) bool { return true }, 1)
	b.until("p", "Running a=running,ready,1")
	listening()
	if reply, failure := connect(7, "again"); reply != "again" || failure != "" {
		t.Errorf("after the container's restart a connection brings %q and %q, want the echo", reply, failure)
	}
	if err := b.Restart(testNode); err != nil {
		t.Fatal(err)
	}
	if _, failure := connect(7, "ping"); failure == "" {
		t.Error("a session outlives the restart of its kubelet")
	}
	connect = b.forward()
	if reply, failure := connect(7, "new"); reply != "new" || failure != "" {
		t.Errorf("a new session brings %q and %q, want the echo", reply, failure)
	}
	if err := b.client.CoreV1().Pods("default").Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the end of the pod", func() bool { _, ok := b.workerOf("default", "p"); return !ok })
	if _, failure := connect(7, "ping"); failure == "" {
		t.Error("a session outlives its pod")
	}
}

func TestEvictionRemovesLogsAndShowsByTheExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, image, want string }{
		{"a container that ends well on SIGTERM hides the eviction", "polite:1", "Succeeded a=Completed(0)"},
		{"a container that fails on SIGTERM shows it", "serve:1", "Failed/Evicted a=Error(143)"},
		{"a container that has to be killed shows it", "stubborn:1", "Failed/Evicted a=Error(137)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := startLive(t, programs)
			b.start(podWith("p", one("a", c.image)), "Running a=running,ready")
			if err := b.Evict(t.Context(), "default", "p", "ephemeral-storage"); err != nil {
				t.Fatal(err)
			}
			b.until("p", c.want)
			id := b.get("p").Status.ContainerStatuses[0].ContainerID
			if code, body := b.fetch("/containerLogs/default/p/a", ""); code != 200 || body != "unable to retrieve container logs for "+id {
				t.Errorf("its log is %d %q", code, body)
			}
			await(t, "the event", func() bool {
				list, err := b.client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{})
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range list.Items {
					if e.Reason == "Evicted" && e.Message == "The node was low on resource: ephemeral-storage. " {
						return true
					}
				}
				return false
			})
		})
	}
}

func TestVolumesFollowTheirSecrets(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	b := startLive(t, images{"reader:1": func(ctx context.Context, p *container.Process) int {
		seen <- p.Mounts["/etc/keys"]
		<-ctx.Done()
		return 0
	}})
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "keys"}, Data: map[string][]byte{"tls.key": []byte("one")}}
	secret, err := b.client.CoreV1().Secrets("default").Create(t.Context(), secret, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a := one("a", "reader:1")
	a.VolumeMounts = []corev1.VolumeMount{{Name: "keys", MountPath: "/etc/keys"}}
	pod := podWith("p", a)
	pod.Spec.Volumes = []corev1.Volume{{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "keys"}}}}
	b.start(pod, "Running a=running,ready")
	file := filepath.Join(<-seen, "tls.key")
	content := func() string {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if got := content(); got != "one" {
		t.Fatalf("the file has %q", got)
	}
	secret.Data["tls.key"] = []byte("two")
	if _, err := b.client.CoreV1().Secrets("default").Update(t.Context(), secret, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the new content", func() bool { return content() == "two" })
	if err := b.client.CoreV1().Pods("default").Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the removal of the volume", func() bool {
		_, err := os.Stat(filepath.Dir(file))
		return os.IsNotExist(err)
	})
}
