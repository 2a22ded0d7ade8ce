package e2e

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// forwardURL is the line that scripts read.
var forwardURL = regexp.MustCompile(`(?m)^http://127\.0\.0\.1:\d+$`)

// startForward runs `kubectl jetstream forward` and returns once it listens.
func (c *cluster) startForward(t *testing.T, args ...string) (p *process, url string) {
	t.Helper()
	p = c.start(t, append([]string{"forward"}, args...)...)
	p.await(t, "http://127.0.0.1:")
	if url = forwardURL.FindString(p.printed()); url == "" {
		t.Fatalf("no line is a URL:\n%s", p.printed())
	}
	return p, url
}

const forwardedPrompt = `{"prompt": "What is a TPU?", "max_tokens": 10, "stream": true}`

func TestAForwardOutlivesItsLeader(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)
	up := shared.start(t, llama70B.up(ns, place...)...)
	up.await(t, "lws/jetstream-pathways  created")

	// It listens before anything answers, and what comes early waits.
	p, url := shared.startForward(t, "-n", ns)
	p.await(t, "The model does not answer: ")
	if code, answer := post(t, url+"/generate", forwardedPrompt); code != http.StatusOK || !strings.Contains(answer, `"text"`) {
		t.Errorf("a prompt from before the model was there is answered %d: %s", code, answer)
	}
	up.await(t, "READY after")

	uid := func() string {
		return shared.kubectl(t, "get", "pods", "-n", ns, "--ignore-not-found", "jetstream-pathways-0", "-o", "jsonpath={.metadata.uid}")
	}
	first := uid()
	shared.kubectl(t, "delete", "pod", "-n", ns, "jetstream-pathways-0", "--wait=false")
	eventually(t, time.Minute, func() (bool, string) {
		return strings.Count(p.printed(), "Forwarding to pod jetstream-pathways-0 of group 0.") == 2, p.printed()
	})
	if second := uid(); second == first || second == "" {
		t.Errorf("the leader is %q, and was %q before it was deleted", second, first)
	}
	if code, answer := post(t, url+"/generate", forwardedPrompt); code != http.StatusOK || !strings.Contains(answer, `"text"`) {
		t.Errorf("the next leader answers %d: %s", code, answer)
	}

	// A client that leaves ends its request alone.
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/generate", strings.NewReader(forwardedPrompt))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		_ = resp.Body.Close()
	}
	if code, answer := get(t, url+"/healthcheck"); code != http.StatusOK {
		t.Errorf("after cancelled requests /healthcheck answers %d: %s", code, answer)
	}

	if code := p.end(t, os.Interrupt); code != 130 {
		t.Errorf("exit code %d after an interruption:\n%s", code, p.printed())
	}
	if text := p.printed(); !strings.Contains(text, " sent, ") {
		t.Errorf("it does not say at its end what it forwarded:\n%s", text)
	}
}

func TestAForwardThatIsNotPermittedSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)
	shared.mustUp(t, ns, llama70B, place...)
	viewer := shared.user(t, ns, "viewer")
	rules := without(without(documentedRole(t, "viewer").Rules, "get", "pods/portforward"), "create", "pods/portforward")
	shared.grantInNamespace(t, ns, "viewer", rules)
	r := viewer.jetstream(t, "forward", "-n", ns)
	expect(t, "forward", r, 1, "not permitted to", "pods/portforward in namespace "+ns, "docs/rbac/viewer.yaml")
	expect(t, "forward of another name", shared.jetstream(t, "forward", "other", "-n", ns), 3, "there is no deployment other")
}
