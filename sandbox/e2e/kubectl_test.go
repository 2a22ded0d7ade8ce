package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// echoPod is a pod of the test image that does what its arguments say.
func echoPod(name, restart string, args ...string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: %s
spec:
  restartPolicy: %s
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: sandbox.invalid/echo:v1
    args: ["%s"]
`, name, restart, strings.Join(args, `", "`))
}

func (c *cluster) waitPod(t *testing.T, ns, pod, condition string) {
	t.Helper()
	c.kubectl(t, "wait", "-n", ns, "pod/"+pod, "--for="+condition, "--timeout=30s")
}

func TestLogsReadAsOnARealNode(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, echoPod("talker", "Never", "--lines=20", "--stderr=to stderr", "--exit=0"), "-n", ns)
	shared.waitPod(t, ns, "talker", "jsonpath={.status.phase}=Succeeded")
	logs := func(args ...string) string {
		return shared.kubectl(t, append([]string{"logs", "-n", ns, "talker"}, args...)...)
	}

	all := logs()
	if !strings.HasPrefix(all, "line 1\nline 2\n") || !strings.Contains(all, "line 20\n") || !strings.Contains(all, "to stderr\n") {
		t.Errorf("logs:\n%s", all)
	}
	if got, want := logs("--tail=2"), strings.Join(strings.SplitAfter(all, "\n")[19:21], ""); got != want {
		t.Errorf("logs --tail=2: %q, want %q", got, want)
	}
	if got := logs("-f"); got != all {
		t.Errorf("logs -f of a finished container: %q, want all lines and the end", got)
	}
	for line := range strings.Lines(logs("--timestamps", "--tail=3")) {
		stamp, _, _ := strings.Cut(line, " ")
		if _, err := time.Parse(time.RFC3339Nano, stamp); err != nil {
			t.Errorf("logs --timestamps: %q: %v", line, err)
		}
	}
	if got := logs("--since=1h"); got != all {
		t.Errorf("logs --since=1h: %q, want all", got)
	}
	if got := logs("--limit-bytes=6"); got != "line 1" {
		t.Errorf("logs --limit-bytes=6: %q", got)
	}
}

func TestLogsOfThePreviousContainerAndOfAWaitingOne(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, echoPod("crasher", "Always", "--lines=1", "--exit=3"), "-n", ns)
	eventually(t, 30*time.Second, func() (bool, string) {
		r := shared.run(t, "", bin("kubectl"), "logs", "-n", ns, "crasher", "--previous")
		return r.code == 0 && r.stdout == "line 1\n", r.String()
	})
	eventually(t, 30*time.Second, func() (bool, string) {
		out := shared.kubectl(t, "get", "pod", "-n", ns, "crasher", "--no-headers")
		return strings.Contains(out, "CrashLoopBackOff"), out
	})

	shared.apply(t, strings.ReplaceAll(echoPod("unpullable", "Always", "--wait"), "echo:v1", "nothing:v1"), "-n", ns)
	eventually(t, 30*time.Second, func() (bool, string) {
		out := shared.kubectl(t, "get", "pod", "-n", ns, "unpullable", "--no-headers")
		return strings.Contains(out, "ImagePullBackOff"), out
	})
	r := shared.run(t, "", bin("kubectl"), "logs", "-n", ns, "unpullable")
	if r.code == 0 || !strings.Contains(r.stderr, `container "main" in pod "unpullable" is waiting to start`) {
		t.Errorf("logs of a container without an image: %s", r)
	}
}

func TestExecRunsInTheContainer(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, echoPod("target", "Always", "--wait"), "-n", ns)
	shared.waitPod(t, ns, "target", "condition=ready")
	if got := shared.kubectl(t, "exec", "-n", ns, "target", "--", "hostname"); got != "target\n" {
		t.Errorf("exec hostname: %q", got)
	}
	if got := shared.run(t, "from stdin\n", bin("kubectl"), "exec", "-i", "-n", ns, "target", "--", "cat"); got.stdout != "from stdin\n" {
		t.Errorf("exec -i cat: %s", got)
	}
	if got := shared.run(t, "", bin("kubectl"), "exec", "-n", ns, "target", "--", "sh", "-c", "exit 7"); got.code != 7 {
		t.Errorf("exec of a failing command: want exit code 7: %s", got)
	}
}

func TestPortForwardReachesAPortAndEndsWithARefusedOne(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"websocket", "spdy"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			ns := shared.namespace(t)
			shared.apply(t, echoPod("server", "Always", "--listen=8080", "--wait"), "-n", ns)
			shared.waitPod(t, ns, "server", "condition=ready")
			c := *shared
			c.env = []string{"KUBECTL_PORT_FORWARD_WEBSOCKETS=" + fmt.Sprint(transport == "websocket")}

			f := c.portForward(t, ns, "pod/server", "8080")
			for i := range 3 {
				path := fmt.Sprintf("/request/%d", i)
				if status, body := get(t, f.url+path); status != http.StatusOK || !strings.Contains(body, path) {
					t.Errorf("GET %s: status %d, body %q", path, status, body)
				}
			}

			refused := c.portForward(t, ns, "pod/server", "9")
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, refused.url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
				t.Errorf("a port nobody listens on answered %s", resp.Status)
			}
			select {
			case <-refused.done:
			case <-time.After(10 * time.Second):
				t.Error("kubectl port-forward outlives a refused connection, which the real one does not")
			}
			if !strings.Contains(refused.log.String(), "lost connection to pod") {
				t.Errorf("kubectl port-forward said:\n%s", refused.log.String())
			}
		})
	}
}

func TestAttachShowsWhatTheContainerPrints(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, echoPod("ticker", "Never", "--every=50ms", "--lines=100000"), "-n", ns)
	shared.waitPod(t, ns, "ticker", "condition=ready")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := shared.command(ctx, bin("kubectl"), "attach", "-n", ns, "ticker")
	out := &lockedBuffer{}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, func() (bool, string) {
		return strings.Count(out.String(), "line ") >= 3, out.String()
	})
	cancel()
	_ = cmd.Wait() // cancelled
}

func TestAJobRunsToItsEndAndADeploymentRollsOut(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.kubectl(t, "create", "job", "once", "-n", ns, "--image=sandbox.invalid/echo:v1")
	shared.kubectl(t, "wait", "-n", ns, "job/once", "--for=condition=complete", "--timeout=30s")

	shared.apply(t, webDeployment("one"), "-n", ns)
	shared.kubectl(t, "rollout", "status", "-n", ns, "deployment/web", "--timeout=30s")
	shared.apply(t, webDeployment("two"), "-n", ns)
	shared.kubectl(t, "rollout", "status", "-n", ns, "deployment/web", "--timeout=30s")
	shared.kubectl(t, "rollout", "undo", "-n", ns, "deployment/web")
	shared.kubectl(t, "rollout", "status", "-n", ns, "deployment/web", "--timeout=30s")
	shared.kubectl(t, "scale", "-n", ns, "deployment/web", "--replicas=3")
	shared.kubectl(t, "rollout", "status", "-n", ns, "deployment/web", "--timeout=30s")
	got := shared.kubectl(t, "get", "pods", "-n", ns, "-l", "app=web,version=one", "-o", "name")
	if strings.Count(got, "\n") != 3 {
		t.Errorf("pods after undo and scale:\n%s", got)
	}
}

func webDeployment(version string) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, version: %s}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: sandbox.invalid/echo:v1
        args: ["--listen=8080", "--wait"]
        readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}
`, version)
}

// lockedBuffer is a buffer that a command writes while a test reads it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
