package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

const guideManifests = "../../internal/deploy/testdata/guide/"

// fillGuide reads one of the guide's manifests and replaces its placeholders as the
// guide's perl commands do.
func fillGuide(t *testing.T, file, checkpoint string) string {
	t.Helper()
	text, err := os.ReadFile(guideManifests + file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("CHECKPOINT_PATH", checkpoint, "PATHWAYS_BUCKET", "gs://pathways-scratch").Replace(string(text))
}

// askGuide forwards a port to the Service and sends the guide's prompt.
func askGuide(t *testing.T, ns string) {
	t.Helper()
	f := shared.portForward(t, ns, "svc/jetstream-svc", "8000")
	status, answer := post(t, f.url+"/generate", `{"prompt": "What are the top 5 programming languages", "max_tokens": 40}`)
	var body struct{ Response string }
	if err := json.Unmarshal([]byte(answer), &body); status != 200 || err != nil || body.Response == "" {
		t.Errorf("POST /generate: status %d, %v, answer %q", status, err, answer)
	}
}

func TestTheGuidesSequenceByHandServesWhatRenderPrints(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	rendered := shared.jetstream(t, "render", "-n", ns, "--profile", "llama-3.1-405b-v6e-4x4",
		"--checkpoint", "gs://models/llama-3.1-405b/int8", "--pathways-bucket", "gs://pathways-scratch")
	if rendered.code != 0 {
		t.Fatalf("render: %s", rendered)
	}
	shared.apply(t, rendered.stdout, "-n", ns)
	eventually(t, time.Minute, func() (bool, string) {
		r := shared.run(t, "", bin("kubectl"), "logs", "-n", ns, "jetstream-pathways-0", "-c", "jax-tpu")
		return strings.Contains(r.stdout, "Uvicorn running on http://0.0.0.0:9999"), r.String()
	})
	shared.kubectl(t, "wait", "-n", ns, "pod", "--all", "--for=condition=ready", "--timeout=60s")
	askGuide(t, ns)
}

func TestTheGuidesUnmodified405BManifestFailsForItsProxyHasNoArguments(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	// As the guide has it: client-side. A server-side apply is refused for "args: null".
	manifest := fillGuide(t, "jetstream-pathways-llama-3-1-405b-4x4.yaml", "gs://models/llama-3.1-405b/int8")
	if r := shared.run(t, manifest, bin("kubectl"), "apply", "-n", ns, "-f", "-"); r.code != 0 {
		t.Fatalf("kubectl apply: %s", r)
	}
	// The group is recreated soon after the server gives up, so only a follower that is
	// there before sees its last words.
	seen := ""
	eventually(t, 90*time.Second, func() (bool, string) {
		r := shared.run(t, "", bin("kubectl"), "logs", "-f", "-n", ns, "jetstream-pathways-0", "-c", "jax-tpu")
		seen += r.stdout
		return strings.Contains(r.stdout, "Unable to initialize backend 'proxy'"), r.String()
	})
	if strings.Contains(seen, "Config param") {
		t.Errorf("the server got past its backend:\n%s", seen)
	}
}

func TestTheGuides70BManifestServesOnceItsPlaceholdersAreFilled(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, fillGuide(t, "jetstream-pathways-disagg-llama-2-70b-2-2x4.yaml", "gs://models/maxtext/llama-2-70b/int8"), "-n", ns)
	eventually(t, 90*time.Second, func() (bool, string) {
		r := shared.run(t, "", bin("kubectl"), "get", "pods", "-n", ns, "-o", "wide")
		ready := shared.run(t, "", bin("kubectl"), "wait", "-n", ns, "pod", "--all", "--for=condition=ready", "--timeout=1s")
		return strings.Count(r.stdout, "\n") == 6 && ready.code == 0, r.stdout
	})
	askGuide(t, ns)
}
